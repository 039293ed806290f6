# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals of real runs, tampered with on the controller and on the host: refused by name, and nothing is done.

One fleet: every host is fixed, then somebody gets at its journal, each in another way; then all are rolled back.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import typing as t
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.test_fix import FIX, ROLLBACK, RULES, Export, call, exports
from tests.e2e.test_hostile_hosts import reg_file
from tests.lab.fleet import Lab, LabHost
from tests.lab.host import SimulatedHost
from tests.support.run_ansible import results_of, run

Data = dict[str, t.Any]
RUN_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
JOURNALS = r"HKLM\SOFTWARE\MailFleet\Journal"
TRAP = "pwned"
COMMAND = f'x" & md {TRAP} & "'
#: Which machine it is, as every Windows says.
MACHINE = [
    r"[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography]",
    '"MachineGuid"="6f9619ff-8b86-d011-b42d-00c04fc964ff"',
]
#: All that a refused rollback may have carried out on a host: reading.
READS = ("echo ", "reg query ", "find ", "findstr ", "ver", "chcp", "set PROCESSOR_ARCH")


def value_step(key: str, name: str, before: object = None, after: object = None) -> Data:
    """An entry about a value. ``before``, ``after``: its text, None for absent."""
    sides = {
        side: None if text is None else {"name": name, "type": "REG_SZ", "data": text}
        for side, text in (("before", before), ("after", after))
    }
    return {"step": "value", "family": "tls", "key": key, "name": name, **sides, "creates": [], "removes": []}


def rule_step(name: str, key: str = RULES.replace("HKEY_LOCAL_MACHINE", "HKLM")) -> Data:
    text = f"v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=25|Name={name}|"
    return {"step": "rule", "key": key, "id": "", "name": name, "before": None, "after": text}


def adding(step: Data) -> Callable[[Data], None]:
    return lambda journal: journal["steps"].append(step)


def setting(*path: t.Any) -> Callable[[Data], None]:
    """``path``: keys and indexes down to one field, and then what it becomes."""

    def edit(journal: Data) -> None:
        *way, last, content = path
        place: t.Any = journal
        for one in way:
            place = place[one]
        place[last] = content

    return edit


def spoiling(text: str) -> Callable[[Data], None]:
    """The key of the first entry goes on."""
    return lambda journal: journal["steps"][0].update(key=journal["steps"][0]["key"] + text)


#: What a journal says → how it comes to say so, and what the refusal names.
SAYS: dict[str, tuple[Callable[[Data], None], str]] = {
    "run-key": (adding(value_step(RUN_KEY, "Evil", "calc.exe")), r"CurrentVersion\Run\Evil"),
    "run-key-only": (setting("steps", [value_step(RUN_KEY, "Evil", "calc.exe")]), r"CurrentVersion\Run\Evil"),
    "run-key-goes": (adding(value_step(RUN_KEY, "Antivirus", None, "av.exe")), r"CurrentVersion\Run\Antivirus"),
    "command-in-name": (setting("steps", 0, "name", COMMAND), "name"),
    "command-in-both-names": (adding(value_step(RUN_KEY, COMMAND, "x")), "no place that a plan changes"),
    "command-in-key": (spoiling(rf"\{COMMAND}"), "no place that a plan changes"),
    "command-in-rule": (adding(rule_step(COMMAND)), "never put on a command line"),
    "every-rule": (adding(rule_step("all")), "never put on a command line"),
    "other-rules": (adding(rule_step("MailFleet", r"HKLM\SOFTWARE\Policies")), "not a rule of the local firewall"),
    "other-host": (setting("host", "name", "SOMEBODY"), "'SOMEBODY'"),
    "other-machine": (setting("host", "machine", "00000000-1111-2222-3333-444444444444"), "MachineGuid"),
    "other-run": (setting("run", "20200101T000000Z-00000000"), "20200101T000000Z-00000000"),
    "key-goes": (setting("steps", 0, "creates", [r"HKLM\SOFTWARE\Microsoft"]), r"HKLM\SOFTWARE\Microsoft"),
    "foreign-data": (setting("steps", 0, "after", "data", 7), "no plan writes"),
    "service-account": (adding(value_step(r"HKU\S-1-5-18\Software", "x", "y")), "not in the hive of a user"),
    "twice": (lambda journal: journal["steps"].append(copy.deepcopy(journal["steps"][0])), "twice"),
    "other-version": (setting("journal", 2), "version"),
    "more-fields": (setting("execute", COMMAND), "'execute'"),
    "path-in-undoes": (setting("undoes", ["../../etc/passwd"]), "undoes"),
    "other-kind": (setting("kind", "format"), "kind"),
}


