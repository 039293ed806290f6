# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to hold before an update is run: named where it does not, and where nobody can tell."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import vocabulary
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import (
    PREREQUISITES,
    required_updates,
    sets_posready,
    unmet,
)
from tests.support.hosts import KNOWLEDGE, Keys, host

POSREADY = r"HKLM\SYSTEM\WPA\PosReady"
IE = r"HKLM\SOFTWARE\Microsoft\Internet Explorer"
PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
IE8: Keys = {IE: {"Version": "8.0.6001.18702"}}
FLAG: Keys = {POSREADY: {"Installed": 1}}


def with_update(ctx: Context, kb: str, **fields: t.Any) -> Context:
    """The host under tables in which that update is another."""
    changed = dataclasses.replace(KNOWLEDGE.updates[kb], **fields)
    knowledge = dataclasses.replace(KNOWLEDGE, updates={**KNOWLEDGE.updates, kb: changed})
    return dataclasses.replace(ctx, knowledge=knowledge)


def package(kb: str, state: int) -> Keys:
    return {PACKAGES + rf"\Package_for_{kb}~31bf3856ad364e35~amd64~~6.1.1.1": {"CurrentState": state}}


def test_every_word_of_the_tables_is_looked_after() -> None:
    assert set(PREREQUISITES) == set(vocabulary().prerequisites)


@pytest.mark.parametrize(
    ("os_id", "kb", "layers", "unread", "words"),
    [
        ("xp-sp3", "KB4019276", [], {}, ["refuses an ordinary XP"]),
        ("xp-sp3", "KB4019276", [{POSREADY: {"Installed": 0}}], {}, ["refuses an ordinary XP"]),
        ("xp-sp3", "KB4019276", [{r"HKLM\SYSTEM\WPA\WES": {"Installed": 1}}], {}, []),
        # What else its test asks for on WEPOS is not known.
        ("xp-sp3", "KB4019276", [{r"HKLM\SYSTEM\WPA\WEPOS": {"Installed": 1}}], {}, ["refuses an ordinary XP"]),
        (
            "xp-sp3",
            "KB4019276",
            [],
            {r"HKLM\SYSTEM\WPA": "Access is denied."},
            ["could not be read: Access is denied."],
        ),
        ("posready-2009", "KB4019276", [], {}, []),
        ("vista-sp2", "KB4019276", [], {}, []),
        ("posready-2009", "KB4467770", [], {}, ["KB4467770 needs KB4019276 first, and that is not in"]),
        ("posready-2009", "KB4230450", [IE8], {}, []),
        (
            "posready-2009",
            "KB4230450",
            [{IE: {"Version": "6.0.2900.5512"}}],
            {},
            ["this host has version 6.0.2900.5512"],
        ),
        ("posready-2009", "KB4230450", [{IE: {"Version": "junk\u202e"}}], {}, ["this host has version junk\\u202e"]),
        ("posready-2009", "KB4230450", [], {}, ["no version of it was found"]),
        (
            "posready-2009",
            "KB4230450",
            [],
            {IE: "Access is denied."},
            ["its version could not be read: Access is denied"],
        ),
        ("server-2003-sp2", "KB948963", [], {}, []),
        ("win7-sp1", "KB3140245", [], {}, []),
    ],
)
def test_what_is_missing(os_id: str, kb: str, layers: list[Keys], unread: dict[str, str], words: list[str]) -> None:
    found = unmet(host(os_id, *layers, unread=unread), KNOWLEDGE.updates[kb])
    assert len(found) == len(words)
    for need, word in zip(found, words, strict=True):
        assert word in need.why


@pytest.mark.parametrize(
    ("os_id", "layers", "unread", "consent"),
    [
        ("xp-sp3", [], {}, ["posready"]),
        ("xp-sp3", [], {r"HKLM\SYSTEM\WPA": "Access is denied."}, [None]),  # what is not known is not overwritten
        ("posready-2009", [], {}, []),
    ],
)
def test_only_a_flag_that_is_known_to_be_off_is_a_matter_of_consent(
    os_id: str, layers: list[Keys], unread: dict[str, str], consent: list[str | None]
) -> None:
    ctx = host(os_id, *layers, unread=unread)
    assert [need.consent for need in unmet(ctx, KNOWLEDGE.updates["KB4019276"])] == consent


