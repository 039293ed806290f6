# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer of the host's own WinHTTP says, and what it proves for mail clients, which use SCHANNEL without it.

A WinHTTP handshake is SCHANNEL's, narrowed down to WinHTTP's own mask of versions. So a success proves SCHANNEL. A
failure proves nothing for SMTP, IMAP and POP3, unless that mask holds the versions that are to be proved.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveMask,
    protocols_in,
    winhttp,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.handshake import ClientHello, client_hello
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Protocol, Source
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import Proof, Reply

#: HRESULT_FROM_WIN32 of the errors of WinHTTP, 12000 and above.
_WIN32: t.Final = 0x80070000


@dataclass(frozen=True, slots=True)
class Meaning:
    """What an answer means. ``handshake``: of WinHTTP, as far as the answer tells; ``advice``: what to do."""

    name: str
    handshake: Outcome
    says: str
    advice: str = ""


_DONE: t.Final = "the handshake was finished, chain and name of the certificate included"
_NETWORK: t.Final = "see whether a firewall or a gateway is in the way, for cscript.exe too"
_CERTIFICATE: t.Final = (
    "look at the host's clock and root certificates (families clock and trust of the audit), and at the server's name"
)
_VERSIONS: t.Final = "compare the versions and suites of this host with the server's (families tls and winhttp)"

#: Number of the error → meaning. https://learn.microsoft.com/windows/win32/winhttp/error-messages, and for SEC_E_*
#: https://learn.microsoft.com/windows/win32/secauthn/schannel-error-codes-for-tls-and-ssl-alerts
_WINHTTP: t.Final[Mapping[int, Meaning]] = {
    12002: Meaning("TIMEOUT", Outcome.UNKNOWN, "the server did not answer in time", _NETWORK),
    12007: Meaning("NAME_NOT_RESOLVED", Outcome.UNKNOWN, "the host cannot resolve the name", "look at the host's DNS"),
    12029: Meaning("CANNOT_CONNECT", Outcome.UNKNOWN, "the host cannot connect to the port", _NETWORK),
    12030: Meaning(
        "CONNECTION_ERROR",
        Outcome.UNKNOWN,
        "the connection was cut: by a server that did not like the handshake, or by something on the way",
        f"{_VERSIONS}; {_NETWORK}",
    ),
    12037: Meaning("SECURE_CERT_DATE_INVALID", Outcome.UNKNOWN, "the certificate is not valid today", _CERTIFICATE),
    12038: Meaning("SECURE_CERT_CN_INVALID", Outcome.UNKNOWN, "the certificate has another name", _CERTIFICATE),
    12044: Meaning(
        "CLIENT_AUTH_CERT_NEEDED", Outcome.UNKNOWN, "the server wants a certificate of the client", "ask its operator"
    ),
    12045: Meaning("SECURE_INVALID_CA", Outcome.UNKNOWN, "the host does not trust the certificate", _CERTIFICATE),
    12057: Meaning(
        "SECURE_CERT_REV_FAILED", Outcome.UNKNOWN, "nobody could tell whether the certificate is revoked", _NETWORK
    ),
    12152: Meaning("INVALID_SERVER_RESPONSE", Outcome.WORKS, f"{_DONE}; the answer is not HTTP, as it should be"),
    12156: Meaning("REDIRECT_FAILED", Outcome.WORKS, f"{_DONE}; the server wanted to send the client elsewhere"),
    12157: Meaning(
        "SECURE_CHANNEL_ERROR", Outcome.FAILS, "no common version or suite, or no TLS at all on this port", _VERSIONS
    ),
    12169: Meaning("SECURE_INVALID_CERT", Outcome.UNKNOWN, "the certificate is not valid", _CERTIFICATE),
    12170: Meaning("SECURE_CERT_REVOKED", Outcome.UNKNOWN, "the certificate is revoked", "ask the server's operator"),
    # Mostly the certificate; but newer builds say the same where no version is common:
    # https://support.microsoft.com/topic/kb5017811-manage-transport-layer-security-tls-1-0-and-1-1-after-default-behavior-change-on-september-20-2022-e95b1b47-9c7c-4d64-9baf-610604a64c3e
    12175: Meaning(
        "SECURE_FAILURE",
        Outcome.UNKNOWN,
        "mostly the certificate, and then the handshake got as far as that; newer builds say the same where no version"
        " is common",
        f"{_CERTIFICATE}; {_VERSIONS}",
    ),
    12179: Meaning("SECURE_CERT_WRONG_USAGE", Outcome.UNKNOWN, "the certificate is for another use", _CERTIFICATE),
}
_SSPI: t.Final[Mapping[int, Meaning]] = {
    0x80090302: Meaning("SEC_E_UNSUPPORTED_FUNCTION", Outcome.FAILS, "no common version", _VERSIONS),
    0x80090308: Meaning(
        "SEC_E_INVALID_TOKEN", Outcome.UNKNOWN, "the answer is not TLS", "look at port and security of the account"
    ),
    0x80090322: Meaning("SEC_E_WRONG_PRINCIPAL", Outcome.UNKNOWN, "the certificate has another name", _CERTIFICATE),
    0x80090325: Meaning(
        "SEC_E_UNTRUSTED_ROOT", Outcome.UNKNOWN, "the host does not trust the certificate", _CERTIFICATE
    ),
    0x80090326: Meaning("SEC_E_ILLEGAL_MESSAGE", Outcome.FAILS, "no common version or suite", _VERSIONS),
    0x80090327: Meaning("SEC_E_CERT_UNKNOWN", Outcome.UNKNOWN, "the certificate could not be processed", _CERTIFICATE),
    0x80090328: Meaning("SEC_E_CERT_EXPIRED", Outcome.UNKNOWN, "the certificate is not valid today", _CERTIFICATE),
    0x80090331: Meaning("SEC_E_ALGORITHM_MISMATCH", Outcome.FAILS, "no common version or suite", _VERSIONS),
}
MEANINGS: t.Final[Mapping[int, Meaning]] = {
    **{_WIN32 + number: found for number, found in _WINHTTP.items()},
    **_SSPI,
}


def meaning(reply: Reply) -> Meaning:
    """What one answer means; an error that is not in the table means nothing."""
    if reply.kind == "status":
        return Meaning(f"HTTP {reply.number}", Outcome.WORKS, f"{_DONE}; the server answers in HTTP")
    found = MEANINGS.get(reply.number)
    return found or Meaning("", Outcome.UNKNOWN, "an error that this collection has no words for", "look it up")


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
