# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts, logs and records may hold: last words of any length, and nothing that is run but what was meant."""

from __future__ import annotations

import typing as t
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import install_job, job_words
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_task import Look, Standing
from tests.support.job_bench import CASES, SEVEN, TEN, WHERE, XP, Case, JobBench
from tests.support.lab_shell import LabShell


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"3010\r\n", 3010),
        (b" 3010 \r\n", 3010),
        (b"-2146498530\r\n", 0x800F081E),
        (b"", None),
        (b"\r\n", None),
        (b"%errorlevel%\r\n", None),
        (b"99999999999999999999\r\n", None),
        (b"\xff\xfe", None),
    ],
)
def test_whatever_stands_in_the_code(tmp_path: Path, text: bytes, code: int | None) -> None:
    bench = JobBench(tmp_path, XP)
    bench.host.files.open(rf"{WHERE}\code.txt", append=False).content = text
    assert bench.look() == Look(Standing.ENDED, code)


@pytest.mark.parametrize(
    ("case", "entry", "says"),
    [
        (XP, {"language": "de"}, "Setup cannot update your Windows files because the language"),
        (XP, {"installers": {XP.kb: {"exit_code": 112}}}, "There is not enough space on the disk."),
        (TEN, {}, "HRESULT=800F081E"),
        (SEVEN, {"installers": {SEVEN.kb: {"exit_code": 0x800F0823}}}, "HRESULT=800F0823"),
        (CASES[6], {}, None),
    ],
)
def test_the_last_words_of_what_failed(tmp_path: Path, case: Case, entry: dict[str, t.Any], says: str | None) -> None:
    bench = JobBench(tmp_path, case, **entry)
    bench.start()
    assert bench.watched().code != 3010
    if says is None:
        assert bench.words() == ""
    else:
        assert says in bench.words()
    assert len(bench.words()) <= 300


def test_a_damaged_package_says_so_where_it_is_unpacked(tmp_path: Path) -> None:
    bench = JobBench(tmp_path, SEVEN)
    bench.host.files.open(rf"{WHERE}\{SEVEN.file}", append=False).content = b"MSCF"
    bench.start()
    assert bench.watched() == Look(Standing.ENDED, 1)
    assert bench.words().startswith("Can't open input file: C:\\Windows\\MailFleet-")
    assert bench.installed() == 0, "dism is not run after that"


LONG = b"1.0: Error: an early one\r\n" + b"2.0: all is well and goes on for a while\r\n" * 5_000


@pytest.mark.parametrize(
    ("log", "output", "says"),
    [
        (b"", b"", ""),
        (b"", b"\r\nit stopped\r\n\r\n", "it stopped"),
        (b"nothing to tell\r\n", b"it stopped\r\n", "it stopped"),
        (b"1: error A\r\n2: error B\r\n3: done\r\n", b"error C\r\n", "2: error B"),
        (
            LONG + b"9.0: Error: the last one\r\n9.1: Update.exe extended error code = 0xf0f4\r\n",
            b"",
            "9.0: Error: the",
        ),
        (LONG, b"", "1.0: Error: an early one"),
        (b"Error: x\r\n" * 50_000, b"it stopped", "it stopped"),
        (b"error \x1b[31m\x07red\r\n", b"", "error \\x1b[31m\\x07red"),
        (b"error " + b"y" * 5_000, b"", "error yyyy"),
    ],
)
def test_logs_of_any_length(tmp_path: Path, log: bytes, output: bytes, says: str) -> None:
    bench = JobBench(tmp_path, XP)
    for name, content in (("log.txt", log), ("output.txt", output)):
        bench.host.files.open(rf"{WHERE}\{name}", append=False).content = content
    exchange = bench.exchange()
    words = job_words.last_words(exchange, bench.record)
    assert words.startswith(says)
    assert bool(words) is bool(says)
    assert len(words) <= 300
    assert words.isprintable()
    told = sum(len(line) for code in ("JW0", "JW1", "JW2") for line in t.cast(t.Any, exchange.answers.lines(code)))
    assert told < 65_536


HOSTILE = [
    "a&calc",
    "a b",
    "a^b",
    'a"b',
    "%TEMP%",
    "a>b",
    "(a)",
    "a!b",
    "a\nb",
    "",
    "%SystemRoot",
    "%systemroot%\\a",
    "%errorlevel%",
    "a'b",
]


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("where", ["words", "prepare", "values"])
def test_hostile_words_are_never_sent(tmp_path: Path, word: str, where: str) -> None:
    bench = JobBench(tmp_path, SEVEN)
    ways = {
        "words": replace(bench.command, words=("dism", word)),
        "prepare": replace(bench.command, prepare=("expand", word)),
        "values": replace(bench.command, words=("dism", "{package}"), values={"package": word}),
    }
    exchange = bench.exchange()
    with pytest.raises(ValueError, match="may not stand in the command"):
        install_job.start(exchange, bench.record, ways[where])
    assert t.cast(LabShell, exchange.shell).lines == []


@pytest.mark.parametrize(
    "change", [{"folder": "System32"}, {"file": "..\\a.exe"}, {"file": "a.cmd"}, {"kb": "KB1"}, {"run": "x"}]
)
def test_hostile_records_are_never_sent(tmp_path: Path, change: dict[str, str]) -> None:
    bench = JobBench(tmp_path, SEVEN)
    exchange = bench.exchange()
    with pytest.raises(ValueError, match="is no "):
        install_job.start(exchange, replace(bench.record, **t.cast(t.Any, change)), bench.command)
    assert t.cast(LabShell, exchange.shell).lines == []


def test_an_answer_that_cannot_be_believed_is_no_look(tmp_path: Path) -> None:
    bench = JobBench(tmp_path, SEVEN)

    class Forging(LabShell):
        def run(self, line: str) -> Output:
            output = super().run(line)
            token = output.out.split(b":")[0]
            return replace(output, out=output.out.replace(token + b":END", token + b":JLC\r\n" + token + b":END"))

    with pytest.raises(ShellError, match="cannot be told: ambiguous"):
        install_job.look(Exchange(Forging(bench.host), 437), bench.record)
