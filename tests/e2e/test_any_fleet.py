# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every Windows host, real ones too.

Set MAILFLEET_TEST_INVENTORY to an inventory with a group ``windows`` to run these against hosts of your own. They only
read. Without it, the lab's hosts are audited.
"""

from __future__ import annotations

import json
import os
import typing as t
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import ROOT, playbook

LAB_FLEET = ("xp-sp3", "server-2003-sp2", "vista-sp2", "win7-sp1", "win8.1", "win10-22h2", "server-2025")


@pytest.fixture(scope="module")
def inventory() -> Iterator[Path]:
    own = os.environ.get("MAILFLEET_TEST_INVENTORY")
    if own:
        yield Path(own).resolve()
        return
    with Lab(hosts=[{"name": os_id.replace(".", "-"), "os": os_id} for os_id in LAB_FLEET]) as lab:
        yield lab.inventory


@pytest.fixture(scope="module")
def results(inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    found, done = playbook(inventory, tmp_path_factory.mktemp("build"))
    assert found, done.stdout + done.stderr
    return {name: result for name, result in found.items() if not result.get("unreachable")}


def test_every_result_keeps_to_the_schema(results: dict[str, t.Any]) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "audit-result.schema.json").read_text("utf-8"))
    checker = jsonschema.Draft202012Validator(schema)
    for result in results.values():
        checker.validate(result)


def test_reading_changes_nothing(results: dict[str, t.Any]) -> None:
    for result in results.values():
        assert result["changed"] is False
        assert result["writes"] == []


def test_unknown_is_never_a_pass(results: dict[str, t.Any]) -> None:
    for result in results.values():
        for finding in result["findings"]:
            if finding["state"] == "pass":
                assert not str(finding["observed"]).startswith("unread")
                assert finding["effective"] != "unknown"


def test_every_finding_has_a_source_and_a_reason_where_it_fails(results: dict[str, t.Any]) -> None:
    for result in results.values():
        for finding in result["findings"]:
            assert finding["source"]
            assert finding["why"] or finding["state"] in ("pass", "not_applicable")


def test_a_verdict_comes_with_a_reason(results: dict[str, t.Any]) -> None:
    for result in results.values():
        assert bool(result["reason"]) == (result["verdict"] != "ok")
        assert result["next_step"]