@pytest.mark.parametrize(("os_id", "sets"), [("xp-sp3", True), ("posready-2009", False), ("vista-sp2", False)])
def test_who_needs_the_flag_set(os_id: str, sets: bool) -> None:
    assert sets_posready(host(os_id), KNOWLEDGE.updates["KB4019276"]) is sets


def test_what_the_run_installs_before_counts() -> None:
    ctx = dataclasses.replace(host("posready-2009"), assume_installed=frozenset({"KB4019276"}))
    assert unmet(ctx, ctx.knowledge.updates["KB4467770"]) == ()


@pytest.mark.parametrize(
    ("after_reboot_of", "words"),
    [((), None), (("KB4490628",), "needs KB4490628 in force, and that waits for a reboot")],
)
def test_a_required_update_that_waits_for_a_reboot(after_reboot_of: tuple[str, ...], words: str | None) -> None:
    ctx = host("win7-sp1", package("KB4490628", 0x60))
    ctx = with_update(ctx, "KB3140245", requires=("KB4490628",), after_reboot_of=after_reboot_of)
    found = unmet(ctx, ctx.knowledge.updates["KB3140245"])
    assert [words in need.why for need in found if words] == ([True] if words else [])
    assert bool(found) is bool(words)


def test_a_required_update_of_which_nobody_knows() -> None:
    ctx = host("win7-sp1", unread={PACKAGES: "Access is denied."})
    ctx = with_update(ctx, "KB3140245", requires=("KB4490628",))
    (need,) = unmet(ctx, ctx.knowledge.updates["KB3140245"])
    assert "whether that is in cannot be told" in need.why


@pytest.mark.parametrize(
    ("layers", "missing"),
    [
        ([], ["KB4490628", "KB4474419"]),
        ([package("KB4490628", 0x70)], ["KB4474419"]),
        ([package("KB4490628", 0x70), package("KB4474419", 0x70)], []),
    ],
)
def test_sha2_asks_for_the_servicing_stack_and_the_code_signing_update(layers: list[Keys], missing: list[str]) -> None:
    ctx = with_update(host("win7-sp1", *layers), "KB3140245", prerequisites=("sha2",))
    update = ctx.knowledge.updates["KB3140245"]
    assert required_updates(ctx, update) == ("KB4490628", "KB4474419")
    assert [need.why.split()[2] for need in unmet(ctx, update)] == missing


def test_sha2_is_a_condition_where_it_applies_only() -> None:
    ctx = with_update(host("server-2012"), "KB3140245", prerequisites=("sha2",))
    assert required_updates(ctx, ctx.knowledge.updates["KB3140245"]) == ()


def test_a_windows_that_nothing_teaches_sha2() -> None:
    ctx = with_update(host("vista-sp2"), "KB4056564", prerequisites=("sha2",))
    (need,) = unmet(ctx, ctx.knowledge.updates["KB4056564"])
    assert "no update teaches this Windows to take that (sha2-servicing)" in need.why


@pytest.mark.parametrize(("os_id", "stack"), [("win7-sp1", "KB4490628"), ("server-2008-sp2", "KB4493730")])
def test_the_code_signing_update_asks_for_the_servicing_stack(os_id: str, stack: str) -> None:
    ctx = host(os_id)
    assert required_updates(ctx, ctx.knowledge.updates["KB4474419"]) == (stack,)


def test_the_service_pack_is_named() -> None:
    ctx = with_update(host("win7-rtm"), "KB3140245", os=("win7-rtm", "win7-sp1"))
    (need,) = unmet(ctx, ctx.knowledge.updates["KB3140245"])
    assert need.why == "KB3140245 needs Windows 7 SP1 first, and this host has Windows 7."


def test_a_word_that_nobody_can_check_is_not_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(PREREQUISITES, "sp1")
    (need,) = unmet(host("win7-sp1"), KNOWLEDGE.updates["KB3140245"])
    assert need.why == "KB3140245 needs sp1, which nobody here can check."
