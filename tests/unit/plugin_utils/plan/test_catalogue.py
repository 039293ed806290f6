# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From audits to the files that have to be fetched: each once, in order, with the hosts that need it."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.catalogue import Catalogue, catalogue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from tests.support.hosts import KNOWLEDGE, TODAY, host


def audited(ctx: Context) -> t.Any:
    """What an audit writes into a file, read back."""
    return json.loads(json.dumps(result(ctx, audit(ctx))))


def listed(found: Catalogue) -> list[tuple[str, str, str]]:
    return [(file.kb, file.architecture, file.language) for file in found.files]


def planning(*kbs: str, os_id: str = "xp-sp3", architecture: str = "x86", **fields: t.Any) -> dict[str, t.Any]:
    """As much of a result as counts here."""
    plan = [{"kind": "update", "kb": kb, "optional": False, **fields} for kb in kbs]
    return {"verdict": "needs_update", "host": {"os": os_id, "architecture": architecture}, "plan": plan}


def test_the_audit_of_a_fleet() -> None:
    every_mask = AuditOptions(today=TODAY, policy="compat")
    fleet = {
        "xp-1": audited(host("xp-sp3")),
        "xp-2": audited(host("xp-sp3")),
        "seven": audited(host("win7-sp1", options=every_mask, files={})),
        "new": audited(host("win11-24h2")),
    }
    found = catalogue(KNOWLEDGE, fleet)
    assert found.hosts == 4
    tls = [file for file in found.files if file.kb == "KB4019276"]
    assert [file.language for file in tls] == ["chs", "enu", "jpn", ""]
    assert {file.hosts for file in tls} == {("xp-1", "xp-2")}
    assert [file.exact for file in tls] == [True, True, True, False]
    assert tls[1].sha256 == "381abded5dd70a02bd54d4e8926e519ca6b306e26cbf10c45bbf1533bf57a026"
    assert tls[1].prerequisites == ("posready", "sp3")
    assert "new" not in {name for file in found.files for name in (*file.hosts, *file.optional_for)}


@pytest.mark.parametrize(
    ("results", "files"),
    [
        ({"a": planning("KB3140245", os_id="win7-sp1", architecture="amd64")}, [("KB3140245", "amd64", "")]),
        (
            {"a": planning("KB3140245", os_id="win7-sp1", architecture="unknown")},
            [("KB3140245", "amd64", ""), ("KB3140245", "x86", "")],
        ),
        (
            {
                "a": planning("KB3140245", os_id="win7-sp1", architecture="amd64"),
                "b": planning("KB3140245", os_id="server-2008r2-sp1", architecture="amd64"),
                "c": planning("KB3140245", os_id="win7-sp1", architecture="x86"),
            },
            [("KB3140245", "amd64", ""), ("KB3140245", "x86", "")],
        ),
        (
            {"a": planning("KB4467770", "KB4019276")},
            [
                ("KB4019276", "x86", "chs"),
                ("KB4019276", "x86", "enu"),
                ("KB4019276", "x86", "jpn"),
                ("KB4019276", "x86", ""),
                ("KB4467770", "x86", "enu"),
                ("KB4467770", "x86", ""),
            ],
        ),
        ({}, []),
    ],
)
def test_files_by_architecture_and_language_in_the_order_of_installation(
    results: dict[str, t.Any], files: list[tuple[str, str, str]]
) -> None:
    assert listed(catalogue(KNOWLEDGE, results)) == files


def test_needed_and_optional_hosts_are_told_apart() -> None:
    optional = planning("KB3140245", os_id="win7-sp1", architecture="amd64", optional=True)
    needed = planning("KB3140245", os_id="win7-sp1", architecture="amd64")
    (file,) = catalogue(KNOWLEDGE, {"c": optional, "b": needed, "a": needed}).files
    assert (file.hosts, file.optional_for) == (("a", "b"), ("c",))


def test_after_a_service_pack_the_packages_of_the_newer_release_are_listed() -> None:
    old = planning("KB4019276", os_id="xp-sp2")
    old["plan"].insert(0, {"kind": "update", "release": "xp-sp3", "name": "Windows XP SP3", "optional": False})
    found = catalogue(KNOWLEDGE, {"a": old})
    assert {file.kb for file in found.files} == {"KB4019276"}
    (missing,) = found.missing
    assert (missing.what, missing.hosts) == ("Windows XP SP3", ("a",))


def test_an_audit_of_an_old_service_pack() -> None:
    found = catalogue(KNOWLEDGE, {"a": audited(host("xp-sp2"))})
    assert "KB4019276" in {file.kb for file in found.files}
    assert "Windows XP SP3" in {missing.what for missing in found.missing}


