# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages by real Ansible over the wire: by every connection, from every kind of source, and away again."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.delivery import put_on
from tests.support.update_bench import SEVEN, XP, Packages
from tests.support.update_plays import (
    KB,
    NAME,
    SEVEN_KB,
    SHORT,
    Plays,
    installers,
    litter,
    runs,
    sentence,
    seven,
    simulated,
    xp,
)
from tests.support.web_folder import WebFolder

VISTA = {"windows6.0-kb4019276-x86.msu": (KB, "vista-sp2", "x86", "enu")}


# --- every way in ----------------------------------------------------------------------------------------------------

WAYS: dict[str, dict[str, t.Any]] = {
    "xp-ntlm": xp("", auth="ntlm"),
    "xp-basic": xp("", auth="basic"),
    "vista-ntlm": {"os": "vista-sp2", "arch": "x86", **SHORT},
    "seven-https": seven("", auth="ntlm-https"),
    "seven-builtin": seven("", connection="winrm"),
    "seven-ssh": seven("", connection="ssh"),
}
WISH: dict[str, t.Any] = {"kb": [KB, SEVEN_KB], "consent": ["posready"], "reboot": True}


@pytest.mark.needs("sshd", "ssh", "ssh-keygen")
def test_a_package_by_every_way_in(tmp_path: Path) -> None:
    with Lab(hosts=[{**way, "name": name} for name, way in WAYS.items()]) as lab, WebFolder() as web:
        offered = Packages(tmp_path).offer(XP).offer(VISTA).offer(SEVEN, size=40_000)
        plays = Plays(lab, tmp_path, offered)
        web.files = {name: offered.content(name) for name in offered.checksums}
        # ansible-core's own connections copy files by PowerShell and sftp, which the lab's hosts do not have.
        fed = plays.call("-f", "6", hosts="windows:!*-ssh", **WISH)
        assert "copies files by PowerShell 5.1" in sentence(fed["seven-builtin"])
        first = fed | plays.call("-f", "2", hosts="*-builtin,*-ssh", source=web.url, **WISH)
        again = plays.call("-f", "6", **WISH)
        for name in WAYS:
            wanted = SEVEN_KB if name.startswith("seven") else KB
            assert runs(first[name]) == [(wanted, "installed")], first[name].get("msg")
            assert (first[name]["restarts"], first[name]["errors"]) == (1, [])
            assert simulated(lab, name).power.restarts == 1
            assert len(installers(lab, name)) == 1
            assert litter(lab, name) == []
            assert lab.host(name).counters.refused == []
            assert lab.host(name).counters.shells_open == 0
            assert (again[name]["changed"], again[name]["packages"]) == (False, [])
            assert {one["kb"]: one["kind"] for one in again[name]["left"]}[wanted] == "present"


# --- sources and undo -----------------------------------------------------------------------------------------------


#: Of a member of a domain: its account may read what is shared with it.
MEMBER = """Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Netlogon]
"Start"=dword:00000002
"""


def test_a_package_from_a_web_server(tmp_path: Path) -> None:
    with Lab(hosts=[xp("xp"), seven("seven"), xp("secure")]) as lab, WebFolder() as web:
        offered = Packages(tmp_path).offer(XP, size=60_000).offer(SEVEN, size=60_000)
        plays = Plays(lab, tmp_path, offered)
        web.files = {f"pkg/{name}": offered.content(name) for name in offered.checksums}
        options: dict[str, t.Any] = {"kb": [KB, SEVEN_KB], "consent": ["posready"], "reboot": True}
        done = plays.call(hosts="xp,seven", source=f"{web.url}/pkg", **options)
        assert runs(done["xp"]) == [(KB, "installed")], done["xp"].get("msg")
        assert runs(done["seven"]) == [(SEVEN_KB, "installed")], done["seven"].get("msg")
        assert web.asked
        assert [litter(lab, name) for name in ("xp", "seven")] == [[], []]

        refused = plays.call(hosts="secure", source=web.url.replace("http:", "https:"), **options)["secure"]
        assert "https" in sentence(refused)
        missing = plays.call(hosts="secure", source=f"{web.url}/nowhere", **options)["secure"]
        assert "404" in sentence(missing)
        web.files[f"pkg/{NAME}"] = web.files[f"pkg/{NAME}"][:-1] + b"!"
        altered = plays.call(hosts="secure", source=f"{web.url}/pkg", **options)["secure"]
        assert re.search(r"has the SHA-256 [0-9a-f]{64} .* instead of", sentence(altered))
        assert installers(lab, "secure") == []
        web.files[f"pkg/{NAME}"] = offered.content(NAME)
        last = plays.call(hosts="secure", source=f"{web.url}/pkg", **options)["secure"]
        assert runs(last) == [(KB, "installed")]
        assert litter(lab, "secure") == []


def test_a_package_that_is_on_the_host_and_one_on_a_file_server(tmp_path: Path) -> None:
    offered = Packages(tmp_path).offer(XP)
    (tmp_path / "member.reg").write_text(MEMBER, "utf-16")
    share = {"shares": {r"\\srv\pkg": offered.folder}}
    with Lab(hosts=[xp("xp", **share), xp("member", registry=[tmp_path / "member.reg"], **share)]) as lab:
        plays = Plays(lab, tmp_path, offered)
        hop = plays.call(source=r"\\srv\pkg", **WISH)
        assert "has no second hop" in sentence(hop["xp"])
        assert installers(lab, "xp") == []
        assert runs(hop["member"]) == [(KB, "installed")], hop["member"].get("msg")
        missing = plays.call(hosts="xp", source=r"C:\pkg", **WISH)["xp"]
        assert NAME in sentence(missing)
        put_on(simulated(lab, "xp"), rf"C:\pkg\{NAME}", offered.content(NAME))
        done = plays.call(hosts="xp", source=r"C:\pkg", **WISH)["xp"]
        assert runs(done) == [(KB, "installed")], done.get("msg")
        gone = plays.call(kb=[KB], state="absent", reboot=True)
        for name in lab.hosts:
            assert [(one["verb"], one["outcome"]) for one in gone[name]["packages"]] == [("remove", "removed")]
            assert (gone[name]["verdict"], gone[name]["restarts"]) == ("needs_update", 1)
            assert litter(lab, name) == []
