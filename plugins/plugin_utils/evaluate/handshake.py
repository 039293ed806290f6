# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would the TLS handshake succeed: what this host's SCHANNEL client offers × what the server accepts."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import Effect, EffectiveProtocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.suites import Offer
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import offered_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    Protocol,
    Security,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome

#: The update capability without which a release cannot check SHA-2 signatures.
_SHA2 = "sha2-certificates"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a route fails or why nobody can tell. ``blocked``: nothing on the host, and no relay, helps."""

    outcome: Outcome
    family: str
    why: str
    blocked: bool = False


def _fails(why: str, *, blocked: bool = False) -> Cause:
    return Cause(Outcome.FAILS, "tls", why, blocked)


def _unknown(why: str) -> Cause:
    return Cause(Outcome.UNKNOWN, "tls", why)


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a host's SCHANNEL client brings to every handshake: computed once per host."""

    protocols: dict[Protocol, EffectiveProtocol]
    offer: Offer | Unread

    def with_effect(self, *effects: Effect) -> frozenset[Protocol]:
        """The protocols in one of these states."""
        return frozenset(p for p, found in self.protocols.items() if found.effect in effects)


def meet(ctx: Context, hello: ClientHello, host: str, security: Security, accepts: Acceptance) -> tuple[Cause, ...]:
    """Every reason why this host and that server would not agree; empty: they would."""
    if accepts.error is not None:
        return (_unknown(f"what {host} accepts could not be probed: {accepts.error}"),)
    causes = []
    if security is Security.STARTTLS and accepts.starttls is False:
        causes.append(_fails(f"{host} offers no STARTTLS on this port", blocked=True))
    version = _version(hello, host, accepts)
    if isinstance(version, Cause):
        causes.append(version)
    else:
        causes.extend(_suite(hello, host, accepts, version))
    if accepts.certificate is not None:
        causes.extend(_certificate(ctx, host, accepts.certificate))
    return tuple(causes)


def _version(hello: ClientHello, host: str, accepts: Acceptance) -> Protocol | Cause:
    """The highest version both sides have, or the reason why there is none."""
    offered, unsure = hello.with_effect(Effect.ON), hello.with_effect(Effect.UNKNOWN)
    common = offered & accepts.tls
    if common:
        return max(common, key=list(Protocol).index)
    undetermined = (
        frozenset(Protocol) - accepts.tls - accepts.refused if accepts.source is Source.PROBE else frozenset()
    )
    if unsure & accepts.tls:
        found = hello.protocols[max(unsure & accepts.tls, key=list(Protocol).index)]
        return _unknown(f"whether this host offers {found.protocol.value} cannot be told ({found.why})")
    if (offered | unsure) & undetermined:
        names = ", ".join(sorted(p.value for p in (offered | unsure) & undetermined))
        return _unknown(f"whether {host} accepts {names} could not be asked from the controller")
    return _fails(
        f"no common TLS version: this host offers {_list(offered)}, {host} accepts {_list(accepts.tls)}"
        + (" (assumed)" if accepts.source is Source.ASSUMED else "")
    )


def _list(protocols: frozenset[Protocol]) -> str:
    return ", ".join(sorted(protocol.value for protocol in protocols)) or "none"


def _suite(hello: ClientHello, host: str, accepts: Acceptance, version: Protocol) -> tuple[Cause, ...]:
    # Suites of TLS 1.3 are few and on both sides; what servers tell apart is those of TLS 1.2 and older.
    if accepts.suites is None or version is Protocol.TLS13:
        return ()
    if isinstance(hello.offer, Unread):
        return (_unknown(f"the cipher suites of this host are not known: {hello.offer.why}"),)
    ours, theirs = hello.offer.names(version), frozenset(accepts.suites)
    if ours & theirs:
        return ()
    if hello.offer.unsure_names(version) & theirs or ours & accepts.undetermined_suites:
        return (_unknown(f"whether a cipher suite is common with {host} under {version.value} cannot be told"),)
    return (_fails(f"no common cipher suite under {version.value}: {host} accepts {', '.join(sorted(theirs))}"),)


def _certificate(ctx: Context, host: str, certificate: Certificate) -> tuple[Cause, ...]:
    causes = []
    release = ctx.release
    today = ctx.options.today.isoformat()
    if certificate.not_after is not None and certificate.not_after[:10] < today:
        causes.append(_fails(f"the certificate of {host} expired on {certificate.not_after[:10]}", blocked=True))
    if certificate.not_before is not None and certificate.not_before[:10] > today:
        causes.append(_fails(f"the certificate of {host} is not yet valid", blocked=True))
    if certificate.names is not None and not any(_covers(name, host) for name in certificate.names):
        causes.append(_fails(f"the certificate is not for {host}", blocked=True))
    if release is not None:
        if certificate.needs_sni and not release.sends_sni:
            causes.append(_fails(f"{release.name} sends no server name (SNI), so {host} shows it another certificate"))
        if certificate.key == "ecdsa" and not release.has_ecc:
            causes.append(_fails(f"{release.name} has no elliptic curves, and {host} has an ECDSA certificate"))
        causes.extend(_signature(ctx, host, certificate))
    return tuple(causes)


def _signature(ctx: Context, host: str, certificate: Certificate) -> tuple[Cause, ...]:
    needed = offered_for(ctx, _SHA2)
    if not needed or (certificate.signature or "sha1") in ("md5", "sha1"):
        return ()
    found = [presence(ctx, update.id) for update in needed]
    if any(one.present for one in found):
        return ()
    why = f"the certificate of {host} is signed with {certificate.signature}, which needs {needed[0].id}"
    return (_unknown(why) if any(one.present is None for one in found) else _fails(why),)


def _covers(name: str, host: str) -> bool:
    """RFC 6125: a wildcard stands for exactly the left-most label."""
    name, host = name.casefold().rstrip("."), host.casefold().rstrip(".")
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and bool(host.partition(".")[0])
    return name == host
