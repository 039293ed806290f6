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
from dataclasses import dataclass, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.tls import fips
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import CipherSuite, OsRelease
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Remedy, State

#: Where an offer comes from, if a group policy sets it.
POLICY_ORDER = "the order set by group policy"
_CURVE = re.compile(r"_P(?:256|384|521)$")
#: Parts of a suite's name → the subkey of SCHANNEL that disables it (Enabled=0).
_SWITCHES = (
    ("RC4_128", ("Ciphers\\RC4 128/128",)),
    ("3DES", ("Ciphers\\Triple DES 168", "Ciphers\\Triple DES 168/168")),
    ("AES_128", ("Ciphers\\AES 128/128",)),
    ("AES_256", ("Ciphers\\AES 256/256",)),
    ("_MD5", ("Hashes\\MD5",)),
    ("_SHA$", ("Hashes\\SHA",)),
    ("_CBC_SHA256$", ("Hashes\\SHA256",)),
    ("_CBC_SHA384$", ("Hashes\\SHA384",)),
    ("_DHE_", ("KeyExchangeAlgorithms\\Diffie-Hellman",)),
    ("_ECDHE_", ("KeyExchangeAlgorithms\\ECDH",)),
    ("TLS_RSA_", ("KeyExchangeAlgorithms\\PKCS",)),
)
_FIPS_FORBIDS = re.compile("RC4|_DES_|RC2|MD5|NULL")
_TLS12_ONLY = re.compile("_GCM_|_CBC_SHA256$|_CBC_SHA384$|CHACHA20")
_TLS13 = re.compile("^TLS_(?:AES|CHACHA20)_")


@dataclass(frozen=True, slots=True)
class Offer:
    """What a client offers. ``unsure`` holds suites that an update brings of which nobody knows whether it is in."""

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
        return forbidden
    kept = tuple(suite for suite in suites if not (forbidden and _FIPS_FORBIDS.search(suite.name)))
    kept = tuple(suite for suite in kept if not _switched_off(ctx, suite))
    sure, unsure = [], []
    for suite in kept:
        present = True if suite.after is None else presence(ctx, suite.after).present
        if present:
            sure.append(suite)
        elif present is None:
            unsure.append(suite)
    return Offer(tuple(sure), tuple(unsure), origin)


def _listed(ctx: Context, release: OsRelease) -> tuple[tuple[CipherSuite, ...], str] | Unread:
    table = lookup.suites_of(ctx.knowledge, release.id)
    if release.version.startswith("5."):
        return table, "the release's own list"
    image = ctx.snapshot.image
    for place, origin in (("suites-policy", POLICY_ORDER), ("suites-local", "the local list")):
        row = ctx.knowledge.registry[place]
        read = image.value(row.key, row.value or "Functions")
        if isinstance(read, Unread):
            return Unread(f"the cipher suite order was not read ({read.why})")
        if isinstance(read, RegistryValue) and (names := _names(read)):
            by_name = {suite.name: suite for suite in table}
            found = tuple(by_name.get(name) or _derived(name) for name in names)
            # An update enters its suites into the local list, so they are there; a policy may name anything.
            local = place == "suites-local"
            return (tuple(replace(suite, after=None) for suite in found) if local else found), origin
    return table, "the release's own list"


def _names(value: RegistryValue) -> tuple[str, ...]:
    parts = value.data if isinstance(value.data, tuple) else str(value.data).split(",")
    names = (_CURVE.sub("", part.strip()) for part in parts)
    return tuple(dict.fromkeys(name for name in names if name))


def _derived(name: str) -> CipherSuite:
    """A suite that the release does not enable by itself: its versions follow from its name (RFC 5246, RFC 5289)."""
    if _TLS13.match(name):
        versions: tuple[str, ...] = ("TLS 1.3",)
    elif _TLS12_ONLY.search(name):
        versions = ("TLS 1.2",)
    else:
        versions = ("TLS 1.2", "TLS 1.1", "TLS 1.0")
    return CipherSuite(name=name, protocols=versions)


def _switched_off(ctx: Context, suite: CipherSuite) -> bool:
    root = ctx.path("schannel")
    for part, keys in _SWITCHES:
        if re.search(part, suite.name) and any(_disabled(ctx.snapshot.image, f"{root}\\{key}") for key in keys):
            return True
    return False


def _disabled(image: RegistryImage, key: str) -> bool:
    read = image.value(key, "Enabled")
    return isinstance(read, RegistryValue) and read.data == 0


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
    row = ctx.knowledge.registry["suites-policy"]
    state, remedy, why = _judge(ctx, found, keep)
    return (
        ctx.finding(
            "tls.suites",
            state,
            observed=None if isinstance(found, Unread) else found.origin,
            effective=None if isinstance(found, Unread) else [suite.name for suite in found.suites],
            wanted="leave" if keep is None else list(keep),
            where=f"{row.key}\\{row.value}",
            why=why,
            remedy=remedy,
        ),
    )


def _judge(ctx: Context, found: Offer | Unread, keep: tuple[str, ...] | None) -> tuple[State, Remedy, str]:
    if ctx.knowledge.policies[ctx.options.policy].suites == "leave":
        return State.NOT_APPLICABLE, Remedy.NONE, "The policy leaves the cipher suites as they are."
    if isinstance(found, Unread) or keep is None:
        why = found.why if isinstance(found, Unread) else ""
        return State.UNKNOWN, Remedy.NONE, f"The cipher suites in force cannot be told: {why}."
    if len(keep) == len(found.suites):
        return State.PASS, Remedy.NONE, "Only modern cipher suites are offered."
    old = f"{len(found.suites) - len(keep)} cipher suites are offered that the policy does not want"
    if not keep:
        return State.FAIL, Remedy.RELAY, f"{old}, and no modern one is there."
    if found.origin == POLICY_ORDER:
        return State.FAIL, Remedy.BLOCKED, f"{old}, and a group policy sets the order."
    return State.FAIL, Remedy.FIX, f"{old}."
