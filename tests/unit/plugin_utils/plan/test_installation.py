# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates are installed on a host, in which order, and when it restarts."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import (
    Installation,
    StepKind,
    after_run,
    install,
    update_id,
)
from tests.support.hosts import KNOWLEDGE, Keys, host

PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
FAMILY = KNOWLEDGE.registry["updates-xp"].key
FAMILY_IE8 = KNOWLEDGE.registry["updates-xp-ie8"].key
ROLLUP = PACKAGES + r"\Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24545.1.8"
#: Nothing of them is on these hosts, as far as files and packages tell.
BARE = {name: FileVersion((1, 0, 0, 0)) for name in (r"system32\winhttp.dll", r"system32\schannel.dll")}
XP_SET = ["KB4467770", "KB4019276", "KB4230450"]


def package(kb: str, state: int) -> Keys:
    return {PACKAGES + rf"\Package_for_{kb}~31bf3856ad364e35~amd64~~6.1.1.1": {"CurrentState": state}}


def kinds(found: Installation) -> list[str]:
    return [f"{step.kind.value} {step.update}".strip() for step in found.steps]


def with_updates(ctx: Context, *changed: Update) -> Context:
    updates = {**ctx.knowledge.updates, **{update.id: update for update in changed}}
    return dataclasses.replace(ctx, knowledge=dataclasses.replace(ctx.knowledge, updates=updates))


def changed(kb: str, **fields: t.Any) -> Update:
    return dataclasses.replace(KNOWLEDGE.updates[kb], **fields)


@pytest.mark.parametrize(
    ("os_id", "layers", "asked", "steps"),
    [
        ("xp-sp3", [], ["KB4019276"], ["install KB4019276", "reboot"]),
        ("xp-sp3", [], ["KB4467770"], ["install KB4019276", "install KB4467770", "reboot"]),
        (
            "xp-sp3",
            [],
            XP_SET,
            ["install KB4019276", "install KB4467770", "install KB4230450", "reboot"],
        ),
        ("xp-sp3", [], ["kb4019276", "4019276", " KB4019276 "], ["install KB4019276", "reboot"]),
        (
            "xp-sp3",
            [{FAMILY + r"\KB4019276": {}}],
            XP_SET,
            ["present KB4019276", "install KB4467770", "install KB4230450", "reboot"],
        ),
        (
            "xp-sp3",
            [],
            ["KB4230450", "KB4493435", "KB4316682"],
            ["superseded KB4316682", "superseded KB4230450", "install KB4493435", "reboot"],
        ),
        ("xp-sp3", [{FAMILY_IE8 + r"\KB4493435-IE8": {}}], ["KB4230450"], ["present KB4230450"]),
        ("xp-sp3", [], ["KB3055973", "KB4019276"], ["superseded KB3055973", "install KB4019276", "reboot"]),
        ("win7-sp1", [], ["KB3140245"], ["install KB3140245", "reboot"]),
        ("win7-sp1", [package("KB3140245", 0x70)], ["KB3140245"], ["present KB3140245"]),
        ("win7-sp1", [package("KB3140245", 0x50)], ["KB3140245"], ["present KB3140245"]),
        ("win7-sp1", [package("KB3140245", 0x60)], ["KB3140245"], ["waiting KB3140245", "reboot"]),
        (
            "win7-sp1",
            [package("KB3140245", 0x60)],
            ["KB3140245", "KB3042058"],
            ["waiting KB3140245", "install KB3042058", "reboot"],
        ),
        ("win7-sp1", [{ROLLUP: {"CurrentState": 0x70}}], ["KB3140245"], ["present KB3140245"]),
        ("win7-sp1", [], ["KB2992611", "KB3042058"], ["not_applicable KB2992611", "install KB3042058", "reboot"]),
        ("vista-sp2", [package("KB4056564", 0x70)], ["KB4019276"], ["present KB4019276"]),
        # Both are needed: neither counts for the other.
        ("win7-sp1", [package("KB4490628", 0x70)], ["KB4474419"], ["present KB4490628", "install KB4474419", "reboot"]),
        ("win7-sp1", [], ["KB4474419"], ["install KB4490628", "install KB4474419", "reboot"]),
        ("server-2003-sp2", [], ["KB4019276"], ["not_applicable KB4019276"]),
        ("xp-x64-sp2", [], ["KB4019276", "KB948963"], ["not_applicable KB4019276", "install KB948963", "reboot"]),
        ("xp-sp2", [], ["KB4019276"], ["refused KB4019276"]),
        ("win7-sp1", [], ["KB9999999"], ["refused KB9999999"]),
        ("win10-22h2", [], XP_SET, [f"not_applicable {kb}" for kb in ("KB4019276", "KB4467770", "KB4230450")]),
        ("win10-1809", [], ["KB5017811"], ["not_applicable KB5017811"]),
        ("xp-sp3", [], [], []),
    ],
)
def test_steps(os_id: str, layers: list[Keys], asked: list[str], steps: list[str]) -> None:
    # Where files are read, no record proves more than they do.
    found = install(host(os_id, *layers, files={} if layers else BARE), asked)
    assert kinds(found) == steps
    for step in found.steps:
        assert step.why.endswith(".")
        assert step.update in step.why
    assert len({step.why for step in found.steps}) == len(found.steps)


def test_what_nobody_can_tell_is_installed_and_says_so() -> None:
    found = install(host("win7-sp1", unread={PACKAGES: "Access is denied."}), ["KB3140245"])
    assert kinds(found) == ["install KB3140245", "reboot"]
    assert "whether it is in cannot be told" in found.steps[0].why


