# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Would the TLS handshake succeed: what this host's SCHANNEL client offers × what the server accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import (
    Effect,
    EffectiveProtocol,
    schannel,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import covers
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.suites import Offer, certificates, offer
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import check_of, fips
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import OsRelease
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    Protocol,
    Security,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome

_SHA2 = "sha2-certificates"
_SUITES = ("tls.suites",)
#: Oldest version first.
_ORDER = list(Protocol).index


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why a route fails or why nobody can tell.

    ``blocked``: nothing on the host, and no relay, helps. ``about``: (check, subject) of the findings that say the
    same; where the operator waived all of them, ``waived`` is set.
    """

    outcome: Outcome
    family: str
    why: str
    blocked: bool = False
    about: tuple[tuple[str, str], ...] = ()
    waived: bool = False


def _fails(why: str, *, blocked: bool = False, about: tuple[str, ...] = ()) -> Cause:
    return Cause(Outcome.FAILS, "tls", why, blocked, about=tuple((check, "") for check in about))


def _unknown(why: str, *, about: tuple[str, ...] = ()) -> Cause:
    return Cause(Outcome.UNKNOWN, "tls", why, about=tuple((check, "") for check in about))


@dataclass(frozen=True, slots=True)
class ClientHello:
    """What a host's SCHANNEL client brings to every handshake: computed once per host."""

    protocols: Mapping[Protocol, EffectiveProtocol]
    offer: Offer | Unread

    def with_effect(self, *effects: Effect) -> frozenset[Protocol]:
        """The protocols in one of these states."""
        return frozenset(p for p, found in self.protocols.items() if found.effect in effects)


def client_hello(ctx: Context) -> ClientHello:
    """The versions and suites of this host; a version is there only if a suite of it is, and FIPS mode allows it."""
    offered, mode = offer(ctx), fips(ctx)
    found = schannel(ctx)
    for protocol, one in found.items():
        if one.effect is Effect.ON:
            found[protocol] = replace(one, effect=_usable(protocol, offered, mode))
    return ClientHello(found, offered)


def _usable(protocol: Protocol, offered: Offer | Unread, fips_mode: bool | Unread) -> Effect:
    if protocol in (Protocol.SSL2, Protocol.SSL3):
        return Effect.UNKNOWN if isinstance(fips_mode, Unread) else Effect.DISABLED if fips_mode else Effect.ON
    if isinstance(offered, Unread) or offered.names(protocol):
        return Effect.ON  # without the list of suites the handshake is not known, whatever the version
    return Effect.UNKNOWN if offered.unsure_names(protocol) else Effect.DISABLED


def meet(ctx: Context, hello: ClientHello, host: str, security: Security, accepts: Acceptance) -> tuple[Cause, ...]:
    """Every reason why this host and that server would not agree; empty: they would."""
    if accepts.error is not None:
        return (_unknown(f"what {host} accepts could not be probed: {clause(accepts.error)}"),)
    causes = []
    if accepts.starttls is False and security is Security.STARTTLS:
        causes.append(_fails(f"{host} offers no STARTTLS on this port", blocked=True))
    if accepts.starttls is False and security is Security.AUTO:
        causes.append(_unknown(f"{host} offers no STARTTLS on this port, and what the client does then is not known"))
    causes.extend(_negotiate(hello, host, accepts))
    if accepts.certificate is not None:
        causes.extend(_certificate(ctx, host, accepts.certificate))
    return tuple(causes)


def _negotiate(hello: ClientHello, host: str, accepts: Acceptance) -> tuple[Cause, ...]:
    """Version and suite. Servers choose the highest version that they have and that is not above the client's."""
    offered, unsure = hello.with_effect(Effect.ON), hello.with_effect(Effect.UNKNOWN)
    not_known = frozenset(Protocol) - accepts.tls - accepts.refused
    common = offered & accepts.tls
    if not common:
        return (_no_version(hello, host, accepts, unsure, not_known),)
    sure = max(common, key=_ORDER)
    gap = _gap(offered, unsure, host, accepts)
    if gap is not None:
        return (gap,)
    causes = _suite(hello, host, accepts, sure)
    for version in sorted((offered | unsure) & (accepts.tls | not_known), key=_ORDER):
        if _ORDER(version) > _ORDER(sure) and bool(_suite(hello, host, accepts, version)) != bool(causes):
            return (_unknown(f"whether this host and {host} would use {version.value} or {sure.value} is not known"),)
    return causes


def _gap(offered: frozenset[Protocol], unsure: frozenset[Protocol], host: str, accepts: Acceptance) -> Cause | None:
    """A version that the host has switched off between others is chosen all the same: RFC 5246, appendix E.1."""
    newest = max(offered | unsure, key=_ORDER)
    chosen = max((p for p in accepts.tls if _ORDER(p) <= _ORDER(newest)), key=_ORDER)
    if chosen in offered | unsure:
        return None
    why = f"{host} would choose {chosen.value}, which this host has off while {newest.value} is on"
    # A client with TLS 1.3 lists its versions one by one; whether the server looks at that list is not known.
    if newest in unsure or newest is Protocol.TLS13:
        return _unknown(why.replace("would", "may", 1), about=(check_of(chosen),))
    return _fails(why, about=(check_of(chosen),))


