# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What accounts in files need of a host: ``dir``, ``move``, and the script; on a Wine host the script really runs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.account_script import SCRIPT
from tests.lab import wine_template
from tests.lab.account_tools import ACCOUNT_SCRIPT
from tests.lab.fleet import Lab
from tests.lab.wine import WineHost
from tests.support.live_mail import account, element, put

from .conftest import Host

TEXT = "".join(f"{line}\r\n" for line in SCRIPT).encode()
FOLDER = r"C:\a b"
FILE = rf"{FOLDER}\account{{1}}.oeaccount"
NEW = ".0123456789abcdef"
#: Bytes of the file, arguments, what the script says.
CASES = [
    pytest.param(account(), "POP3_Port 000003E3 00000456", "done", id="one"),
    pytest.param(account(), "POP3_Port 000003E3 00000456 SMTP_Server smtp.example.com 10.0.7.2", "done", id="two"),
    pytest.param(account(), "POP3_Port 000003E3 00000456 SMTP_Port 00000019 00000401", "drift", id="one-of-two"),
    pytest.param(account(), "POP3_Port 000003e3 00000456", "drift", id="letters"),
    pytest.param(account(), "IMAP_Port 0000008f 00000456", "drift", id="not-there"),
    pytest.param(account(more=element("POP3_Port", "DWORD", "000003E3")), "POP3_Port 000003E3 1", "drift", id="twice"),
    pytest.param(account(more="<!-- -->"), "POP3_Port 000003E3 00000456", "comment", id="comment"),
    pytest.param(
        account(more="<?x <POP3_Port>000003E3</POP3_Port> ?>"), "POP3_Port 000003E3 00000456", "comment", id="decoy"
    ),
    pytest.param(account()[2:].decode("utf-16-le").encode(), "POP3_Port 000003E3 1", "encoding", id="utf-8"),
    pytest.param(account()[2:], "POP3_Port 000003E3 00000456", "encoding", id="no-mark"),
    pytest.param(account(more="\U0001f600\u2028 $1 $& \\1\t<X/>"), "POP3_Port 000003E3 00000456", "done", id="odd"),
    pytest.param(account("$&"), "POP3_Server $& a", "done", id="dollar"),
]
KNOWN = {
    "POP3_Port": ("000003E3", "00000456"),
    "SMTP_Server": ("smtp.example.com", "10.0.7.2"),
    "POP3_Server": ("$&", "a"),
}


def wanted(data: bytes, arguments: str) -> bytes:
    for name, (old, new) in KNOWN.items():
        if f"{name} {old} {new}" in arguments:
            sides = [f">{text}</{name}>".encode("utf-16-le") for text in (old, new)]
            assert data.count(sides[0]) == 1
            data = data.replace(*sides)
    return data


def test_the_script_is_known_by_its_content() -> None:
    assert hashlib.sha256(TEXT).hexdigest() == ACCOUNT_SCRIPT, "the script changed: change what the lab knows, too"


def test_the_script_can_be_written_by_echo() -> None:
    assert all(line.isascii() and line.isprintable() and not set(line) & set('%!"') for line in SCRIPT)


@pytest.mark.parametrize(("data", "arguments", "says"), CASES)
def test_the_stand_in(host: Host, data: bytes, arguments: str, says: str) -> None:
    put(host.files, TEXT, r"C:\a.js")
    put(host.files, data, FILE)
    line = rf'cscript //nologo //e:jscript C:\a.js "{FILE}" {NEW} {arguments}'
    if "$&" in arguments:
        arguments = arguments.replace("$&", '"$&"')
        line = line.replace("$&", '"$&"')
    assert host.say(line)[1].strip() == f"MFA {says}"
    assert host.files.exists(FILE + NEW) is (says == "done")
    if says == "done":
        assert bytes(host.files.read(FILE + NEW)) == wanted(data, arguments.replace('"', ""))
    assert bytes(host.files.read(FILE)) == data


@pytest.fixture(scope="module")
def wine() -> Iterator[WineHost]:
    with Lab(hosts=[{"name": "pc", "os": "win7-sp1", "kind": "wine"}]) as lab:
        backend = lab.host("pc").backend
        assert isinstance(backend, WineHost)
        (backend.drive / "a b").mkdir()
        (backend.drive / "a.js").write_bytes(TEXT)
        yield backend


@pytest.mark.wine
@pytest.mark.needs(wine_template.COMPILER)
@pytest.mark.parametrize(("data", "arguments", "says"), CASES)
def test_the_script_itself(wine: WineHost, data: bytes, arguments: str, says: str) -> None:
    """By Wine's JScript; its cscript knows no ``//e:jscript``, and goes by the name of the file."""
    file = wine.drive / "a b" / "account{1}.oeaccount"
    new = file.with_name(file.name + NEW)
    for one in (new, file.with_name(new.name + "d")):
        one.unlink(missing_ok=True)
    file.write_bytes(data)
    quoted = arguments.replace("$&", '"$&"')
    assert wine.run(rf'cscript //nologo C:\a.js "{FILE}" {NEW} {quoted}').out.decode().strip() == f"MFA {says}"
    assert file.read_bytes() == data
    assert new.exists() is (says == "done")
    if says == "done":
        assert new.read_bytes() == wanted(data, arguments)
        # What is there is not written to.
        wine.run(rf'cscript //nologo C:\a.js "{FILE}" {NEW} {quoted.replace("0.7", "0.8")}')
        assert new.read_bytes() == wanted(data, arguments)
        wine.run(f'(if exist "{FILE}{NEW}" (move /y "{FILE}{NEW}" "{FILE}" >nul))')
        assert file.read_bytes() == wanted(data, arguments)
        assert not new.exists()


@pytest.mark.parametrize(
    ("line", "out"),
    [
        (r'dir /b /a "C:\a b"', "account{1}.oeaccount\r\nx\r\n"),
        (r'dir /b /a "C:\a b\"', "account{1}.oeaccount\r\nx\r\n"),
        (r'dir /b /a "C:\none" 2>nul', ""),
        (r'dir /s /b /a-d "C:\a b\account{*.oeaccount"', f"{FILE}\r\n{FOLDER}\\x\\account{{2}}.oeaccount\r\n"),
        (r'dir /s /b /a-d "C:\a b\x\account{1*" 2>nul', ""),
        (rf'move /y "{FILE}" "C:\a b\y" >nul&type "C:\a b\y"', "one"),
    ],
)
def test_files(host: Host, line: str, out: str) -> None:
    put(host.files, b"one", FILE)
    put(host.files, b"two", rf"{FOLDER}\x\account{{2}}.oeaccount")
    assert host.say(line)[1:] == (out, "")
    assert host.counters.refused == []
