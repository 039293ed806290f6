# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cipher suites that a host's SCHANNEL client offers.

An order pushed by group policy replaces the local list, which replaces the release's own; then everything goes that
``SCHANNEL\\Ciphers``, ``Hashes`` and ``KeyExchangeAlgorithms`` disable, and what FIPS mode forbids.
A TLS 1.3 suite in a list does not mean that the release can do TLS 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import fips
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import CipherSuite, OsRelease
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, State

#: Where an offer comes from, if a group policy sets it.
POLICY_ORDER = "the order set by group policy"
_CURVE = re.compile(r"_P(?:256|384|521)$")
#: Parts of a suite's name → the subkey of SCHANNEL that disables it (Enabled=0).
_SWITCHES = (
    (re.compile("RC4_128"), "Ciphers\\RC4 128/128"),
    (re.compile("RC4_56"), "Ciphers\\RC4 56/128"),
    (re.compile("RC4_40"), "Ciphers\\RC4 40/128"),
    (re.compile("RC2_CBC_40"), "Ciphers\\RC2 40/128"),
    (re.compile("_DES(?:40)?_CBC"), "Ciphers\\DES 56/56"),
    (re.compile("AES_128"), "Ciphers\\AES 128/128"),
    (re.compile("AES_256"), "Ciphers\\AES 256/256"),
    (re.compile("_MD5"), "Hashes\\MD5"),
    (re.compile("_SHA$"), "Hashes\\SHA"),
    (re.compile("_CBC_SHA256$"), "Hashes\\SHA256"),
    (re.compile("_CBC_SHA384$"), "Hashes\\SHA384"),
    (re.compile("_DHE_"), "KeyExchangeAlgorithms\\Diffie-Hellman"),
    (re.compile("_ECDHE_"), "KeyExchangeAlgorithms\\ECDH"),
    (re.compile("TLS_RSA_"), "KeyExchangeAlgorithms\\PKCS"),
)
#: The key of 3DES changed its name with Vista.
_3DES = re.compile("3DES")
_3DES_KEYS = ("Ciphers\\Triple DES 168/168", "Ciphers\\Triple DES 168")
_FIPS_FORBIDS = re.compile("RC4|_DES_|RC2|MD5|NULL|CHACHA20")
_TLS12_ONLY = re.compile("_GCM_|_CBC_SHA256$|_CBC_SHA384$|CHACHA20")
_TLS13 = re.compile("^TLS_(?:AES|CHACHA20)_")
#: No release before Windows 10 has these, whatever a list says.
_SINCE_10 = re.compile("_ECDHE_RSA_WITH_AES_[0-9]+_GCM_|CHACHA20|^TLS_AES_")
_AUTHENTICATION = re.compile("_(ECDSA|RSA|DSS)_")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client offers. ``unsure`` holds suites of which nobody can tell whether they are offered.

    An update that may be in would bring them, the switch that may turn them off was not read, or a list names them that
    are not in the release's own.
    """

    suites: tuple[CipherSuite, ...]
    unsure: tuple[CipherSuite, ...]
    origin: str

    def names(self, protocol: Protocol) -> frozenset[str]:
        """IANA names offered with that protocol version."""
        return frozenset(suite.name for suite in self.suites if protocol.value in suite.protocols)

    def unsure_names(self, protocol: Protocol) -> frozenset[str]:
        """Names that may be offered with that version."""
        return frozenset(suite.name for suite in self.unsure if protocol.value in suite.protocols)


def offer(ctx: Context) -> Offer | Unread:
    """The suites in force on this host, or why nobody can tell."""
    if ctx.release is None:
        return Unread(ctx.host.why)
    listed = _listed(ctx, ctx.release)
    if isinstance(listed, Unread):
        return listed
    suites, origin = listed
    forbidden = fips(ctx)
    if isinstance(forbidden, Unread):
        return Unread(f"whether FIPS mode is on is not known ({clause(forbidden.why)})")
    sure: list[CipherSuite] = []
    unsure: list[CipherSuite] = []
    for suite, listed_for_sure in suites:
        if forbidden and _FIPS_FORBIDS.search(suite.name):
            continue
        present = True if suite.after is None else presence(ctx, suite.after).present
        switched_on = _switched_on(ctx, ctx.release, suite)
        if False in (present, switched_on):
            continue
        (sure if listed_for_sure and present and switched_on else unsure).append(suite)
    return Offer(tuple(sure), tuple(unsure), origin)


_Listed = tuple[tuple[CipherSuite, bool], ...]


def _listed(ctx: Context, release: OsRelease) -> tuple[_Listed, str] | Unread:
    """The suites in the list in force, each with whether it is surely one of this release."""
    table = lookup.suites_of(ctx.knowledge, release.id)
    own = tuple((suite, True) for suite in table), "the release's own list"
    if release.version.startswith("5."):
        return own
    for place, origin in (("suites-policy", POLICY_ORDER), ("suites-local", "the local list")):
        row = ctx.knowledge.registry[place]
        read = ctx.snapshot.image.value(row.key, row.value or "Functions")
        if isinstance(read, Unread):
            return Unread(f"the cipher suite order was not read ({clause(read.why)})")
        if isinstance(read, RegistryValue) and (names := _names(read)):
            # An update enters its suites into the local list, so they are there; a policy may name anything.
            return _found(release, table, names, local=place == "suites-local"), origin
    return own


def _found(release: OsRelease, table: tuple[CipherSuite, ...], names: tuple[str, ...], *, local: bool) -> _Listed:
    by_name = {suite.name: suite for suite in table}
    old = release.version.startswith("6.")
    found: dict[str, tuple[CipherSuite, bool]] = {}
    for listed in names:
        name = _CURVE.sub("", listed)
        if name not in by_name and old and _SINCE_10.search(name):
            continue
        suite = by_name.get(name) or _derived(name)
        # Before Windows 10 the names of suites with elliptic curves end in the curve; without it nobody knows them.
        known = name in by_name and not (old and "_ECDHE_" in name and listed == name)
        if name not in found or known:
            found[name] = replace(suite, after=None) if local else suite, known
    return tuple(found.values())


def _names(value: RegistryValue) -> tuple[str, ...]:
    parts = value.data if isinstance(value.data, tuple) else str(value.data).split(",")
    return tuple(dict.fromkeys(name for part in parts if (name := part.strip())))


def _derived(name: str) -> CipherSuite:
    """A suite that the release does not enable by itself: its versions follow from its name (RFC 5246, RFC 5289)."""
    if _TLS13.match(name):
        versions: tuple[str, ...] = ("TLS 1.3",)
    elif _TLS12_ONLY.search(name):
        versions = ("TLS 1.2",)
    else:
        versions = ("TLS 1.2", "TLS 1.1", "TLS 1.0")
    return CipherSuite(name=name, protocols=versions)


def _switched_on(ctx: Context, release: OsRelease, suite: CipherSuite) -> bool | None:
    """Whether all that a suite is made of is enabled; None where nobody can tell."""
    root = ctx.path("schannel")
    keys = [key for pattern, key in _SWITCHES if pattern.search(suite.name)]
    if _3DES.search(suite.name):
        keys.append(_3DES_KEYS[0] if release.version.startswith("5.") else _3DES_KEYS[1])
    found = [_enabled(ctx.snapshot.image, f"{root}\\{key}") for key in keys]
    return False if False in found else None if None in found else True


def _enabled(image: RegistryImage, key: str) -> bool | None:
    """Without a value all of these are on."""
    read = image.value(key, "Enabled")
    if isinstance(read, RegistryValue):
        return bool(read.data) if read.type is RegistryType.DWORD else None
    return None if isinstance(read, Unread) else True


def certificates(names: Iterable[str]) -> frozenset[str]:
    """The kinds of key that a server's certificate may have for one of these suites to work: rsa, ecdsa, dsa."""
    kinds = (match.group(1) for name in names if (match := _AUTHENTICATION.search(name)))
    return frozenset("dsa" if kind == "DSS" else kind.lower() for kind in kinds)


