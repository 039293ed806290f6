# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the host trust the certificates of the mail servers?

Looked at: the machine's stores, local, of group policy and of the enterprise. A user's own stores are not read.
From Vista on Windows fetches a missing root of Microsoft's programme by itself, unless a policy forbids it [own].
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Certificate, Server
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)

#: Rows of the table of registry paths: keys below which a certificate is a subkey named by its SHA-1 thumbprint.
TRUSTED_STORES: t.Final = ("roots-machine", "roots-third-party-machine", "roots-policy", "roots-enterprise")
DISALLOWED_STORES: t.Final = ("disallowed-machine", "disallowed-policy", "disallowed-enterprise")
_AUTO_UPDATE: t.Final = "root-auto-update"

_USER_STORES: t.Final = "a user's own stores are not read"


@dataclass(frozen=True, slots=True)
class AutoUpdate:
    """Whether Windows fetches missing roots by itself. ``on`` None: nobody can tell."""

    on: bool | None
    why: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where some thumbprints were found: {thumbprint: keys}, and what could not be read."""

    found: dict[str, tuple[str, ...]]
    unread: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """The keys of all that was found."""
        return tuple(place for places in self.found.values() for place in places)


def look_up(ctx: Context, stores: Iterable[str], thumbprints: Iterable[str]) -> Lookup:
    """Look for certificates by thumbprint in stores, which are ids of the table of registry paths."""
    found: dict[str, tuple[str, ...]] = {}
    unread = []
    for thumbprint in thumbprints:
        for store in stores:
            path = f"{ctx.path(store)}\\{thumbprint.upper()}"
            key = ctx.snapshot.image.key(path)
            if isinstance(key, RegistryKey):
                found[thumbprint] = (*found.get(thumbprint, ()), path)
            elif isinstance(key, Unread):
                unread.append(f"{path}: {key.why}")
    return Lookup(found, tuple(unread))


def auto_update(ctx: Context) -> AutoUpdate:
    """Whether this release has automatic root update, and whether a policy leaves it on."""
    if ctx.release is None:
        return AutoUpdate(None, "the release of Windows is not known")
    if ctx.release.version.startswith("5."):
        return AutoUpdate(False, "this Windows does not fetch roots by itself")
    read = ctx.snapshot.image.value(ctx.path(_AUTO_UPDATE), "DisableRootAutoUpdate")
    if read is ABSENT:
        return AutoUpdate(True, "nothing switches the automatic update of roots off")
    if isinstance(read, RegistryValue) and read.type is RegistryType.DWORD:
        word = "off" if read.data else "on"
        return AutoUpdate(not read.data, f"a policy switches the automatic update of roots {word}")
    return AutoUpdate(None, read.why if isinstance(read, Unread) else f"DisableRootAutoUpdate is {shown(read)!r}")


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """trust.auto_update, and for every server whose certificate is known trust.roots and trust.disallowed."""
    findings = [_auto_update_finding(ctx, auto_update(ctx))]
    for server in ctx.options.servers:
        findings.extend(for_server(ctx, server))
    return tuple(findings)


def for_server(ctx: Context, server: Server) -> tuple[Finding, ...]:
    """trust.roots and trust.disallowed for one server; nothing where its certificate is not known."""
    certificate = server.accepts.certificate if server.accepts else None
    if certificate is None:
        return ()
    findings = []
    if certificate.roots:
        findings.append(_roots(ctx, server, certificate, certificate.roots, auto_update(ctx)))
    if certificate.roots or certificate.thumbprints:
        findings.append(_disallowed(ctx, server, certificate))
    return tuple(findings)


def _auto_update_finding(ctx: Context, update: AutoUpdate) -> Finding:
    """A hint: what is really missing is the business of trust.roots, so this has no remedy and moves no verdict."""
    place = f"{ctx.path(_AUTO_UPDATE)}\\DisableRootAutoUpdate"
    if ctx.release is not None and ctx.release.version.startswith("5."):
        state, effective = State.NOT_APPLICABLE, "this Windows has none"
    elif update.on is None:
        state, effective = State.UNKNOWN, "unknown"
    else:
        state, effective = (State.PASS, "on") if update.on else (State.FAIL, "off")
    return ctx.finding(
        "trust.auto_update",
        state,
        observed=shown(ctx.snapshot.image.value(ctx.path(_AUTO_UPDATE), "DisableRootAutoUpdate")),
        effective=effective,
        wanted="on",
        where=place,
        why=update.why,
        severity=Severity.LOW,
    )


def _subject(server: Server) -> str:
    return f"{server.host}:{server.port}"


def _roots(
    ctx: Context, server: Server, certificate: Certificate, roots: tuple[str, ...], update: AutoUpdate
) -> Finding:
    """One of the roots that would do is enough; one that the host distrusts does not count."""
    distrusted = look_up(ctx, DISALLOWED_STORES, roots).found
    usable = [root for root in roots if root not in distrusted]
    lookup = look_up(ctx, TRUSTED_STORES, usable)
    state, effective, why = _roots_state(certificate, usable, lookup, update)
    return ctx.finding(
        "trust.roots",
        state,
        observed=sorted(lookup.found),
        effective=effective,
        wanted=f"one of {', '.join(roots)}",
        where="; ".join(lookup.places) or ctx.path(TRUSTED_STORES[0]),
        why=why,
        subject=_subject(server),
        # No audit plans a root: that is trust, and the operator's to give. A relay checks the server itself.
        remedy=Remedy.RELAY if usable else Remedy.BLOCKED,
    )


def _roots_state(
    certificate: Certificate, usable: list[str], lookup: Lookup, update: AutoUpdate
) -> tuple[State, str, str]:
    """A root that the controller itself does not accept is private: no automatic update brings it."""
    if not usable:
        return State.FAIL, "distrusted", "the host distrusts every root of this server's certificate"
    if lookup.found:
        return State.PASS, "trusted", "the host has a root of this server's certificate"
    if update.on and certificate.trusted is not False:
        return State.PASS, "fetched when needed", f"{update.why}, so Windows fetches the root if it can reach Microsoft"
    if lookup.unread:
        return State.UNKNOWN, "unknown", lookup.unread[0]
    if update.on is None and certificate.trusted is not False:
        why = f"the host has none of the roots, and whether it fetches them is unknown: {update.why}"
        return State.UNKNOWN, "unknown", why
    private = "the root is not a public one" if certificate.trusted is False else update.why
    why = f"the host has no root of this server's certificate, and {private}; {_USER_STORES}"
    return State.FAIL, "not trusted", why


def _disallowed(ctx: Context, server: Server, certificate: Certificate) -> Finding:
    """Is the server's chain distrusted on the host?

    Remedy BLOCKED wherever the entry is: Microsoft or an administrator distrusts this certificate on purpose, and
    taking it off that list weakens the host. The remedy is another certificate on the server.
    """
    roots = certificate.roots or ()
    chain = tuple(thumbprint for thumbprint in certificate.thumbprints if thumbprint not in roots)
    lookup = look_up(ctx, DISALLOWED_STORES, (*chain, *roots))
    bad = [thumbprint for thumbprint in chain if thumbprint in lookup.found]
    if roots and all(root in lookup.found for root in roots):
        bad += roots
    if bad:
        state, effective, why = State.FAIL, "distrusted", f"the host distrusts {', '.join(bad)}"
    elif lookup.unread:
        state, effective, why = State.UNKNOWN, "unknown", lookup.unread[0]
    else:
        state, effective = State.PASS, "not distrusted"
        why = f"no certificate of this server's chain is distrusted; {_USER_STORES}"
    return ctx.finding(
        "trust.disallowed",
        state,
        observed=sorted(lookup.found),
        effective=effective,
        wanted="no certificate of the chain among the distrusted ones",
        where="; ".join(lookup.places) or ctx.path(DISALLOWED_STORES[0]),
        why=why,
        subject=_subject(server),
        severity=Severity.HIGH,
        remedy=Remedy.BLOCKED,
    )
