# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots that are there, fetched, missing, distrusted."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import trust
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    MailProtocol,
    Security,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from tests.support.hosts import KNOWLEDGE, TODAY, Keys, host

ROOT, OTHER, LEAF = "A" * 40, "B" * 40, "C" * 40
STORES = {row: KNOWLEDGE.registry[row].key for row in (*trust.TRUSTED_STORES, *trust.DISALLOWED_STORES)}
MACHINE, DISTRUSTED = STORES["roots-machine"], STORES["disallowed-machine"]
POLICY = KNOWLEDGE.registry["root-auto-update"].key
OFF: Keys = {POLICY: {"DisableRootAutoUpdate": 1}}
DENIED = {"HKLM\\SOFTWARE": "access denied"}


def certificates(**stores: str) -> Keys:
    return {f"{STORES[row.replace('_', '-')]}\\{thumbprint}": {} for row, thumbprint in stores.items()}


def server(**fields: t.Any) -> Server:
    certificate = Certificate(**({"roots": (ROOT,), "thumbprints": (LEAF, ROOT)} | fields))
    accepts = Acceptance(Source.DECLARED, certificate=certificate)
    return Server("mail.example", 993, MailProtocol.IMAP, Security.IMPLICIT, accepts=accepts)


def windows(*layers: Keys, os_id: str = "win7-sp1", entry: Server | None = None, **fields: t.Any) -> Context:
    options = AuditOptions(today=TODAY, servers=(entry or server(),))
    return host(os_id, *layers, options=options, **fields)


def finding(ctx: Context, check: str) -> Finding:
    return next(found for found in trust.evaluate(ctx) if found.id == check)


@pytest.mark.parametrize("store", trust.TRUSTED_STORES)
def test_a_root_counts_in_every_store_of_the_machine(store: str) -> None:
    found = finding(windows(OFF, {f"{STORES[store]}\\{ROOT}": {}}), "trust.roots")
    assert found.state is State.PASS
    assert found.where == f"{STORES[store]}\\{ROOT}"
    assert found.subject == "mail.example:993"


@pytest.mark.parametrize(
    ("layers", "os_id", "fields", "state", "remedy"),
    [
        ((), "win7-sp1", {}, State.PASS, Remedy.NONE),
        ((), "win11-24h2", {"trusted": True}, State.PASS, Remedy.NONE),
        ((OFF,), "win7-sp1", {}, State.FAIL, Remedy.RELAY),
        (({POLICY: {"DisableRootAutoUpdate": 0}},), "win7-sp1", {}, State.PASS, Remedy.NONE),
        (({POLICY: {"DisableRootAutoUpdate": "1"}},), "win7-sp1", {}, State.UNKNOWN, Remedy.NONE),
        ((), "win7-sp1", {"trusted": False}, State.FAIL, Remedy.RELAY),  # a private root is fetched by nobody
        ((), "xp-sp3", {}, State.FAIL, Remedy.RELAY),
        ((certificates(roots_machine=ROOT),), "xp-sp3", {}, State.PASS, Remedy.NONE),
        ((OFF, certificates(roots_machine=OTHER)), "win7-sp1", {}, State.FAIL, Remedy.RELAY),
        ((OFF, certificates(roots_machine=OTHER)), "win7-sp1", {"roots": (ROOT, OTHER)}, State.PASS, Remedy.NONE),
        ((OFF, certificates(roots_machine=ROOT.lower())), "win7-sp1", {}, State.PASS, Remedy.NONE),
        (
            (certificates(roots_machine=ROOT, disallowed_policy=ROOT),),
            "win7-sp1",
            {},
            State.FAIL,
            Remedy.BLOCKED,
        ),
        (
            (OFF, certificates(roots_machine=ROOT, disallowed_machine=ROOT)),
            "win7-sp1",
            {"roots": (ROOT, OTHER)},
            State.FAIL,
            Remedy.RELAY,
        ),
    ],
)
def test_roots(layers: tuple[Keys, ...], os_id: str, fields: dict[str, t.Any], state: State, remedy: Remedy) -> None:
    found = finding(windows(*layers, os_id=os_id, entry=server(**fields)), "trust.roots")
    assert (found.state, found.remedy) == (state, remedy)


