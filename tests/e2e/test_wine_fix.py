# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix and rollback of a Wine host, judged by its own SCHANNEL: it cannot connect, it can, it cannot again.

One story on one host, told by ``story``; each test looks at one part of it. The registry, reg.exe and SCHANNEL are
Wine's; ``find`` and ``findstr`` are the lab's own there, and there is no firewall.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
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
TLS12 = rf"{PROTOCOLS}\TLS 1.2\Client"
#: Switched off by an administrator: TLS 1.1's is kept, the one of TLS 1.2 is the exception (design, Policies).
SWITCHED_OFF = [
    line for name in ("TLS 1.1", "TLS 1.2") for line in (rf"[{PROTOCOLS}\{name}\Client]", '"Enabled"=dword:00000000')
]
#: A key without values whose parents are made by this file only, and one below a key that the fix writes to.
EMPTY = (rf"{PROTOCOLS}\TLS 9.9\Client", r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Contoso\Empty")
#: ``<`` and ``>`` never stand on a command line, so this value travels as a .reg file.
PROXY = {"state": "set", "server": "proxy.example:3128", "bypass": ["<local>", "*.example"], "stacks": ["wininet"]}


@dataclass
class Story:
    """What was found, in the order in which it happened."""

    verified: dict[str, Results] = field(default_factory=dict)
    exports: dict[str, Export] = field(default_factory=dict)
    runs: dict[str, Results] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    executed: list[str] = field(default_factory=list)


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
    story.exports["first"] = host.export()
    run("fix", FIX, servers=servers)
    verify("after")
    run("again", FIX, servers=servers)
    story.exports["fixed"] = host.export()
    run("proxy", FIX, proxy=PROXY, consent=["own_connection"])
    story.exports["proxied"] = host.export()
    run("rollback", ROLLBACK, run="all")
    verify("undone")
    story.exports["last"] = host.export()
    story.refused, story.executed = list(host.counters.refused), list(host.counters.executed)
    return story
