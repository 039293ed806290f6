# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts whose users name keys and values so as to run commands, forge answers, or confuse whoever reads the report."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import findings, playbook

USER = r"HKEY_CURRENT_USER"
#: Names that would run a command if a line were built from them.
NAMES = (
    'a" & echo PWNED & "b',
    "a & echo PWNED",
    "a | echo PWNED",
    "a > pwned.txt",
    "%COMSPEC% /c echo PWNED",
    "^& echo PWNED",
    "!COMSPEC!",
    "{{ lookup('pipe', 'echo PWNED') }}",
    "\u202egpj.exe \x1b[2J \x07",
)
PROTOCOL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
#: A value whose line breaks print as another key: its user says that TLS 1.2 is off for the whole machine.
FORGED = f"x\r\n\r\n{PROTOCOL}\r\n    Enabled    REG_DWORD    0x0\r\n    DisabledByDefault    REG_DWORD    0x1\r\n"
ACCOUNTS = USER + r"\Software\Microsoft\Internet Account Manager\Accounts"
PROFILES = USER + r"\Software\Microsoft\Office\16.0\Outlook\Profiles"


def quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def text_value(text: str) -> str:
    return "hex(1):" + ",".join(f"{byte:02x}" for byte in (text + "\0").encode("utf-16-le"))


def reg_file(folder: Path, name: str, body: list[str]) -> Path:
    file = folder / name
    file.write_bytes(
        b"\xff\xfe" + "\r\n".join(["Windows Registry Editor Version 5.00", "", *body, ""]).encode("utf-16-le")
    )
    return file


def hostile_names() -> list[str]:
    body: list[str] = []
    for number, name in enumerate(NAMES):
        body += [f"[{ACCOUNTS}\\{name}]", f'"Account Name"={text_value(name)}', '"POP3 Server"="mail.example"', ""]
        body += [f"[{PROFILES}\\{name}\\9375CFF0413111d3B88A00104B2A6676\\0000000{number + 1}]"]
        body += ['"clsid"="{ED475412-B0D6-11D2-8C3B-00104B2A6676}"', f'"Account Name"={text_value(name)}']
        body += [f'"IMAP Server"={text_value(name)}', f'"{quoted(name)}"="x"', ""]
    return body


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, t.Any], dict[str, t.Any], str]:
    folder = tmp_path_factory.mktemp("registry")
    names = reg_file(folder, "names.reg", hostile_names())
    forged = reg_file(folder, "forged.reg", [f"[{ACCOUNTS}\\00000001]", f'"Account Name"={text_value(FORGED)}'])
    fleet = [
        {"name": "names", "os": "win11-23h2", "registry": [names]},
        {"name": "forged", "os": "win11-23h2", "registry": [forged]},
        {"name": "names-xp", "os": "xp-sp3", "registry": [names]},
        {"name": "clean", "os": "win11-23h2"},
    ]
    with Lab(hosts=fleet) as lab:
        results, done = playbook(lab.inventory, tmp_path_factory.mktemp("build"), None, "-vvvv")
        counters = lab.counters()
    assert done.returncode == 0, done.stdout + done.stderr
    return results, counters, done.stdout + done.stderr


@pytest.mark.parametrize("host", ["names", "names-xp", "forged"])
def test_nothing_is_executed(audited: tuple[dict[str, t.Any], dict[str, t.Any], str], host: str) -> None:
    _results, counters, _output = audited
    seen = counters[host]
    assert (seen["writes"], seen["refused"]) == (0, [])
    allowed = ("echo ", "reg query ", "find ", "findstr ", "set PROCESSOR_ARCH", "ver", "chcp", "wmic datafile ")
    for command in seen["executed"]:
        assert command.startswith(allowed), command
        assert "PWNED" not in command


def test_nothing_forged_is_believed(audited: tuple[dict[str, t.Any], dict[str, t.Any], str]) -> None:
    forged, clean = audited[0]["forged"], audited[0]["clean"]
    for check in ("tls.tls12", "tls.tls13"):
        assert findings(forged, check)[0]["effective"] == findings(clean, check)[0]["effective"] == "on"
    assert any("ambiguous" in entry["why"] for entry in forged["unread"])
    assert forged["verdict"] == "unknown"


def test_names_are_data_and_nothing_else(audited: tuple[dict[str, t.Any], dict[str, t.Any], str]) -> None:
    results, _counters, output = audited
    shown = json.dumps(results["names"]["routes"])
    assert "lookup('pipe'" in shown  # shown as it is, and not run
    for character in ("\u202e", "\x1b", "\x07"):
        assert character not in output
        assert character not in json.dumps(results, ensure_ascii=False)