@pytest.mark.parametrize(
    ("unread", "layers", "roots", "disallowed"),
    [
        (DENIED, (), State.UNKNOWN, State.UNKNOWN),
        ({MACHINE: "access denied"}, (), State.PASS, State.PASS),
        ({MACHINE: "access denied"}, (OFF,), State.UNKNOWN, State.PASS),
        ({STORES["roots-policy"]: "denied"}, (OFF, certificates(roots_machine=ROOT)), State.PASS, State.PASS),
        ({DISTRUSTED: "denied"}, (certificates(roots_machine=ROOT),), State.PASS, State.UNKNOWN),
        ({DISTRUSTED: "denied"}, (certificates(disallowed_policy=LEAF),), State.PASS, State.FAIL),
    ],
)
def test_unread_stores(unread: dict[str, str], layers: tuple[Keys, ...], roots: State, disallowed: State) -> None:
    ctx = windows(*layers, unread=unread)
    assert finding(ctx, "trust.roots").state is roots
    assert finding(ctx, "trust.disallowed").state is disallowed


@pytest.mark.parametrize(
    ("layer", "fields", "state"),
    [
        ({}, {}, State.PASS),
        (certificates(disallowed_machine=LEAF), {}, State.FAIL),
        (certificates(disallowed_policy=LEAF), {}, State.FAIL),
        (certificates(disallowed_enterprise=ROOT), {}, State.FAIL),
        (certificates(disallowed_machine=OTHER), {}, State.PASS),
        (certificates(disallowed_machine=OTHER), {"roots": (ROOT, OTHER)}, State.PASS),
        (certificates(disallowed_machine=LEAF), {"roots": None}, State.FAIL),
    ],
)
def test_distrusted_certificates(layer: Keys, fields: dict[str, t.Any], state: State) -> None:
    found = finding(windows(layer, entry=server(**fields)), "trust.disallowed")
    assert found.state is state
    if state is State.FAIL:
        assert (found.severity, found.remedy) == (Severity.HIGH, Remedy.BLOCKED)


@pytest.mark.parametrize(
    ("layer", "os_id", "unread", "state"),
    [
        ({}, "win7-sp1", {}, State.PASS),
        (OFF, "win7-sp1", {}, State.FAIL),
        (OFF, "xp-sp3", {}, State.NOT_APPLICABLE),
        ({}, "win7-sp1", DENIED, State.UNKNOWN),
    ],
)
def test_automatic_update_of_roots(layer: Keys, os_id: str, unread: dict[str, str], state: State) -> None:
    found = finding(windows(layer, os_id=os_id, unread=unread), "trust.auto_update")
    assert (found.state, found.severity, found.remedy) == (state, Severity.LOW, Remedy.NONE)


@pytest.mark.parametrize(
    ("layer", "fields", "why"),
    [
        (OFF, {"trusted": True}, "a policy switches the automatic update of roots off"),
        ({}, {"trusted": False}, "the root is not a public one"),
    ],
)
def test_a_missing_root_says_why_nobody_brings_it(layer: Keys, fields: dict[str, t.Any], why: str) -> None:
    found = finding(windows(layer, entry=server(**fields)), "trust.roots")
    assert why in found.why
    assert "a user's own stores are not read" in found.why


def test_on_a_windows_that_nobody_knows_a_missing_root_is_unknown() -> None:
    ctx = windows()
    nameless = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, release=None, os="unknown"))
    assert {found.id: found.state for found in trust.evaluate(nameless)} == {
        "trust.auto_update": State.UNKNOWN,
        "trust.roots": State.UNKNOWN,
        "trust.disallowed": State.PASS,
    }


@pytest.mark.parametrize(
    ("data", "why"), [(1, "a policy switches the automatic update of roots off"), (0, "of roots on")]
)
def test_the_policy_is_told(data: int, why: str) -> None:
    assert why in trust.auto_update(windows({POLICY: {"DisableRootAutoUpdate": data}})).why


def test_a_distrusted_certificate_is_found_by_its_place() -> None:
    found = finding(windows(certificates(disallowed_policy=LEAF)), "trust.disallowed")
    assert found.where == f"{STORES['disallowed-policy']}\\{LEAF}"
    assert finding(windows(), "trust.disallowed").where == DISTRUSTED


@pytest.mark.parametrize("fields", [{"roots": None, "thumbprints": ()}, {"roots": (), "thumbprints": ()}])
def test_a_server_whose_certificate_nobody_looked_at_gives_no_finding(fields: dict[str, t.Any]) -> None:
    ctx = windows(entry=server(**fields))
    assert [found.id for found in trust.evaluate(ctx)] == ["trust.auto_update"]
    assert trust.for_server(ctx, Server("mail.example", 25, MailProtocol.SMTP, Security.NONE)) == ()