@pytest.mark.parametrize(
    ("result", "what", "words"),
    [
        ({"unreachable": True, "msg": "no route"}, "audit", "was not audited"),
        ({"failed": True}, "audit", "was not audited"),
        ("nonsense", "audit", "was not audited"),
        (None, "audit", "was not audited"),
        ({"verdict": "unknown", "host": {}, "plan": []}, "audit", "may need more than is listed"),
        ({"verdict": "needs_relay", "host": {}, "plan": []}, "mail", "it needs a relay"),
        (
            planning("KB3140245", os_id="win7-sp1", architecture="arm64"),
            "KB3140245",
            "no package of it for Windows 7 SP1",
        ),
        (planning("KB5017811", os_id="win10-1809", architecture="amd64"), "KB5017811", "There is no package of it"),
        (planning("KB1111111"), "KB1111111", "is in no table"),
        (planning("KB4019276", os_id="win13"), "KB4019276", "is in no table"),
        (planning("KB1\x1b[31m\u202e"), "KB1\\x1b[31m\\u202e", "is in no table"),
    ],
)
def test_what_cannot_be_had_or_is_not_known(result: t.Any, what: str, words: str) -> None:
    found = catalogue(KNOWLEDGE, {"a": result})
    assert found.files == ()
    (missing,) = found.missing
    assert (missing.what, missing.hosts) == (what, ("a",))
    assert words in missing.why


@pytest.mark.parametrize(
    "result",
    [
        {"verdict": "ok", "host": {"os": "win7-sp1", "architecture": "x86"}, "plan": []},
        {"verdict": "ok", "host": None, "plan": None},
        {"verdict": "ok", "host": [], "plan": {"kind": "update"}},
        {"verdict": "ok", "host": {}, "plan": [None, 7, {"kind": "registry"}, {}]},
    ],
)
def test_results_without_updates(result: t.Any) -> None:
    assert catalogue(KNOWLEDGE, {"a": result}) == Catalogue((), (), 1)


def test_server_2003_and_xp_x64_are_never_sent_for_kb4019276() -> None:
    found = catalogue(KNOWLEDGE, {os_id: audited(host(os_id)) for os_id in ("server-2003-sp2", "xp-x64-sp2")})
    assert "KB4019276" not in {file.kb for file in found.files}
    assert ("mail", ("server-2003-sp2", "xp-x64-sp2")) in {(missing.what, missing.hosts) for missing in found.missing}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "kb", "os"]), inner),
    max_leaves=8,
)
HOSTILE = st.fixed_dictionaries(
    {"verdict": JSON, "host": st.fixed_dictionaries({"os": JSON, "architecture": JSON}) | JSON},
    optional={
        "plan": st.lists(st.fixed_dictionaries({"kind": st.just("update")}, optional={"kb": JSON, "release": JSON}))
    },
)


@given(results=st.dictionaries(st.text(max_size=5), HOSTILE | JSON, max_size=4))
def test_whatever_a_file_of_results_holds(results: dict[str, t.Any]) -> None:
    found = catalogue(KNOWLEDGE, results)
    assert found.hosts == len(results)


PLANNED = st.builds(
    lambda os_id, kbs, architecture: planning(*kbs, os_id=os_id, architecture=architecture),
    st.sampled_from(["xp-sp3", "vista-sp2", "win7-sp1", "server-2012"]),
    st.lists(st.sampled_from(sorted(KNOWLEDGE.updates)), max_size=4, unique=True),
    st.sampled_from(["x86", "amd64", "unknown"]),
)


@given(fleet=st.lists(PLANNED, max_size=5))
def test_every_host_finds_its_files_and_no_file_is_listed_twice(fleet: list[t.Any]) -> None:
    results = {f"host-{number}": result for number, result in enumerate(fleet)}
    found = catalogue(KNOWLEDGE, results)
    assert len({(file.kb, file.file, file.architecture) for file in found.files}) == len(found.files)
    orders = [file.order for file in found.files]
    assert orders == sorted(orders)
    for name, planned in results.items():
        own = {file.file for file in found.files if name in file.hosts}
        about = planned["host"]
        for change in planned["plan"]:
            update = KNOWLEDGE.updates[change["kb"]]
            assert {p.file for p in lookup.packages(update, about["os"], about["architecture"])} <= own
    reverse = catalogue(KNOWLEDGE, dict(reversed(results.items())))
    assert reverse == found
