# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which updates are installed on a host, in which order, and when it restarts."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.prerequisites import required_updates
from tests.support.hosts import KNOWLEDGE, Keys, host

PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
FAMILY = KNOWLEDGE.registry["updates-xp"].key
FAMILY_IE8 = KNOWLEDGE.registry["updates-xp-ie8"].key
ROLLUP = PACKAGES + r"\Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24545.1.8"
#: Nothing of them is on these hosts, as far as files and packages tell.
BARE = {r"system32\winhttp.dll": FileVersion((6, 1, 7601, 17514)), r"system32\schannel.dll": FileVersion((1, 0, 0, 0))}
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
    no_rollup = [layer for layer in layers if ROLLUP in layer or PACKAGES in next(iter(layer))]
    files = {} if no_rollup else BARE
    found = install(host(os_id, *layers, files=files), asked)
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
    assert found.reboots == steps.count("reboot")
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


# Properties: any release, any updates, any of them already there, and tables in which packages need reboots between.

RELEASES = ["xp-sp3", "posready-2009", "xp-sp2", "server-2003-sp2", "vista-sp2", "win7-sp1", "server-2012", "win8.1"]
ASKED = st.lists(st.sampled_from(sorted(KNOWLEDGE.updates)), max_size=8)


@st.composite
def fleets(draw: st.DrawFn) -> Context:
    ctx = host(draw(st.sampled_from(RELEASES)), files=BARE)
    ctx = dataclasses.replace(ctx, assume_installed=frozenset(draw(ASKED)))
    rows = [row for row in KNOWLEDGE.updates.values() if ctx.host.os in row.os]
    linked = []
    for row in rows:
        earlier = sorted(other.id for other in rows if other.order < row.order)
        if earlier and draw(st.booleans()):
            requires = tuple(draw(st.lists(st.sampled_from(earlier), max_size=3, unique=True)))
            held = tuple(kb for kb in requires if draw(st.booleans()))
            linked.append(dataclasses.replace(row, requires=requires, after_reboot_of=held))
    return with_updates(ctx, *linked)


@given(ctx=fleets(), asked=ASKED)
def test_nothing_comes_before_what_it_requires(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    in_force: set[str] = set()
    done: set[str] = set()
    by = {step.update: step.by or step.update for step in found.steps if step.update}
    settled = {s.update for s in found.steps if s.kind in (StepKind.PRESENT, StepKind.WAITING)}
    for step in found.steps:
        if step.kind is StepKind.REBOOT:
            in_force |= done
        if step.kind is not StepKind.INSTALL:
            continue
        update = ctx.knowledge.updates[step.update]
        for needed in required_updates(ctx, update):
            stand_in = by[needed]
            assert needed in settled or stand_in in done or stand_in == step.update
            if needed in update.after_reboot_of and needed not in settled and stand_in != step.update:
                assert stand_in in in_force
        done.add(step.update)


@given(ctx=fleets(), asked=ASKED)
def test_each_update_once_and_one_reboot_at_the_end(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    names = [step.update for step in found.steps if step.update]
    assert len(names) == len(set(names))
    assert set(asked) <= set(names)
    assert bool(found.installs) is (found.reboots > 0)
    assert not found.installs or found.steps[-1].kind is StepKind.REBOOT
    needs_more = any(ctx.knowledge.updates[kb].after_reboot_of for kb in found.installs)
    assert needs_more or found.reboots <= 1
    for kb in found.installs:
        assert lookup.packages(ctx.knowledge.updates[kb], ctx.host.os, ctx.host.architecture)


@given(ctx=fleets(), asked=ASKED)
def test_a_second_run_has_nothing_to_do(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    after = dataclasses.replace(ctx, assume_installed=ctx.assume_installed | set(found.installs))
    again = install(after, asked)
    assert (again.installs, again.reboots) == ((), 0)


@given(ctx=fleets(), asked=ASKED, data=st.data())
def test_a_run_that_broke_off_goes_on_where_it_was(ctx: Context, asked: list[str], data: st.DataObject) -> None:
    found = install(ctx, asked)
    done = found.installs[: data.draw(st.integers(0, len(found.installs)))]
    again = install(dataclasses.replace(ctx, assume_installed=ctx.assume_installed | set(done)), asked)
    assert again.installs == found.installs[len(done) :]


@given(ctx=fleets(), asked=ASKED)
def test_the_order_of_asking_does_not_matter(ctx: Context, asked: list[str]) -> None:
    found = install(ctx, asked)
    assert install(ctx, [*reversed(asked), *asked]).installs == found.installs
