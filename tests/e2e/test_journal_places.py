# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where journals are kept and who signed them: links, names of hosts that are paths, keys that are not the right."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.test_fix import FIX, ROLLBACK, Export, call, exports
from tests.e2e.test_tampered_journals import Data, edited, kept, repacked, setting, tree
from tests.lab.fleet import Lab
from tests.support.run_ansible import results_of, run

KEY = "a key of this test"
OTHER_KEY = "another key of this test"


def one_sentence(result: Data, *words: str) -> None:
    """It failed, and says so in one sentence with these words."""
    assert result["failed"] is True, result
    assert not result["changed"]
    for word in words:
        assert word in result["msg"]
    assert "\n" not in result["msg"]
    assert "Traceback" not in result["msg"]


# --- signatures ----------------------------------------------------------------------------------------------------


def signed(signature: str | None) -> Callable[[bytes], bytes]:
    return lambda raw: json.dumps({**json.loads(raw), "hmac": signature}).encode()


CHANGED = "was not signed with this"
#: What becomes of a signed journal, and what the refusal of the controller's and of the host's one names.
SIGNATURES: dict[str, tuple[Callable[[bytes], bytes], tuple[str, str]]] = {
    "edited": (edited(setting("time", "2020-01-01T00:00:00Z")), (CHANGED, CHANGED)),
    "foreign": (signed("0" * 64), (CHANGED, CHANGED)),
    "unsigned": (signed(None), ("is not signed", "is not signed")),
    "no-hmac": (signed("!"), ("64 small hex digits", "64 small hex digits")),
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Data], dict[str, t.Any], bool]:
    """Results of rollbacks with the key, the counters of the refused ones, whether nothing had changed by then."""
    journals = tmp_path_factory.mktemp("signed") / "journals"
    names = [f"{side}-{name}" for side in ("controller", "host") for name in (*SIGNATURES, "good", "otherkey")]
    with Lab(hosts=[{"name": name, "os": "win7-sp1"} for name in names]) as lab:
        fixed = call(lab, FIX, journals, "-f", "12", journal_key=KEY)
        for name in names:
            side, _dash, case = name.partition("-")
            file = journals / name / f"{fixed[name]['run']}.json"
            change = SIGNATURES[case][0] if case in SIGNATURES else bytes
            if side == "controller":
                file.write_bytes(change(file.read_bytes()))
            else:
                file.unlink()
                kept(lab.host(name), fixed[name]["run"], repacked(change))
        lab.reset()
        before, key = exports(lab), KEY
        results: dict[str, Data] = {}
        for hosts, key in (("windows:!*-good:!*-otherkey", KEY), ("*-otherkey", OTHER_KEY)):
            results |= rolled_back(lab, hosts, journals, key)
        counters, same = lab.counters(), exports(lab) == before
        return results | rolled_back(lab, "*-good", journals, KEY), counters, same


def rolled_back(lab: Lab, hosts: str, journals: Path, key: str) -> dict[str, Data]:
    options = json.dumps({"run": "last", "journal_dir": str(journals), "journal_key": key})
    return results_of(run("ansible", hosts, "-i", str(lab.inventory), "-m", ROLLBACK, "-a", options).stdout)


@pytest.mark.parametrize("side", ["controller", "host"])
@pytest.mark.parametrize("name", [*SIGNATURES, "otherkey"])
def test_a_wrong_signature_is_refused(
    judged: tuple[dict[str, Data], dict[str, t.Any], bool], side: str, name: str
) -> None:
    words = SIGNATURES[name][1] if name in SIGNATURES else SIGNATURES["foreign"][1]
    one_sentence(judged[0][f"{side}-{name}"], words[side == "host"])
    counters = judged[1][f"{side}-{name}"]
    assert (counters["writes"], counters["refused"]) == (0, [])


def test_nothing_was_undone_by_them(judged: tuple[dict[str, Data], dict[str, t.Any], bool]) -> None:
    assert judged[2]
    assert KEY not in json.dumps(judged[0])


@pytest.mark.parametrize("side", ["controller", "host"])
def test_a_right_signature_needs_no_consent(judged: tuple[dict[str, Data], dict[str, t.Any], bool], side: str) -> None:
    result = judged[0][f"{side}-good"]
    assert (result.get("failed", False), result["changed"], result["refused"]) == (False, True, [])


def linked_below(journals: Path, outside: Path) -> None:
    journals.mkdir()
    (journals / "below").symlink_to(outside)


# --- links ---------------------------------------------------------------------------------------------------------