def linked(file: Path, outside: Path) -> None:
    file.rename(outside / f"{file.parent.name}.json")
    file.symlink_to(outside / f"{file.parent.name}.json")


def linked_folder(file: Path, outside: Path) -> None:
    file.parent.rename(outside / file.parent.name)
    file.parent.symlink_to(outside / file.parent.name)


def replaced(make: Callable[[Path], object]) -> Callable[[Path, Path], None]:
    def tamper(file: Path, _outside: Path) -> None:
        file.unlink()
        make(file)

    return tamper


#: What becomes of the controller's file, and what the refusal names.
FILES: dict[str, tuple[Callable[[Path, Path], object], str]] = {
    "link": (linked, "symbolic link"),
    "linked-folder": (linked_folder, "symbolic link"),
    "empty": (lambda file, _outside: file.write_bytes(b""), "not JSON"),
    "cut-off": (lambda file, _outside: file.write_bytes(file.read_bytes()[:-40]), "cut off"),
    "binary": (lambda file, _outside: file.write_bytes(bytes(range(256))), "not JSON"),
    "deep": (lambda file, _outside: file.write_bytes(b"[" * 200_000), "not JSON"),
    "large": (lambda file, _outside: file.write_bytes(b" " * (5 << 20)), "bytes"),
    "for-all": (lambda file, _outside: file.chmod(0o666), "written by others"),
    "folder": (replaced(lambda file: file.mkdir()), "folder"),
    "pipe": (replaced(os.mkfifo), "special file"),
}