def test_another_update_that_does_the_same_counts() -> None:
    records = KNOWLEDGE.registry["updates-2003"].key + r"\KB968730"
    found = install(host("server-2003-sp2", {records: {}}), ["KB938397"])
    assert kinds(found) == ["present KB938397"]


@pytest.mark.parametrize("text", ["", "KB", "KB12345", "KB40192760", "Q4019276", "KB4019276-v2", "KB4019276 & echo"])
def test_what_is_no_update(text: str) -> None:
    with pytest.raises(ValueError, match="is no update"):
        update_id(text)


def test_an_unknown_windows_gets_nothing() -> None:
    ctx = host("xp-sp3")
    unknown = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, release=None, os="unknown", why="odd build"))
    (step,) = install(unknown, ["KB4019276"]).steps
    assert (step.kind, step.why) == (StepKind.REFUSED, "Whether KB4019276 fits cannot be told: odd build.")


@pytest.mark.parametrize(
    ("architecture", "kind"), [("unknown", "refused"), ("arm64", "not_applicable"), ("amd64", "install")]
)
def test_the_architecture_decides(architecture: str, kind: str) -> None:
    ctx = host("win7-sp1", files=BARE)
    ctx = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, architecture=architecture))
    assert install(ctx, ["KB3140245"]).steps[0].kind.value == kind


def test_what_requires_something_that_cannot_be_had_is_refused() -> None:
    ctx = with_updates(
        host("win7-sp1", files=BARE),
        changed("KB3042058", requires=("KB2992611",)),
        changed("KB3140245", requires=("KB3042058",)),
    )
    found = install(ctx, ["KB3140245"])
    assert kinds(found) == ["not_applicable KB2992611", "refused KB3042058", "refused KB3140245"]
    assert "KB3140245 requires KB3042058, and that cannot be installed" in found.steps[2].why


def test_sha2_packages_come_first_where_an_update_is_signed_so() -> None:
    ctx = with_updates(host("win7-sp1", files=BARE), changed("KB3140245", prerequisites=("sha2",)))
    assert install(ctx, ["KB3140245"]).installs == ("KB4490628", "KB4474419", "KB3140245")


@pytest.mark.parametrize(
    ("layers", "steps"),
    [
        ([], ["install KB3042058", "reboot", "install KB3140245", "reboot"]),
        ([package("KB3042058", 0x60)], ["waiting KB3042058", "reboot", "install KB3140245", "reboot"]),
        ([package("KB3042058", 0x70)], ["present KB3042058", "install KB3140245", "reboot"]),
    ],
)
def test_an_earlier_reboot_only_where_a_package_needs_it(layers: list[Keys], steps: list[str]) -> None:
    needy = changed("KB3140245", requires=("KB3042058",), after_reboot_of=("KB3042058",))
    found = install(with_updates(host("win7-sp1", *layers, files=BARE), needy), ["KB3140245"])
    assert kinds(found) == steps
    assert "KB3042058 in force" in next((s.why for s in found.steps if s.kind is StepKind.REBOOT), "") or not layers[1:]


def test_what_stands_in_for_a_required_update_comes_before_it_is_needed() -> None:
    """KB4056564 replaces KB4019276 on Vista; what requires the one waits for the other, its reboot included."""
    fields: dict[str, t.Any] = {"os": ("vista-sp2",), "requires": ("KB4019276",), "superseded_by": ()}
    vista = dataclasses.replace(KNOWLEDGE.updates["KB4019276"].packages[-1], os=("vista-sp2",))
    needy = changed("KB3140245", **fields, order=10, after_reboot_of=("KB4019276",), packages=(vista,))
    ctx = with_updates(host("vista-sp2", files=BARE), needy)
    found = install(ctx, ["KB3140245", "KB4056564"])
    assert kinds(found) == [
        "superseded KB4019276",
        "install KB4056564",
        "reboot",
        "install KB3140245",
        "reboot",
    ]


def test_what_only_comes_along_makes_nothing_needless_that_was_asked_for() -> None:
    ctx = with_updates(
        host("win7-sp1", files=BARE),
        changed("KB3042058", requires=("KB4474419",)),
        changed("KB3140245", requires=("KB3042058",), superseded_by=("KB4474419",)),
    )
    assert install(ctx, ["KB3140245"]).installs == ("KB4490628", "KB4474419", "KB3042058", "KB3140245")


def test_updates_that_require_each_other_are_an_error() -> None:
    ctx = with_updates(
        host("win7-sp1", files=BARE),
        changed("KB3042058", requires=("KB3140245",)),
        changed("KB3140245", requires=("KB3042058",)),
    )
    with pytest.raises(ValueError, match="require each other: KB3042058, KB3140245"):
        install(ctx, ["KB3140245"])


@pytest.mark.parametrize(
    ("code", "layers", "outcome"),
    [
        (0x80240017, [{ROLLUP: {"CurrentState": 0x70}}], "superseded"),
        (0x80240017, [], "not_applicable"),
        (0, [{ROLLUP: {"CurrentState": 0x70}}], "installed"),
        (112, [{ROLLUP: {"CurrentState": 0x70}}], "disk_full"),
    ],
)
def test_not_applicable_is_superseded_where_something_newer_is_in(code: int, layers: list[Keys], outcome: str) -> None:
    ctx = host("win7-sp1", *layers)
    found = after_run(ctx, KNOWLEDGE.updates["KB3140245"], lookup.outcome_of(KNOWLEDGE, "wusa", code))
    assert found.outcome == outcome
    assert ("is not needed: " in found.words) is (outcome == "superseded")