#: What stands where the folder of journals, or that of a host in it, should be; how it is given; what is named.
LINKS: dict[str, tuple[Callable[[Path, Path], object], str, str]] = {
    "folder": (lambda journals, outside: journals.symlink_to(outside), "", "a symbolic link"),
    "slash": (lambda journals, outside: journals.symlink_to(outside), "/", "a symbolic link"),
    "dangling": (lambda journals, outside: journals.symlink_to(outside / "nowhere"), "", "a symbolic link"),
    "file": (lambda journals, _outside: journals.write_text("not a folder"), "", "a file"),
    "below": (linked_below, "", "a symbolic link"),
    "for-all": (lambda journals, _outside: (journals.mkdir(), journals.chmod(0o777)), "", "written by others"),
}


@dataclass(frozen=True)
class Told:
    """What came of fixes and of rollbacks; whether a host is as it was; the files that there were, and are."""

    fixed: dict[str, Data]
    undone: dict[str, Data]
    same: dict[str, bool]
    trees: tuple[dict[str, object], dict[str, object]]
    counters: dict[str, dict[str, t.Any]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def links(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("links")
    (folder / "outside").mkdir()
    fleet = []
    for name, (make, ending, _words) in LINKS.items():
        (folder / name).mkdir()
        make(folder / name / "journals", folder / "outside")
        fleet.append({"name": name, "os": "win7-sp1", "vars": {"journals": f"{folder / name / 'journals'}{ending}"}})
    before = tree(folder)
    with Lab(hosts=fleet) as lab:
        first = exports(lab)
        fixed = call(lab, FIX, folder, "-f", "6", journal_dir="{{ journals }}")
        undone = call(lab, ROLLBACK, folder, "-f", "6", journal_dir="{{ journals }}", run="all")
        last = exports(lab)
        same = {name: last[name] == first[name] for name in first}
        return Told(fixed, undone, same, (before, tree(folder)), lab.counters())


@pytest.mark.parametrize("name", LINKS)
def test_no_link_is_followed(links: Told, name: str) -> None:
    for results in (links.fixed, links.undone):
        one_sentence(results[name], LINKS[name][2], f"{name}/journals")
    assert links.same[name]
    assert (links.counters[name]["writes"], links.counters[name]["refused"]) == (0, [])


def test_nothing_is_written_behind_a_link(links: Told) -> None:
    assert links.trees[1] == links.trees[0]


# --- names of hosts ------------------------------------------------------------------------------------------------

#: Names in an inventory. Ansible itself takes all of them.
NAMES = ("..", ".", "...", "../outside", "/outside", "a/../../outside", "..%2foutside", "%2e%2e", ".hidden", "~", "C:x")
LONG = "x" * 300


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Told:
    folder = tmp_path_factory.mktemp("named")
    (folder / "outside").mkdir()
    before = tree(folder)
    journals = folder / "below" / "journals"
    with Lab(hosts=[{"name": name, "os": "win7-sp1"} for name in (*NAMES, LONG)]) as lab:
        first: dict[str, Export] = exports(lab)
        fixed = call(lab, FIX, journals, "-f", "12")
        found = tree(folder)
        undone = call(lab, ROLLBACK, journals, "-f", "12", run="all")
        last = exports(lab)
    return Told(fixed, undone, {name: last[name] == first[name] for name in first}, (before, found))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_a_path_is_a_name(named: Told, name: str) -> None:
    fixed, undone = named.fixed[name], named.undone[name]
    assert (fixed["changed"], fixed["errors"]) == (True, [])
    assert (undone["changed"], undone["errors"], undone["refused"]) == (True, [], [])
    assert named.same[name]


def test_all_files_are_where_they_belong(named: Told) -> None:
    found = named.trees[1]
    journals = [Path(path) for path in found if path.endswith(".json")]
    assert {path.stem for path in journals} == {named.fixed[name]["run"] for name in NAMES}
    assert {path.parent.parent for path in journals} == {Path("below/journals")}
    assert len({path.parent for path in journals}) == len(NAMES)
    assert not any(path.parent.name.startswith(".") for path in journals)
    folders = {"below", "below/journals", *(str(path.parent) for path in journals)}
    assert set(found) == folders | {str(path) for path in journals} | set(named.trees[0])


def test_a_name_too_long_for_a_folder_is_refused(named: Told) -> None:
    for results in (named.fixed, named.undone):
        one_sentence(results[LONG], "too long for a folder")
    assert named.same[LONG]
