# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for any host, any operator and any server."""

from __future__ import annotations

import json
import re
from pathlib import Path

import hypothesis
import jsonschema
from hypothesis import given

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.effective import Effect, schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Change,
    ChangeKind,
    Outcome,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit, audit, build
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from tests.support.hosts import KNOWLEDGE
from tests.unit.plugin_utils.plan.generated_hosts import Case, hosts, some_roots

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs/schema/audit-result.schema.json").read_text("utf-8")))
BADNESS = list(Verdict)
MACHINE_SHARED = re.compile(r"HKLM\\(?:SYSTEM\\.*Wow6432Node|SOFTWARE\\(?:Wow6432Node\\)?Policies)", re.IGNORECASE)
examples = hypothesis.settings(max_examples=100)


def needed(found: Audit) -> list[Change]:
    return [change for change in found.plan.changes if not change.optional]


@examples
@given(hosts())
def test_the_result_is_json_by_its_schema_and_reads_well(case: Case) -> None:
    ctx = case.context()
    found = audit(ctx)
    shown = json.loads(json.dumps(result(ctx, found)))
    assert list(SCHEMA.iter_errors(shown)) == []
    assert bool(shown["reason"]) == (shown["verdict"] != "ok")
    for text in (shown["reason"], *(one["why"] for one in (*shown["findings"], *shown["routes"]))):
        assert ".." not in text
        assert ".;" not in text
        assert ".)" not in text


@examples
@given(hosts())
def test_a_plan_writes_only_what_this_host_has_and_no_policy(case: Case) -> None:
    ctx = case.context()
    done = after(ctx, build(ctx))
    kinds = [list(ChangeKind).index(change.kind) for change in audit(ctx).plan.changes]
    assert kinds == sorted(kinds)
    places = [(c.details["key"], c.details["name"]) for c in build(ctx).changes if c.kind is ChangeKind.REGISTRY]
    assert len(places) == len(set(places))
    without = {f.key for f in schannel(done).values() if f.effect is Effect.NOT_SUPPORTED}
    for key, _name in places:
        assert not MACHINE_SHARED.match(key)
        assert r"\Policies\\" not in key
        assert "Wow6432Node" not in key or ctx.host.architecture in ("amd64", "arm64") or ".NETFramework" in key
        assert key not in without


@examples
@given(hosts())
def test_an_update_is_offered_fits_comes_in_order_and_after_what_it_requires(case: Case) -> None:
    ctx = case.context()
    steps = [change.details for change in build(ctx).changes if change.kind is ChangeKind.UPDATE]
    os_id = next((step["release"] for step in reversed(steps) if "release" in step), ctx.host.os)
    packages = [KNOWLEDGE.updates[step["kb"]] for step in steps if "kb" in step]
    seen: set[str] = set()
    for update in packages:
        assert update.offered
        assert os_id in update.os
        assert ctx.host.architecture == "unknown" or lookup.packages(update, os_id, ctx.host.architecture)
        missing = set(update.requires) - seen
        assert missing.isdisjoint(other.id for other in packages)
        seen.add(update.id)


@examples
@given(hosts())
def test_a_plan_carried_out_leaves_nothing_needed(case: Case) -> None:
    ctx = case.context()
    left = build(after(ctx, build(ctx)))
    assert [change for change in left.changes if not change.optional] == []


@examples
@given(hosts())
def test_a_verdict_keeps_its_word(case: Case) -> None:
    ctx = case.context()
    found = audit(ctx)
    steps = needed(found)
    open_routes = [route for route in found.routes if "waived" not in route.why]
    if found.verdict is not Verdict.UNKNOWN:
        assert ctx.release is not None
        assert all(Outcome.UNKNOWN not in (route.now, route.after) for route in open_routes)
    if found.verdict in (Verdict.OK, Verdict.FIXABLE, Verdict.NEEDS_UPDATE):
        assert all(route.after is Outcome.WORKS and route.via == "direct" for route in open_routes)
    if found.verdict is Verdict.OK:
        assert all(route.now is Outcome.WORKS for route in open_routes)
    if found.verdict is Verdict.FIXABLE:
        assert steps
        assert {change.kind for change in steps} != {ChangeKind.RELAY}
    if found.verdict is Verdict.NEEDS_UPDATE and "updates" not in ctx.options.skip and not ctx.options.only:
        assert ctx.options.waivers or any(change.kind is ChangeKind.UPDATE for change in steps)
    relayed = {(route.server, route.port) for route in found.routes if route.via == "relay"}
    assert {(c.details["server"], c.details["port"]) for c in steps if c.kind is ChangeKind.RELAY} == (
        relayed if ctx.release else set()
    )


@examples
@given(hosts(), some_roots)
def test_reading_less_never_makes_a_host_look_better(case: Case, more: list[str]) -> None:
    known, less = audit(case.context()), audit(case.context(*more))
    assert BADNESS.index(less.verdict) <= BADNESS.index(known.verdict)
    old = {(finding.id, finding.subject): finding for finding in known.findings}
    for finding in less.findings:
        was = old.get((finding.id, finding.subject))
        if finding.state is State.PASS and was is not None:
            assert was.state in (State.PASS, State.NOT_APPLICABLE), (finding, was)
    routes = {(r.user, r.account, r.server, r.port, r.protocol): r for r in known.routes}
    for route in less.routes:
        was_route = routes.get((route.user, route.account, route.server, route.port, route.protocol))
        if was_route is not None and route.now is Outcome.WORKS:
            assert was_route.now is Outcome.WORKS


@examples
@given(hosts())
def test_what_does_not_count_stays_out(case: Case) -> None:
    ctx = case.context()
    found = audit(ctx)
    gone = ctx.options.skip | (set(KNOWLEDGE_FAMILIES) - ctx.options.only if ctx.options.only else set())
    assert all(finding.family not in gone for finding in found.findings if finding.family != "os")
    assert all(
        change.family not in gone for change in found.plan.changes if change.family not in ("os", "relay", "reboot")
    )
    if "updates" in gone:
        assert not any(change.kind is ChangeKind.UPDATE for change in found.plan.changes)


KNOWLEDGE_FAMILIES = {check.family for check in KNOWLEDGE.checks.values()} - {"os", "reboot"}


@examples
@given(hosts())
def test_findings_of_severity_info_never_move_the_verdict(case: Case) -> None:
    ctx = case.context()
    found = audit(ctx)
    if found.verdict is Verdict.OK:
        return
    moved = [
        finding
        for finding in found.findings
        if finding.state in (State.FAIL, State.UNKNOWN) and finding.severity in (Severity.MEDIUM, Severity.HIGH)
    ]
    broken = [r for r in found.routes if (r.now, r.after, r.via) != (Outcome.WORKS, Outcome.WORKS, "direct")]
    assert moved or broken or ctx.release is None


@examples
@given(hosts())
def test_the_same_host_gets_the_same_answer(case: Case) -> None:
    assert audit(case.context()) == audit(case.context())
