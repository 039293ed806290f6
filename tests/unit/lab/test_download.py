# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's stand-in for the script that downloads: real requests, to this machine only."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.download_script import SCRIPT
from tests.lab import download
from tests.lab.download import DOWNLOAD_SCRIPT
from tests.support.web_folder import WebFolder

from .conftest import Host, MakeHost

RUN = r"cscript //nologo //E:JScript C:\d.js"
TEXT = "".join(f"{line}\r\n" for line in SCRIPT).encode()


@pytest.fixture
def xp(make_host: MakeHost) -> Host:
    """XP with the script."""
    host = make_host("xp-sp3")
    host.run(r'find /v "" >C:\d.js', 437, TEXT)
    return host


def test_the_script_is_known_by_its_content() -> None:
    assert hashlib.sha256(TEXT).hexdigest() == DOWNLOAD_SCRIPT, "the script changed: change what the lab knows, too"


def test_the_script_can_be_written_by_echo() -> None:
    assert all(line.isascii() and line.isprintable() and not set(line) & set('%!"') for line in SCRIPT)


def test_a_part_and_the_whole(xp: Host) -> None:
    with WebFolder({"a": b"0123456789"}) as web:
        assert xp.say(rf"{RUN} {web.url}/a C:\a.bin 2 3") == (0, "MFT 206 3 10\r\n", "")
        assert bytes(xp.files.read(r"C:\a.bin")) == b"234"
        assert xp.say(rf"{RUN} {web.url}/a C:\a.bin 8 5")[1] == "MFT 206 2 10\r\n"
        assert xp.say(rf"{RUN} {web.url}/a C:\a.bin 10 5")[1] == "MFT 416 0 0\r\n"
        assert xp.say(rf"{RUN} {web.url}/b C:\a.bin 0 5")[1] == "MFT 404 0 0\r\n"
        web.ranges = False
        assert xp.say(rf"{RUN} {web.url}/a C:\a.bin 2 3")[1] == "MFT 200 10 0\r\n"
        assert bytes(xp.files.read(r"C:\a.bin")) == b"0123456789"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://128.0.0.1/a", "could not be resolved"),
        ("http://127.0.0.1.example/a", "could not be resolved"),
        ("http://localhost/a", "could not be resolved"),
        ("https://127.0.0.1/a", "security error"),
        ("http://127.0.0.1:1/a", "could not be established"),
    ],
)
def test_nothing_else_is_asked(xp: Host, url: str, says: str) -> None:
    code, out, _unused = xp.say(rf"{RUN} {url} C:\a.bin 0 5")
    assert (code, says in out, out.startswith("MFT")) == (0, True, False)


def test_an_answer_that_breaks_off_or_is_too_large(xp: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebFolder({"a": bytes(1000)}) as web:
        web.cuts = 1
        assert "terminated abnormally" in xp.say(rf"{RUN} {web.url}/a C:\a.bin 0 1000")[1]
        monkeypatch.setattr(download, "_LARGEST", 999)
        assert "terminated abnormally" in xp.say(rf"{RUN} {web.url}/a C:\a.bin 0 1000")[1]
        assert xp.files.find(r"C:\a.bin") is None


@pytest.mark.parametrize("rest", ["http://127.0.0.1/a", r"http://127.0.0.1/a C:\a.bin x 5"])
def test_other_arguments_are_refused(xp: Host, rest: str) -> None:
    assert xp.say(f"{RUN} {rest}")[2].startswith("lab: refused")


def test_what_is_denied_is_not_written(make_host: MakeHost) -> None:
    host = make_host("xp-sp3", writes="deny")
    host.files.append(host.files.open(r"C:\d.js", append=False), TEXT)
    with WebFolder({"a": b"x"}) as web:
        assert "denied" in host.say(rf"{RUN} {web.url}/a C:\a.bin 0 5")[1]
    assert host.files.find(r"C:\a.bin") is None
