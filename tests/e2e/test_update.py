# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages by real Ansible over the wire: old Windows that is not, or is, brought to TLS 1.2."""

from __future__ import annotations

import json
import re
import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import ROOT
from tests.support.update_bench import SEVEN, XP, Packages
from tests.support.update_plays import (
    ECDHE_ONLY,
    KB,
    POSREADY,
    RSA_ONLY,
    SEVEN_KB,
    SHORT,
    TLS12,
    Plays,
    installers,
    litter,
    runs,
    sentence,
    seven,
    simulated,
    xp,
)

ACCOUNT = ROOT / "tests" / "demo" / "registry" / "outlook-express.reg"
OLD = {
    "windowsserver2003-kb948963-x86-enu.exe": ("KB948963", "server-2003-sp2", "x86", "enu"),
    "windowsserver2003.windowsxp-kb948963-x64-enu.exe": ("KB948963", "xp-x64-sp2", "amd64", "enu"),
}


def servers(*told: dict[str, t.Any]) -> dict[str, t.Any]:
    """Variables of a host: its mail servers."""
    return {"mailfleet_servers": list(told)}


def exports(lab: Lab) -> dict[str, t.Any]:
    return {name: host.export() for name, host in lab.hosts.items()}


def nothing_was_done(lab: Lab, name: str) -> bool:
    return not installers(lab, name) and lab.host(name).counters.writes == 0


# --- Windows XP ------------------------------------------------------------------------------------------------------

#: What the accounts of Outlook Express are for, and what their servers take.
POP = {**RSA_ONLY, "host": "pop.example.com", "port": 995, "protocol": "pop3"}
SMTP = {**RSA_ONLY, "host": "smtp.example.com", "port": 465, "protocol": "smtp"}


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, t.Any]]:
    """Two XP as they were installed; their story, from a fix without consent to the second run."""
    folder = tmp_path_factory.mktemp("xp")
    fleet = [
        xp("till", registry=[ACCOUNT], vars=servers(POP, SMTP)),
        xp("new", vars=servers(ECDHE_ONLY)),
    ]
    with Lab(hosts=fleet) as lab:
        plays = Plays(lab, folder, Packages(folder).offer(XP))
        story: dict[str, t.Any] = {"lab": lab, "plays": plays}

        def tell(part: str, *words: str, **variables: t.Any) -> None:
            done = plays.book(*words, reboot=True, **variables)
            restarts = {name: simulated(lab, name).power.restarts for name in lab.hosts}
            installed = {name: installers(lab, name) for name in lab.hosts}
            story[part] = {"done": done, "results": plays.results(), "exports": exports(lab)}
            story[part] |= {"restarts": restarts, "installed": installed, "counters": lab.counters()}

        story["first"] = exports(lab)
        tell("refused")
        tell("foreseen", "--check", "--diff", consent=["posready"])
        tell("fixed", consent=["posready"])
        tell("again", consent=["posready"])
        yield story


def test_without_consent_nothing_is_done_and_the_consent_is_named(till: dict[str, t.Any]) -> None:
    told = till["refused"]
    assert told["done"].returncode == 2
    assert told["exports"] == till["first"]
    assert {one["writes"] for one in told["counters"].values()} == {0}
    message = sentence(told["results"]["till"])
    assert message in told["done"].stdout.replace("\\\\", "\\").replace('\\"', '"')
    assert 'give the consent "posready"' in message
    assert "POSReady" in message


def test_check_mode_changes_nothing_and_foresees_all(till: dict[str, t.Any]) -> None:
    told = till["foreseen"]
    assert told["done"].returncode == 0, told["done"].stdout
    assert told["exports"] == till["first"]
    assert {one["writes"] for one in told["counters"].values()} == {0}
    assert told["installed"] == {"till": [], "new": []}
    foreseen, done = told["results"]["till"], till["fixed"]["results"]["till"]
    assert runs(foreseen) == [(KB, "planned"), ("KB4467770", "planned")]
    assert foreseen["changes"] == done["changes"]
    assert foreseen["updates"]["changes"] == done["updates"]["changes"]
    for line in (f"+update {KB}: installed", '+"Installed"=dword:00000001', "+[HKEY_LOCAL_MACHINE\\SYSTEM\\WPA\\PosRe"):
        assert line in told["done"].stdout


def test_flag_packages_values_and_one_restart_make_tls_1_2_work(till: dict[str, t.Any]) -> None:
    told = till["fixed"]
    assert told["done"].returncode == 0, told["done"].stdout + told["done"].stderr
    result = told["results"]["till"]
    assert result["before"]["verdict"] == "needs_update"
    assert (result["verdict"], result["reboot_required"], result["restarts"]) == ("ok", False, 1)
    assert runs(result) == [(KB, "installed"), ("KB4467770", "installed")]
    assert told["restarts"]["till"] == 1
    first, second = told["installed"]["till"]
    assert "kb4019276" in first
    assert "kb4467770" in second
    assert all("/quiet /norestart /log:" in one for one in (first, second))
    assert told["exports"]["till"][POSREADY]["Installed"] == (4, b"\1\0\0\0")
    assert told["exports"]["till"][TLS12]["DisabledByDefault"] == (4, b"\0\0\0\0")
    assert litter(till["lab"], "till") == []
    counters = told["counters"]["till"]
    assert (counters["refused"], counters["shells_open"]) == ([], 0)
    assert [one for one in counters["written"] if "shutdown" in one] == ["shutdown /r /t 5 /f"]


