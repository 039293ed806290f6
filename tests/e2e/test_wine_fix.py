# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix and rollback of a Wine host, judged by its own SCHANNEL: it cannot connect, it can, it cannot again.

One story on one host, told by ``story``; each test looks at one part of it. The registry, reg.exe and SCHANNEL are
Wine's; ``find`` and ``findstr`` are the lab's own there, and there is no firewall.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.e2e.test_fix import FIX, ROLLBACK, Export, call
from tests.e2e.test_hostile_hosts import reg_file
from tests.e2e.test_verify import PROTOCOLS, Results, https, imaps, trusting, verified
from tests.lab.fleet import Lab
from tests.support.run_ansible import finding
from tests.support.tls_servers import Authority, Loopback

pytestmark = [pytest.mark.wine, pytest.mark.needs("x86_64-w64-mingw32-gcc")]
#: Switched off by an administrator: TLS 1.1's is kept, the one of TLS 1.2 is the exception (design, Policies).
SWITCHED_OFF = [
    line for name in ("TLS 1.1", "TLS 1.2") for line in (rf"[{PROTOCOLS}\{name}\Client]", '"Enabled"=dword:00000000')
]
#: Keys without values: one that nobody touches, one beside the key that the fix writes to.
EMPTY = (r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Contoso\Empty", rf"{PROTOCOLS}\TLS 9.9\Client")
#: ``<`` and ``>`` never stand on a command line, so this bypass list travels as a .reg file.
PROXY = {"state": "set", "server": "proxy.example:3128", "bypass": ["<local>", "*.example"], "stacks": ["wininet"]}
#: What Wine itself writes while it runs programs, whoever asked for them: each process that looks for a display makes
#: a key of its own, and a finished handshake copies the certificates of the machine below it into the stores.
WINES_OWN = (
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\Video",
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\SystemCertificates",
    r"HKEY_USERS\S-1-5-21-0-0-0-1000\Software\Microsoft\SystemCertificates",
)
INTERNET = r"HKEY_USERS\S-1-5-21-0-0-0-1000\Software\Microsoft\Windows\CurrentVersion\Internet Settings"


@dataclass
class Story:
    """What was found, in the order in which it happened."""

    verified: dict[str, Results] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    runs: dict[str, Results] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("wine")
    authority = Authority(folder)
    empty = [f"[{key}]" for key in EMPTY]
    registry = reg_file(folder, "off.reg", [*trusting(authority), *SWITCHED_OFF, *empty])
    issued = authority.issue("localhost", names=("localhost",))
    host = {"name": "pc", "os": "win10-1709", "kind": "wine", "registry": [registry]}
    with Loopback(imaps(issued)) as one, Loopback(https(issued)) as two, Lab(hosts=[host]) as lab:
        servers = [
            {"host": "localhost", "port": port, "protocol": protocol, "security": "implicit"}
            for port, protocol in ((one.port, "imap"), (two.port, "pop3"))
        ]
        return told(lab, authority, servers, folder / "journals")


def told(lab: Lab, authority: Authority, servers: list[dict[str, t.Any]], journals: Path) -> Story:
    """What happens, one thing after another."""
    story, host = Story(), lab.host("pc")

    def verify(when: str) -> None:
        story.verified[when] = verified(lab, authority, {"servers": servers, "timeout": 5})["pc"]

    def run(what: str, module: str, **options: t.Any) -> None:
        story.runs[what] = call(lab, module, journals, **options)["pc"]

    verify("before")
    # Not earlier: the first script of a prefix registers the classes of Wine's own script host.
    story.exports["first"] = folded(host.export())
    run("fix", FIX, servers=servers, proxy=PROXY)
    story.exports["fixed"] = folded(host.export())
    verify("after")
    run("again", FIX, servers=servers, proxy=PROXY)
    run("rollback", ROLLBACK, run="last")
    verify("undone")
    story.exports["last"] = folded(host.export())
    story.refused, story.written = list(host.counters.refused), list(host.counters.written)
    folders = {rf"C:\windows\{name}" for name in re.findall(r"MailFleet-[0-9a-f]{16}", "".join(story.written))}
    for path in (*folders, r"C:\windows\MailFleet.lock"):
        story.left += [path] if "there" in host.run(f"if exist {path} (echo there)")[1] else []
    return story


def folded(export: Export) -> Export:
    """Keys in small letters: Wine's own prefix says Schannel where Windows says SCHANNEL."""
    return {key.casefold(): values for key, values in export.items()}


def differences(one: Export, other: Export) -> dict[str, tuple[t.Any, t.Any]]:
    """By key: what it holds in the one and in the other, None where there is no such key."""
    own = tuple(f"{key.casefold()}\\" for key in WINES_OWN)
    return {
        key: (one.get(key), other.get(key))
        for key in sorted(one.keys() | other.keys())
        if one.get(key) != other.get(key) and not f"{key}\\".startswith(own)
    }


def codes(story: Story, when: str) -> list[tuple[str, str, str]]:
    """For each server: WinHTTP's answer, what it proves, what the controller's own handshake says."""
    return [
        (one["host"]["code"], one["host"]["proves"], one["controller"]["result"])
        for one in story.verified[when]["targets"]
    ]


@pytest.mark.parametrize("when", ["before", "undone"])
def test_without_the_fix_the_own_schannel_cannot_connect(story: Story, when: str) -> None:
    assert story.verified[when]["host"]["usable"] is True
    assert codes(story, when) == [("0x80072F7D", "fails", "works")] * 2
    assert story.verified[when]["verdict"] == "failed"


def test_after_the_fix_the_own_schannel_connects(story: Story) -> None:
    # The answer of an IMAP server is not HTTP, so 0x80072F78 is a handshake that was finished.
    assert codes(story, "after") == [("0x80072F78", "works", "works"), ("200", "works", "works")]
    assert (story.verified["after"]["verdict"], story.verified["after"]["reason"]) == ("ok", "")


def test_the_fix_changes_what_it_says_and_nothing_else(story: Story) -> None:
    fix = story.runs["fix"]
    assert (fix["changed"], fix["errors"], fix["verdict"]) == (True, [], "ok")
    assert (fix["before"]["verdict"], fix["after"]["verdict"]) == ("fixable", "ok")
    said = {(long(change["key"]), change["name"]) for change in fix["changes"]}
    found = differences(story.exports["first"], story.exports["fixed"])
    changed = {
        (key, name)
        for key, (before, after) in found.items()
        if r"\mailfleet" not in key
        for name in before.keys() | after.keys()
        if before.get(name) != after.get(name)
    }
    assert changed == said
    families = {change["family"] for change in fix["changes"]}
    assert families == {"tls", "dotnet", "proxy"}


def long(key: str) -> str:
    hive, _slash, rest = key.partition("\\")
    return "\\".join(({"HKLM": "HKEY_LOCAL_MACHINE", "HKU": "HKEY_USERS"}[hive], rest)).casefold()


def client(protocol: str) -> str:
    return rf"{PROTOCOLS}\{protocol}\Client".casefold()


def test_an_administrators_switch_is_kept_except_for_tls_1_2(story: Story) -> None:
    one, zero = (4, b"\x01\0\0\0"), (4, b"\0\0\0\0")
    for when, expected in (("first", zero), ("fixed", one), ("last", zero)):
        assert story.exports[when][client("TLS 1.2")] == {"Enabled": expected}
        assert story.exports[when][client("TLS 1.1")] == {"Enabled": zero}
    assert finding(story.runs["fix"]["after"], "tls.tls11")["effective"] == "disabled"


def test_what_no_command_line_carries_travels_as_a_file(story: Story) -> None:
    bypass = story.exports["fixed"][INTERNET.casefold()]["ProxyOverride"]
    assert bypass == (1, "<local>;*.example\0".encode("utf-16-le"))
    assert [one for one in story.written if one.startswith("reg import ")]
    assert "ProxyOverride" not in story.exports["first"][INTERNET.casefold()]


def test_a_second_fix_changes_nothing(story: Story) -> None:
    again = story.runs["again"]
    assert (again["changed"], again["changes"], again["run"], again["verdict"]) == (False, [], None, "ok")
    assert [change for change in again["after"]["plan"] if not change["optional"]] == []


def test_rollback_gives_the_first_registry_back(story: Story) -> None:
    rollback = story.runs["rollback"]
    assert (rollback["errors"], rollback["refused"], rollback["already"]) == ([], [], [])
    assert rollback["undone"] == [story.runs["fix"]["run"]]
    assert differences(story.exports["first"], story.exports["last"]) == {}
    for when in ("first", "last"):
        assert {key: story.exports[when][key.casefold()] for key in EMPTY} == {key: {} for key in EMPTY}


def test_nothing_is_refused_and_nothing_left(story: Story) -> None:
    assert (story.refused, story.left) == ([], [])
