# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the host's own WinHTTP says, and what it proves for mail clients, which use SCHANNEL without it.

A WinHTTP handshake is SCHANNEL's, narrowed down to WinHTTP's own mask of versions. So a success proves SCHANNEL. A
failure proves nothing for SMTP, IMAP and POP3, unless that mask holds the versions that are to be proved.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveMask,
    protocols_in,
    winhttp,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import ClientHello, client_hello
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.lookup import error_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Protocol, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import Proof, Reply


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means. ``handshake``: of WinHTTP, as far as the answer tells; ``advice``: what to do."""

    name: str
    handshake: Outcome
    says: str
    advice: str = ""


def meaning(knowledge: Knowledge, reply: Reply) -> Meaning:
    """What one answer means; an error that is not in the table means nothing."""
    if reply.kind == "status":
        says = "the handshake was finished, chain and name of the certificate included; the server answers in HTTP"
        return Meaning(f"HTTP {reply.number}", Outcome.WORKS, says)
    found = error_of(knowledge, reply.number)
    if found is None:
        return Meaning("", Outcome.UNKNOWN, "an error that this collection has no words for", "look it up")
    return Meaning(found.id, Outcome(found.handshake), found.says, "; ".join(found.advice))


@dataclass(frozen=True, slots=True)
class Judge:
    """What has to be known of a host to judge the answers of its WinHTTP: computed once per host."""

    hello: ClientHello
    mask: EffectiveMask

    def proof(self, found: Meaning, accepts: Acceptance, seen: frozenset[Protocol]) -> tuple[Proof, str]:
        """(proof, why) of one answer.

        :param accepts: what is known of the server.
        :param seen: the versions in which the controller finished a handshake with it.
        """
        if found.handshake is Outcome.UNKNOWN:
            return Proof.NOTHING, found.says
        # What a policy takes for granted, or a probe that learnt nothing, is no knowledge.
        told = accepts.source is not Source.ASSUMED and accepts.error is None
        known = seen | (accepts.tls if told else frozenset())
        possible = frozenset(Protocol) - ((accepts.refused - seen) if told else frozenset())
        return self._success(possible) if found.handshake is Outcome.WORKS else self._failure(known, possible)

    def _success(self, possible: frozenset[Protocol]) -> tuple[Proof, str]:
        """Off by default is no hurdle for a caller that names the version, and WinHTTP may name those of its mask.

        https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings
        """
        hidden = possible & self.hello.with_effect(Effect.OFF_BY_DEFAULT)
        if hidden and not possible & self.hello.with_effect(Effect.ON, Effect.UNKNOWN):
            why = f"{_names(hidden)} is off by default here: WinHTTP may name it all the same, mail clients do not"
            return Proof.NOTHING, why
        return Proof.WORKS, "this host's own SCHANNEL finished a handshake with this server"

    def _failure(self, known: frozenset[Protocol], possible: frozenset[Protocol]) -> tuple[Proof, str]:
        if self.mask.mask is None:
            return Proof.NOTHING, f"which versions WinHTTP offers here is not known: {self.mask.why}"
        mask = frozenset(protocols_in(self.mask.mask))
        if not known:
            return Proof.NOTHING, "which versions the server accepts is not known"
        if not known & mask:
            return Proof.NOTHING, f"WinHTTP does not offer {_names(known)} here, whatever SCHANNEL can do"
        beyond = (self.hello.with_effect(Effect.ON, Effect.UNKNOWN) & possible) - mask
        if beyond:
            return Proof.NOTHING, f"mail clients here may offer {_names(beyond)}, which WinHTTP does not"
        return Proof.FAILS, f"WinHTTP offers {_names(known & mask)} here, so it is SCHANNEL that does not come to terms"


def judge(ctx: Context) -> Judge:
    """Who judges the answers of that host's WinHTTP: cscript runs in the view that the connection's shell has."""
    return Judge(client_hello(ctx), winhttp(ctx, "wow6432" if ctx.host.bits32_view else "native"))


def _names(protocols: Iterable[Protocol]) -> str:
    return ", ".join(protocol.value for protocol in Protocol if protocol in protocols)
