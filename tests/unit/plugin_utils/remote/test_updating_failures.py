# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with packages: each with its own words, nothing run unverified, and a new run gets there."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Updated
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from tests.support.lab_shell import consents
from tests.support.update_bench import XP, UpdateBench, seven, xp

KB = "KB4019276"
NAME = "windowsxp-kb4019276-x86-embedded-deu.exe"
SEVEN_KB, SEVEN_NAME = "KB3140245", "windows6.1-kb3140245-x64.msu"


def only(bench: UpdateBench, *names: str) -> UpdateBench:
    """Nothing else is in the folder."""
    for path in bench.packages.iterdir():
        if path.name not in names:
            path.unlink()
    return bench


def converges(bench: UpdateBench, kb: str) -> Updated:
    """A new run gets there, and leaves nothing behind."""
    done = bench.update(kb, reboot=True)
    assert done.failed == ()
    assert done.after is not None
    assert presence(done.after.context, kb).present
    assert bench.litter() == []
    return done


def ran_nothing(bench: UpdateBench) -> bool:
    """Whether no installer was ever started."""
    return not any("schtasks" in line for line in bench.host.counters.executed)


def truncate(bench: UpdateBench, name: str) -> None:
    path = bench.packages / name
    path.write_bytes(path.read_bytes()[:-10])


REFUSALS: dict[str, tuple[t.Callable[[Path], UpdateBench], str, str]] = {
    "wrong architecture": (
        lambda folder: only(seven(folder), "windows6.1-kb3140245-x86.msu"),
        SEVEN_KB,
        r"windows6\.1-kb3140245-x86\.msu is for 32-bit \(x86\) Windows, and this one is 64-bit \(x64\)",
    ),
    "wrong language": (
        lambda folder: only(xp(folder), "windowsxp-kb4019276-x86-embedded-fra.exe"),
        KB,
        r"is the package for French Windows, and this one is German: get the one for it \(-deu\)",
    ),
    "no file": (lambda folder: only(xp(folder)), KB, r"No file of KB4019276 is in .*: put windowsxp-kb4019276"),
    "no folder": (
        lambda folder: _without_folder(xp(folder)),
        KB,
        r"packages cannot be read here \(No such file or directory\)",
    ),
    "older service pack": (
        lambda folder: _with_packages(UpdateBench(folder, os="xp-sp2", language="de")),
        KB,
        "KB4019276 needs Windows XP SP3 first, and this host has Windows XP SP2",
    ),
    "IE 8 is missing": (
        lambda folder: _with_ie8_package(xp(folder)),
        "KB4230450",
        "KB4230450 needs Internet Explorer 8 first, and no version of it was found",
    ),
    "what is no update": (xp, "4711", "'4711' is no update: write KB and its number"),
    "an update of no table": (xp, "KB9999999", "KB9999999 is in no table"),
}


def _without_folder(bench: UpdateBench) -> UpdateBench:
    only(bench).packages.rmdir()
    return bench


def _with_packages(bench: UpdateBench) -> UpdateBench:
    bench.offer(XP)
    return bench


def _with_ie8_package(bench: UpdateBench) -> UpdateBench:
    name = "ie8-windowsxp-kb4230450-x86-embedded-deu.exe"
    bench.offer({name: ("KB4230450-IE8", "xp-sp3", "x86", "deu")})
    return bench


@pytest.mark.parametrize("case", REFUSALS)
def test_a_package_that_does_not_fit_is_refused_before_anything_is_done(tmp_path: Path, case: str) -> None:
    make, kb, words = REFUSALS[case]
    bench = make(tmp_path)
    before = bench.registry()
    with pytest.raises(Refusal, match=words):
        bench.update(kb)
    assert bench.registry() == before
    assert ran_nothing(bench)