def wanted(ctx: Context, found: Offer) -> tuple[str, ...] | None:
    """The suites, best first, that the policy would keep of an offer; None where it leaves them as they are."""
    policy = ctx.knowledge.policies[ctx.options.policy]
    if policy.suites == "leave":
        return None
    return tuple(suite.name for suite in found.suites if suite.name in policy.modern_suites)


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """One finding: whether anything is offered that the policy does not want."""
    found = offer(ctx)
    keep = None if isinstance(found, Unread) else wanted(ctx, found)
    by_policy = not isinstance(found, Unread) and found.origin == POLICY_ORDER
    state, remedy, why = _judge(ctx, found, keep)
    return (
        ctx.finding(
            "tls.suites",
            state,
            observed=None if isinstance(found, Unread) else found.origin,
            effective=None if isinstance(found, Unread) else [suite.name for suite in found.suites],
            wanted="leave" if keep is None else list(keep),
            where=ctx.place("suites-policy" if by_policy else "suites-local"),
            why=why,
            remedy=remedy,
        ),
    )


def _judge(ctx: Context, found: Offer | Unread, keep: tuple[str, ...] | None) -> tuple[State, Remedy, str]:
    if ctx.knowledge.policies[ctx.options.policy].suites == "leave":
        return State.NOT_APPLICABLE, Remedy.NONE, "The policy leaves the cipher suites as they are."
    if isinstance(found, Unread) or keep is None:
        why = found.why if isinstance(found, Unread) else ""
        return State.UNKNOWN, Remedy.NONE, f"The cipher suites in force cannot be told: {clause(why)}."
    modern = ctx.knowledge.policies[ctx.options.policy].modern_suites
    if len(keep) == len(found.suites) and all(suite.name in modern for suite in found.unsure):
        return State.PASS, Remedy.NONE, "Only modern cipher suites are offered."
    if len(keep) == len(found.suites):
        return State.UNKNOWN, Remedy.NONE, f"Whether {found.unsure[0].name} is offered cannot be told."
    old = f"{len(found.suites) - len(keep)} cipher suites are offered that the policy does not want"
    if "rsa" not in certificates(keep):
        # With nothing else in the list no server with an RSA certificate could be reached any more.
        return State.FAIL, Remedy.RELAY, f"{old}, and no modern one for servers with an RSA certificate is there."
    if found.origin == POLICY_ORDER:
        return State.FAIL, Remedy.BLOCKED, f"{old}, and a group policy sets the order."
    return State.FAIL, Remedy.FIX, f"{old}."