def _no_version(
    hello: ClientHello, host: str, accepts: Acceptance, unsure: frozenset[Protocol], not_known: frozenset[Protocol]
) -> Cause:
    offered = hello.with_effect(Effect.ON)
    about = tuple(check_of(protocol) for protocol in sorted(accepts.tls, key=_ORDER))
    if unsure & accepts.tls:
        found = hello.protocols[max(unsure & accepts.tls, key=_ORDER)]
        why = f"whether this host offers {found.protocol.value} cannot be told ({_doubt(found)})"
        return _unknown(why, about=about)
    if (offered | unsure) & not_known:
        names = _list((offered | unsure) & not_known)
        asked = "could not be asked from the controller" if accepts.source is Source.PROBE else "is not known"
        return _unknown(f"whether {host} accepts {names} {asked}")
    assumed = " (assumed)" if accepts.source is Source.ASSUMED else ""
    why = f"no common TLS version: this host offers {_list(offered)}, {host} accepts {_list(accepts.tls)}{assumed}"
    return _fails(why, about=about)


def _doubt(found: EffectiveProtocol) -> str:
    switch = found.unread
    if switch is not None and isinstance(switch.read, Unread):
        return f"{switch.name} was not read: {clause(switch.read.why)}"
    return "a value of a wrong type is there" if found.wrong_type else found.why


def _list(protocols: frozenset[Protocol]) -> str:
    return ", ".join(protocol.value for protocol in sorted(protocols, key=_ORDER)) or "none"


def _suite(hello: ClientHello, host: str, accepts: Acceptance, version: Protocol) -> tuple[Cause, ...]:
    if isinstance(hello.offer, Unread):
        return (_unknown(f"the cipher suites of this host are not known: {clause(hello.offer.why)}", about=_SUITES),)
    # Suites of TLS 1.3 are few and on both sides; what servers tell apart is those of TLS 1.2 and older.
    if version in (Protocol.TLS13, Protocol.SSL2):
        return ()
    ours, unsure = hello.offer.names(version), hello.offer.unsure_names(version)
    if accepts.suites is None:
        return _key(ours, unsure, host, accepts.certificate, version)
    theirs = frozenset(accepts.suites)
    if ours & theirs:
        return ()
    if unsure & theirs or (ours | unsure) & accepts.undetermined_suites:
        why = f"whether a cipher suite is common with {host} under {version.value} cannot be told"
        return (_unknown(why, about=_SUITES),)
    accepted = ", ".join(sorted(theirs)) or "none"
    return (_fails(f"no common cipher suite under {version.value}: {host} accepts {accepted}", about=_SUITES),)


def _key(
    ours: frozenset[str], unsure: frozenset[str], host: str, certificate: Certificate | None, version: Protocol
) -> tuple[Cause, ...]:
    """Nobody told the server's suites: at least there must be one for the kind of its certificate."""
    key = certificate.key if certificate else None
    kinds = certificates(ours)
    if key in kinds or (key is None and "rsa" in kinds):
        return ()
    if key is None:
        why = f"under {version.value} this host offers suites for {'/'.join(sorted(kinds))} certificates only"
        return (_unknown(f"{why}, and which kind {host} has is not known", about=_SUITES),)
    why = f"no cipher suite of this host under {version.value} goes with the {key} certificate of {host}"
    return (_unknown(why, about=_SUITES) if key in certificates(unsure) else _fails(why, about=_SUITES),)


def _certificate(ctx: Context, host: str, certificate: Certificate) -> tuple[Cause, ...]:
    causes = []
    release = ctx.release
    today = ctx.options.today.isoformat()
    if certificate.not_after is not None and certificate.not_after[:10] < today:
        causes.append(_fails(f"the certificate of {host} expired on {certificate.not_after[:10]}", blocked=True))
    if certificate.not_before is not None and certificate.not_before[:10] > today:
        causes.append(_fails(f"the certificate of {host} is not yet valid", blocked=True))
    if certificate.names is not None and not any(covers(name, host) for name in certificate.names):
        causes.append(_fails(f"the certificate is not for {host}", blocked=True))
    if release is not None:
        if certificate.needs_sni and not release.sends_sni:
            causes.append(_fails(f"{release.name} sends no server name (SNI), so {host} shows it another certificate"))
        causes.extend(_signature(ctx, release, host, certificate))
    return tuple(causes)


def _signature(ctx: Context, release: OsRelease, host: str, certificate: Certificate) -> tuple[Cause, ...]:
    """XP before Service Pack 3, and 2003 without an update, do not know SHA-2."""
    if (certificate.signature or "sha1") in ("md5", "sha1") or not release.version.startswith("5."):
        return ()
    why = f"the certificate of {host} is signed with {certificate.signature}"
    if release.upgrade_to:
        return (_fails(f"{why}, which needs {ctx.knowledge.releases[release.upgrade_to].name}"),)
    able = lookup.updates_for(ctx.knowledge, release.id, _SHA2)
    found = [presence(ctx, update.id) for update in able]
    if not able or any(one.present for one in found):
        return ()
    why = f"{why}, which needs {' or '.join(update.id for update in able)}"
    about = tuple(("updates.needed", update.id) for update in able if update.offered)
    outcome = Outcome.UNKNOWN if any(one.present is None for one in found) else Outcome.FAILS
    return (Cause(outcome, "tls", why, about=about),)