#: What becomes of the pieces that the host keeps, and what the refusal names.
PIECES: dict[str, tuple[Callable[[str], str], str]] = {
    "short": (lambda text: text[:-8], "incomplete"),
    "half": (lambda text: text[: len(text) // 8 * 4], "incomplete"),
    "none": (lambda text: "", "keeps no journal"),
    "command": (lambda text: COMMAND, "damaged"),
    "bomb": (lambda text: packed(b" " * (64 << 20)), "more than"),
    "behind": (lambda text: based(zlib.compress(b"{}") + b"more"), "behind"),
}


def packed(raw: bytes) -> str:
    return based(zlib.compress(raw, 9))


def based(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def kept(host: LabHost, name: str, change: Callable[[str], str]) -> None:
    """Change what a host keeps of the run of that name, behind the back of all counters."""
    assert isinstance(host.backend, SimulatedHost)
    registry, key = host.backend.registry, rf"{JOURNALS}\{name}"
    pieces = {value: raw for value, (_type, raw) in host.export(key).popitem()[1].items() if value.startswith("Data")}
    ordered = sorted(pieces, key=lambda value: int(value.removeprefix("Data")))
    text = change("".join(pieces[value].decode("utf-16-le").rstrip("\0") for value in ordered))
    for value in pieces:
        registry.delete_value(key, value)
    for number, start in enumerate(range(0, len(text), 1000), 1):
        registry.set_text(key, f"Data{number}", text[start : start + 1000])


def edited(edit: Callable[[Data], None]) -> Callable[[bytes], bytes]:
    """A change of a journal's text: of what it says, and its signature stays."""

    def change(raw: bytes) -> bytes:
        outer = json.loads(raw)
        edit(outer["journal"])
        return json.dumps(outer).encode()

    return change


def repacked(change: Callable[[bytes], bytes]) -> Callable[[str], str]:
    return lambda text: packed(change(zlib.decompress(base64.b64decode(text))))


def tree(folder: Path) -> dict[str, object]:
    """Everything below a folder: targets of links, content of files, None for the rest."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        content: object = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = content
    return found


@dataclass(frozen=True)
class Outcome:
    """After the tampering and after the rollback."""

    results: Mapping[str, t.Any]
    output: str
    registries: tuple[Mapping[str, Export], Mapping[str, Export]]
    trees: tuple[dict[str, object], dict[str, object]]
    counters: Mapping[str, Mapping[str, t.Any]]


CASES = {
    **{f"says-{name}": words for name, (_edit, words) in SAYS.items()},
    **{f"host-says-{name}": words for name, (_edit, words) in SAYS.items()},
    **{f"file-{name}": words for name, (_tamper, words) in FILES.items()},
    **{f"pieces-{name}": words for name, (_change, words) in PIECES.items()},
}


def tamper(lab: Lab, folder: Path, runs: Mapping[str, str]) -> None:
    """Each host's own mischief. Where the host's journal is the one, the controller has lost its."""
    (folder / "outside").mkdir()
    for name, run_id in runs.items():
        kind, _dash, case = name.removeprefix("host-").partition("-")
        file = folder / "journals" / name / f"{run_id}.json"
        if name.startswith(("host-", "pieces-")):
            file.unlink()
        if name.startswith("host-"):
            kept(lab.host(name), run_id, repacked(edited(SAYS[case][0])))
        elif kind == "pieces":
            kept(lab.host(name), run_id, PIECES[case][0])
        elif kind == "file":
            FILES[case][0](file, folder / "outside")
        elif kind == "says":
            file.write_bytes(edited(SAYS[case][0])(file.read_bytes()))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("tampered")
    machine = reg_file(folder, "machine.reg", MACHINE)
    names = (*CASES, "control", "host-control")
    with Lab(hosts=[{"name": name, "os": "win7-sp1", "registry": [machine]} for name in names]) as lab:
        fixed = call(lab, FIX, folder / "journals", "-f", "12")
        runs = {name: one["run"] for name, one in fixed.items()}
        tamper(lab, folder, {name: run_id for name, run_id in runs.items() if name in CASES})
        (folder / "journals" / "host-control" / f"{runs['host-control']}.json").unlink()
        lab.reset()
        registries, trees = exports(lab), tree(folder)
        options = {"run": "last", "consent": ["host_journal"], "journal_dir": str(folder / "journals")}
        words = ("-i", str(lab.inventory), "-m", ROLLBACK, "-f", "12", "-a", json.dumps(options))
        # First those that must not be touched, then those by which we know that the others could have been.
        done = run("ansible", "windows:!control:!host-control", *words)
        outcome = Outcome(
            results_of(done.stdout), done.stdout + done.stderr, (registries, exports(lab)), (trees, tree(folder)), {}
        )
        counters = lab.counters()
        control = results_of(run("ansible", "control:host-control", *words).stdout)
        return Outcome({**outcome.results, **control}, outcome.output, outcome.registries, outcome.trees, counters)


@pytest.mark.parametrize(("name", "words"), CASES.items(), ids=CASES)
def test_it_is_refused_by_name(outcome: Outcome, name: str, words: str) -> None:
    result = outcome.results[name]
    assert result["failed"] is True
    assert (result["changed"], "run" in result) == (False, False)
    message = result["msg"]
    assert words in message
    assert "\n" not in message
    assert "Traceback" not in message
    assert message.endswith(".")


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_carried_out(outcome: Outcome, name: str) -> None:
    counters = outcome.counters[name]
    assert (counters["writes"], counters["written"], counters["refused"]) == (0, [], [])
    assert [command for command in counters["executed"] if not command.startswith(READS) or TRAP in command] == []
    assert outcome.registries[1][name] == outcome.registries[0][name]


def test_nothing_is_written_on_the_controller(outcome: Outcome) -> None:
    assert outcome.trees[1] == outcome.trees[0]
    assert "Traceback" not in outcome.output


@pytest.mark.parametrize("name", ["control", "host-control"])
def test_an_honest_journal_is_followed(outcome: Outcome, name: str) -> None:
    result = outcome.results[name]
    assert (result.get("failed", False), result["changed"], result["refused"]) == (False, True, [])
