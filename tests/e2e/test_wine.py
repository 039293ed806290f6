# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit against Wine: a registry, a reg.exe and a cmd.exe that this project did not write.

``find`` and ``findstr`` are the lab's own there (Wine's know no switches), and wmic does not exist.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.e2e.test_hostile_hosts import ACCOUNTS, PROFILES, reg_file, text_value
from tests.lab.fleet import Lab
from tests.support.run_ansible import finding, playbook

pytestmark = [pytest.mark.wine, pytest.mark.needs("x86_64-w64-mingw32-gcc")]
CLIENT = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
TRAP = "pwned"
NAMES = (f'a" & md {TRAP} & "b', f"a & md {TRAP}", f"a | md {TRAP}", "%COMSPEC%", f"^& md {TRAP}", "!COMSPEC!")


def switched_on() -> list[str]:
    return [
        line
        for name, off in (("TLS 1.1", 0), ("TLS 1.2", 0), ("SSL 3.0", 1))
        for line in (f"[{CLIENT}\\{name}\\Client]", f'"DisabledByDefault"=dword:0000000{off}', "")
    ]


def hostile() -> list[str]:
    body = []
    for name in NAMES:
        body += [f"[{ACCOUNTS}\\{name}]", f'"Account Name"={text_value(name)}', '"POP3 Server"="mail.example"', ""]
        body += [f"[{PROFILES}\\{name}\\9375CFF0413111d3B88A00104B2A6676\\00000001]", '"IMAP Server"="x"', ""]
    return body


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, t.Any], dict[str, bool]]:
    folder: Path = tmp_path_factory.mktemp("registry")
    fleet = [
        {"name": "stock", "os": "win7-sp1", "kind": "wine"},
        {
            "name": "switched-on",
            "os": "win7-sp1",
            "kind": "wine",
            "registry": [
                reg_file(folder, "on.reg", switched_on()),
                reg_file(folder, "hostile.reg", hostile()),
            ],
        },
    ]
    with Lab(hosts=fleet) as lab:
        results, done = playbook(lab.inventory, tmp_path_factory.mktemp("build"), None, "-vvv")
        sprung = {name: "yes" in lab.host(name).run(f"if exist {TRAP} (echo yes)")[1] for name in results}
        alive = lab.host("stock").run("if exist C:\\windows (echo yes)")[1]
    assert done.returncode == 0, done.stdout + done.stderr
    assert "yes" in alive  # the question can be answered with yes
    return results, sprung


def test_the_stock_host(audited: tuple[dict[str, t.Any], dict[str, bool]]) -> None:
    result = audited[0]["stock"]
    assert result["host"]["os"] == "win7-sp1"
    assert finding(result, "tls.tls12")["effective"] == "off by default"
    assert result["verdict"] == "fixable"


def test_the_same_keys_switch_the_protocols_on(audited: tuple[dict[str, t.Any], dict[str, bool]]) -> None:
    result = audited[0]["switched-on"]
    for check in ("tls.tls11", "tls.tls12"):
        assert finding(result, check)["effective"] == "on"
    assert finding(result, "tls.ssl30")["effective"] == "off by default"


def test_file_versions_are_unread_and_not_made_up(audited: tuple[dict[str, t.Any], dict[str, bool]]) -> None:
    result = audited[0]["stock"]
    assert any("file versions" in entry["what"] for entry in result["unread"])
    assert finding(result, "updates.needed", "KB3140245")["state"] == "unknown"


def test_no_name_is_executed(audited: tuple[dict[str, t.Any], dict[str, bool]]) -> None:
    assert audited[1] == {"stock": False, "switched-on": False}


def test_accounts_with_hostile_names_are_read_as_data(audited: tuple[dict[str, t.Any], dict[str, bool]]) -> None:
    names = {route["account"] for route in audited[0]["switched-on"]["routes"]}
    assert set(NAMES) <= names
