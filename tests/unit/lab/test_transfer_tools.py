# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files are transferred with: input into a file, its size, copy, certutil, the script; and a disk that is full."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_script import SCRIPT
from tests.lab.files import File
from tests.lab.transfer_tools import TRANSFER_SCRIPT

from .conftest import Host, MakeHost

TEXT = base64.encodebytes(bytes(range(256))).replace(b"\n", b"\r\n")


def feed(host: Host, file: str, content: bytes) -> None:
    """Put a file onto a host by input for find."""
    host.run(f'find /v "" >{file}', 437, content)


def content(host: Host, file: str) -> bytes:
    """What is in it."""
    return bytes(host.files.read(file))


def test_find_with_an_empty_text_prints_what_it_reads(host: Host) -> None:
    assert host.run('find /v ""', 437, b"a\r\n\r\nb") == host.run('find /v "x"', 437, b"a\r\n\r\nb")
    assert host.run('find ""', 437, b"a\r\n").code == 1
    feed(host, r"C:\a.txt", TEXT)
    assert content(host, r"C:\a.txt") == TEXT


def test_a_loop_tells_the_size_of_a_file(host: Host) -> None:
    feed(host, r"C:\a.txt", b"abc\r\n")
    line = r'for %g in (C:\a.txt "C:\a.txt" C:\none C:\Windows) do @echo [%~zg]'.replace("@", "")
    assert host.say(f"echo off&{line}") == (0, "[5]\r\n[5]\r\n[]\r\n[]\r\n", "")
    assert host.say(r"for %g in (C:\a.txt) do echo %~tg")[2].startswith("lab: refused: the modifier %~tg")


def test_copy_joins_and_appends(host: Host) -> None:
    feed(host, r"C:\a.txt", b"a\r\n")
    feed(host, r"C:\b.txt", b"b\r\n")
    assert host.say(r"copy /y /b C:\a.txt+C:\b.txt C:\New.txt") == (0, "        1 file(s) copied.\r\n", "")
    host.say(r"copy /y /b C:\new.txt+C:\a.txt C:\New.txt")
    assert content(host, r"C:\new.txt") == b"a\r\nb\r\na\r\n"
    host.say(r"copy /y /b C:\b.txt C:\new.txt")
    assert content(host, r"C:\new.txt") == b"b\r\n"
    assert content(host, r"C:\a.txt") == b"a\r\n"
    assert host.say(r"copy /y /b C:\none C:\x.txt") == (1, "", "The system cannot find the file specified.\r\n")


@pytest.mark.parametrize(
    "line", [r"copy C:\a C:\b", r"copy /y /b C:\a+C:\b C:\b", r"copy /y /b C:\*.* C:\b", "copy /y /b a b"]
)
def test_copies_that_are_refused(host: Host, line: str) -> None:
    assert host.say(line)[2].startswith("lab: refused")


@pytest.mark.parametrize(("os", "form"), [("vista-sp2", " "), ("win7-sp1", " "), ("win8.1", ""), ("win10-1709", "")])
def test_certutil_decodes_and_sums(make_host: MakeHost, os: str, form: str) -> None:
    host = make_host(os)
    feed(host, r"C:\a.txt", TEXT)
    assert host.say(r"certutil -f -decode C:\a.txt C:\a.bin")[0] == 0
    assert content(host, r"C:\a.bin") == bytes(range(256))
    code, out, _unused = host.say(r"certutil -hashfile C:\a.bin SHA256")
    assert (code, out.split("\r\n")[1]) == (0, hashlib.sha256(bytes(range(256))).digest().hex(*form))
    assert host.say(r"certutil -hashfile C:\none SHA256")[0] != 0
    assert host.say(r"certutil -urlcache")[2].startswith("lab: refused")


@pytest.mark.parametrize("text", [b"", b"QUJ\r\n", b"QU*D\r\n"])
def test_certutil_takes_no_half_text(host: Host, text: bytes) -> None:
    feed(host, r"C:\a.txt", text)
    code, out, _unused = host.say(r"certutil -f -decode C:\a.txt C:\a.bin")
    assert (code, "The data is invalid" in out) == (13, True)


def test_old_systems_lack_it(make_host: MakeHost) -> None:
    assert "not recognized" in make_host("xp-sp3").say(r"certutil -f -decode C:\a C:\b")[2]
    old = make_host("server-2003-sp2")
    feed(old, r"C:\a.txt", TEXT)
    assert old.say(r"certutil -f -decode C:\a.txt C:\a.bin")[0] == 0
    assert "Unknown arg" in old.say(r"certutil -hashfile C:\a.bin SHA256")[1]


def test_the_script_is_known_by_its_content_and_no_other_is(make_host: MakeHost) -> None:
    script = "".join(f"{line}\r\n" for line in SCRIPT).encode()
    assert hashlib.sha256(script).hexdigest() == TRANSFER_SCRIPT, "the script changed: change what the lab knows, too"
    host = make_host("xp-sp3")
    feed(host, r"C:\s.js", script)
    feed(host, r"C:\a.txt", TEXT)
    run = r"cscript //nologo //E:JScript C:\s.js"
    assert host.say(rf"{run} decode C:\a.txt C:\a.bin") == (0, "MFT done\r\n", "")
    digest = hashlib.sha256(bytes(range(256))).hexdigest()
    state = host.say(rf"{run} hash C:\a.bin 0 128 -")[1].split()[1]
    assert state != digest
    assert host.say(rf"{run} hash C:\a.bin 128 128 {state}") == (0, f"MFT {digest}\r\n", "")
    assert host.say(rf"{run} hash C:\a.bin 128 128 {digest}")[2].startswith("lab: refused")
    assert "ADODB" in host.say(rf"{run} decode C:\none C:\a.bin")[1]
    feed(host, r"C:\s.js", script + b"x\r\n")
    assert "disabled" in host.say(rf"{run} decode C:\a.txt C:\a.bin")[1]


def test_a_disk_gets_full(make_host: MakeHost) -> None:
    host = make_host(disk_bytes=10)
    assert host.say(r"(echo 1234&echo 567890)>C:\a.txt") == (1, "", "There is not enough space on the disk.\r\n")
    assert content(host, r"C:\a.txt") == b"1234\r\n5678"
    assert host.say(r"copy /y /b C:\a.txt C:\b.txt")[0] == 1
    host.say(r"del C:\a.txt&del C:\b.txt&echo 12345>C:\a.txt")
    assert content(host, r"C:\a.txt") == b"12345\r\n"


def test_what_is_denied_is_not_written(make_host: MakeHost) -> None:
    host = make_host(writes="deny")
    for line in (r"copy /y /b C:\a C:\b", r"certutil -f -decode C:\a C:\b"):
        assert host.say(line)[0] != 0
    assert host.counters.writes == 2


def test_a_lab_holds_a_file_once(host: Host) -> None:
    part = 3_000_000
    host.files.open(r"C:\a.bin", append=False)
    part_file = host.files.open(r"C:\p.bin", append=False)
    host.files.append(part_file, bytes(part))
    tracemalloc.start()
    try:
        for _unused in range(10):
            host.say(r"copy /y /b C:\a.bin+C:\p.bin C:\a.bin")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    found = host.files.find(r"C:\a.bin")
    assert isinstance(found, File)
    assert len(found.content) == 10 * part
    assert peak < 10 * part * 1.3