def test_a_checksum_that_is_not_right_is_refused(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    bench.checksums[NAME] = "0" * 64
    with pytest.raises(Refusal, match=f"{NAME} has the SHA-256 [0-9a-f]{{64}} instead of 0{{64}}: it is another file"):
        bench.update(KB)
    bench.offer(XP)
    converges(bench, KB)


def test_without_a_checksum_it_is_refused(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    bench.checksums.clear()
    with pytest.raises(Refusal, match="cannot be verified: no package runs unverified"):
        bench.update(KB)
    assert ran_nothing(bench)


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    truncate(bench, NAME)
    with pytest.raises(Refusal, match="altered or cut off on its way"):
        bench.update(KB)
    assert ran_nothing(bench)
    bench.offer(XP)
    converges(bench, KB)


def test_one_that_does_not_fit_keeps_the_others_from_being_run(tmp_path: Path) -> None:
    bench = only(xp(tmp_path), NAME)
    with pytest.raises(Refusal, match="No file of KB4467770"):
        bench.update("KB4467770")
    assert ran_nothing(bench)


EXIT_CODES = {
    1603: (KB, "failed", "KB4019276 failed with a code that no table knows (exit code 1603)"),
    1618: (KB, "busy", "another installation runs"),
    112: (KB, "disk_full", "the disk of the host is full"),
    5: (KB, "access_denied", "access denied"),
    0: (KB, "installed", "KB4019276 is installed."),
    1641: (KB, "needs_reboot", "the installer has begun by itself"),
    0x800F081E: (SEVEN_KB, "not_applicable", "does not fit this Windows, or something newer is in"),
    0x800F0823: (SEVEN_KB, "missing_prerequisite", "needs a newer servicing stack first"),
    0x80070070: (SEVEN_KB, "disk_full", "the disk of the host is full"),
}


@pytest.mark.parametrize("code", EXIT_CODES)
def test_exit_codes_become_words(tmp_path: Path, code: int) -> None:
    kb, outcome, words = EXIT_CODES[code]
    make = xp if kb == KB else seven
    bench = make(tmp_path, installers={kb: {"exit_code": code}})
    done = bench.update(kb)
    (run,) = done.packages
    assert (run.outcome, words in run.words) == (outcome, True), run.words
    # These installers have installed nothing, whatever they say.
    good = outcome in ("installed", "needs_reboot")
    assert (done.failed == (run.words,)) is not good
    assert any("is not in, though its installer said that it installed it" in one for one in done.failed) is good
    assert bench.litter() == []
    bench.host.entry.installers.pop(kb)  # type: ignore[attr-defined]
    converges(bench, kb)


def test_the_last_words_of_the_log_are_told(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    # The file's name is that of the German package, and its content is not.
    bench.offer({NAME: (KB, "xp-sp3", "x86", "fra")})
    done = bench.update(KB)
    assert "(exit code 1603)" in done.failed[0]
    assert "because the language installed on your system is different from the update language" in done.failed[0]
    bench.offer(XP)
    converges(bench, KB)


def test_a_full_disk_is_told_and_nothing_is_left_there(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    bench.offer({NAME: (KB, "xp-sp3", "x86", "deu")}, size=400_000)
    bench.host.files.room = 300_000
    done = bench.update(KB)
    assert re.search("its disk is full", done.failed[0])
    assert not any("schtasks /create" in line for line in bench.host.counters.executed)
    assert bench.litter() == []
    bench.host.files.room = 0
    converges(bench, KB)


def test_one_that_hangs_is_left_running_and_the_next_run_goes_on_watching(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={KB: {"hangs": True}})
    done = bench.update(KB, install_timeout=40)
    (run,) = done.packages
    assert (run.outcome, done.failed) == ("running", (run.words,))
    assert "still runs after 40 seconds (install_timeout) and was left running" in run.words
    again = bench.update(KB, install_timeout=40)
    assert again.packages[0].outcome == "running"
    # What its words advise: restart the host, and run again.
    bench.host.entry.installers.pop(KB)  # type: ignore[attr-defined]
    bench.host.power.restart()
    last = converges(bench, KB)
    assert "broke off" in last.remarks[0]


def test_a_slow_one_is_found_by_the_next_run(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={KB: {"seconds": 200}})
    first = bench.update(KB, install_timeout=20)
    assert first.packages[0].outcome == "running"
    last = converges(bench, KB)
    assert [(run.kb, run.outcome, run.resumed) for run in last.packages] == [(KB, "installed", True)]


def test_progress_is_told_while_it_runs(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={KB: {"seconds": 200}})
    assert bench.update(KB).failed == ()
    assert len([line for line in bench.time.lines if re.fullmatch(r"KB4019276: runs for \d+ seconds", line)]) >= 3


def test_a_host_that_never_comes_back(tmp_path: Path) -> None:
    bench = xp(tmp_path, never_returns=True)
    done = bench.update(KB, reboot=True, reboot_timeout=300)
    assert [run.outcome for run in done.packages] == ["needs_reboot"]
    assert "did not come back within 300 seconds" in done.failed[0]
    assert done.after is None


def test_a_host_that_does_not_go_down(tmp_path: Path) -> None:
    bench = xp(tmp_path, ignores_shutdown=True)
    done = bench.update(KB, reboot=True, reboot_timeout=300)
    assert "did not go down" in done.failed[0] or "still runs" in done.failed[0], done.failed


def test_a_new_run_asks_for_no_consent_that_an_old_one_had(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={KB: {"seconds": 200}})
    bench.update(KB, install_timeout=20)
    done = bench.update(KB, terms=consents())
    assert done.failed == ()