def test_a_server_with_ecdhe_only_still_needs_a_relay(till: dict[str, t.Any]) -> None:
    assert till["fixed"]["results"]["new"]["verdict"] == "needs_relay"


def test_a_second_run_changes_nothing_and_restarts_nothing(till: dict[str, t.Any]) -> None:
    told = till["again"]
    assert told["done"].returncode == 0, told["done"].stdout + told["done"].stderr
    assert re.search(r"^till +: .* changed=0 ", told["done"].stdout, re.MULTILINE)
    assert told["results"]["till"]["verdict"] == "ok"
    assert told["exports"] == till["fixed"]["exports"]
    assert told["restarts"] == till["fixed"]["restarts"]
    assert told["installed"] == till["fixed"]["installed"]
    assert {name: one["writes"] for name, one in told["counters"].items()} == {
        name: one["writes"] for name, one in till["fixed"]["counters"].items()
    }


def test_the_run_of_the_flag_is_rolled_back_and_what_is_installed_stays(till: dict[str, t.Any]) -> None:
    lab, plays = till["lab"], till["plays"]
    run = till["fixed"]["results"]["till"]["updates"]["run"]
    undone = plays.call(hosts="till", module="mail_tls_rollback", run=run)["till"]
    assert (undone["undone"], undone["refused"], undone["changed"]) == ([run], [], True)
    now = lab.host("till").export()
    assert POSREADY not in now
    assert now[TLS12] == till["fixed"]["exports"]["till"][TLS12]
    again = plays.call(hosts="till", kb=[KB])["till"]
    assert (again["changed"], again["packages"]) == (False, [])
    assert again["left"][0]["kind"] == "present"


# --- Windows 7 -------------------------------------------------------------------------------------------------------

ROLLUP = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages\\
Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24499.1.7]
"CurrentState"=dword:00000070
""".replace("\\\nPackage", "\\Package")


def test_windows_7_gets_it_and_one_with_a_rollup_does_not(tmp_path: Path) -> None:
    (tmp_path / "rollup.reg").write_text(ROLLUP, "utf-16")
    newer = {
        rf"{folder}\{name}.dll": "6.1.7601.24499"
        for folder in ("System32", "SysWOW64")
        for name in ("winhttp", "webio")
    }
    fleet = [
        seven("stock", vars=servers(RSA_ONLY)),
        seven("files", files=newer, vars=servers(RSA_ONLY)),
        # Its files cannot be asked for: what is in the registry has to do.
        seven("rollup", registry=[tmp_path / "rollup.reg"], missing=["wmic"], vars=servers(RSA_ONLY)),
    ]
    with Lab(hosts=fleet) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(SEVEN))
        done = plays.book(reboot=True)
        assert done.returncode == 0, done.stdout + done.stderr
        found = plays.results()
        assert {name: runs(one) for name, one in found.items()} == {
            "stock": [(SEVEN_KB, "installed")],
            "files": [],
            "rollup": [],
        }
        assert {name: len(installers(lab, name)) for name in lab.hosts} == {"stock": 1, "files": 0, "rollup": 0}
        assert {one["verdict"] for one in found.values()} == {"ok"}
        assert litter(lab, "stock") == []
        assert simulated(lab, "stock").power.restarts == 1
        again = plays.book(reboot=True)
        assert re.search(r"^stock +: .* changed=0 ", again.stdout, re.MULTILINE), again.stdout
        assert simulated(lab, "stock").power.restarts == 1


# --- Server 2003 and XP x64 ------------------------------------------------------------------------------------------


def test_server_2003_and_xp_x64_are_never_told_to_install_it(tmp_path: Path) -> None:
    fleet = [
        {"name": name, "os": os, **SHORT, "vars": servers(RSA_ONLY)}
        for name, os in (("server", "server-2003-sp2"), ("x64", "xp-x64-sp2"))
    ]
    with Lab(hosts=fleet) as lab:
        plays = Plays(lab, tmp_path, Packages(tmp_path).offer(XP).offer(OLD))
        done = plays.book("--check", reboot=True, consent=["posready"])
        assert done.returncode == 0, done.stdout + done.stderr
        asked = plays.call(kb=[KB])
        for name, result in plays.results().items():
            assert result["verdict"] == "needs_relay"
            assert KB not in json.dumps([result["updates"], result["withheld"], result["before"]["plan"]])
            assert (asked[name]["changed"], asked[name]["packages"]) == (False, [])
            assert [(one["kb"], one["kind"]) for one in asked[name]["left"]] == [(KB, "not_applicable")]
            assert asked[name]["verdict"] == "needs_relay"
            assert nothing_was_done(lab, name)
