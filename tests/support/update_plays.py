# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages for lab hosts over the wire: a folder of them, runs of Ansible with it, and what is left on a host."""

from __future__ import annotations

import json
import re
import subprocess
import typing as t
from collections.abc import Mapping
from pathlib import Path

from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.support import update_bench
from tests.support.run_ansible import results_of, run
from tests.support.update_bench import Packages

POSREADY: t.Final = r"HKEY_LOCAL_MACHINE\SYSTEM\WPA\PosReady"
TLS12: t.Final = (
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2\Client"
)


def server(name: str, *suites: str) -> dict[str, t.Any]:
    """A mail server that takes TLS 1.2 only, with these suites, as an operator writes it down."""
    certificate = {"key": "rsa", "signature": "sha256", "needs_sni": False}
    accepts = {"tls": ["1.2"], "suites": [f"TLS_{suite}" for suite in suites], "certificate": certificate}
    return {"host": name, "port": 993, "protocol": "imap", "security": "implicit", "accepts": accepts}


RSA_ONLY: t.Final = server("rsa.example.com", "RSA_WITH_AES_128_CBC_SHA", "RSA_WITH_AES_256_CBC_SHA")
ECDHE_ONLY: t.Final = server("new.example.com", "ECDHE_RSA_WITH_AES_128_GCM_SHA256")

#: The update that most of these tests are about, on XP and Vista, and on 7.
KB, SEVEN_KB = "KB4019276", "KB3140245"
NAME: t.Final = "windowsxp-kb4019276-x86-embedded-deu.exe"
#: Entries of hosts whose seconds, and restarts, are short.
SHORT: t.Final[dict[str, t.Any]] = {"second_ms": 1, "restart_ms": 5}

#: What installs, as the host was told it.
_INSTALLERS: t.Final = re.compile(
    r'^"?(?:C:\\Windows\\MailFleet-\w+\\\S+\.exe\b|\S*dism(?:\.exe)? .*/add-package|\S*pkgmgr(?:\.exe)? /ip)', re.I
)
#: Environment of an Ansible whose time flies while it sleeps.
QUICK: t.Final = {"PYTHONPATH": str(Path(__file__).parent / "quick")}


class Plays:
    """Runs of Ansible against a lab, with packages; results and journals stand in ``folder``."""

    def __init__(self, lab: Lab, folder: Path, offered: Packages | None = None) -> None:
        self.lab, self.folder, self.offered = lab, folder, offered

    def book(self, *words: str, book: str = "fix", **variables: t.Any) -> subprocess.CompletedProcess[str]:
        """A playbook of the collection; ``variables`` without ``mailfleet_``."""
        given = {"build": str(self.folder), "journals": str(self.folder / "journals"), "updates": True, "serial": 50}
        if self.offered is not None:
            given |= {"package_source": str(self.offered.folder), "checksums": self.offered.checksums}
        told = json.dumps({f"mailfleet_{name}": value for name, value in (given | variables).items()})
        inventory = str(self.lab.inventory)
        done = run("ansible-playbook", "-i", inventory, f"playbooks/{book}.yml", *words, "-e", told, environment=QUICK)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    def results(self, book: str = "fix") -> dict[str, dict[str, t.Any]]:
        """What the last run of that playbook wrote for each host."""
        return {file.stem: json.loads(file.read_text("utf-8")) for file in (self.folder / book).glob("*.json")}

    def call(
        self, *words: str, hosts: str = "windows", module: str = "mail_tls_update", **options: t.Any
    ) -> dict[str, dict[str, t.Any]]:
        """Results by host of ``ansible -m``."""
        given: dict[str, t.Any] = {"journal_dir": str(self.folder / "journals")}
        if self.offered is not None and module != "mail_tls_rollback":
            given |= {"source": str(self.offered.folder), "checksums": self.offered.checksums}
        told = json.dumps(given | options)
        inventory = str(self.lab.inventory)
        done = run(
            "ansible",
            hosts,
            "-i",
            inventory,
            "-m",
            f"mailfleet.client.{module}",
            "-a",
            told,
            *words,
            environment=QUICK,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return results_of(done.stdout)


def simulated(lab: Lab, name: str) -> SimulatedHost:
    """A host of the lab that is not Wine."""
    backend = lab.host(name).backend
    assert isinstance(backend, SimulatedHost)
    return backend


def installers(lab: Lab, name: str) -> list[str]:
    """What installed something on that host, in order."""
    return [command for command in lab.host(name).counters.executed if _INSTALLERS.match(command)]


def litter(lab: Lab, name: str) -> list[str]:
    """What is left of runs on a host."""
    return update_bench.litter(simulated(lab, name))


def sentence(result: Mapping[str, t.Any]) -> str:
    """The message of a result that says that something went wrong: one line, no traceback."""
    assert result.get("failed") or result.get("unreachable"), result
    message = result["msg"]
    assert message.isprintable(), message
    assert message.endswith("."), message
    assert "Traceback" not in json.dumps(result)
    assert "lab:" not in message
    return str(message)


def network(lab: Lab, name: str, *, up: bool) -> None:
    """Plugs a host's network in, or pulls it out; what runs there goes on."""
    _host, *doors = simulated(lab, name).power.listeners
    for door in doors:
        door(up)


def installing(lab: Lab, name: str) -> bool:
    """Whether an installer runs on that host."""
    return any(one.installer for one in simulated(lab, name).processes.images())


def looks(lab: Lab, name: str) -> int:
    """How often the host was asked how far its installation is."""
    return sum(
        command.startswith("copy /y /b ") and "busy.txt" in command for command in lab.host(name).counters.executed
    )


def xp(name: str, **more: t.Any) -> dict[str, t.Any]:
    """A German XP SP3."""
    return {"name": name, "os": "xp-sp3", "language": "de", **SHORT, **more}


def seven(name: str, **more: t.Any) -> dict[str, t.Any]:
    """A 64-bit Windows 7 SP1."""
    return {"name": name, "os": "win7-sp1", **SHORT, **more}


def runs(result: t.Mapping[str, t.Any]) -> list[tuple[str, str]]:
    """(KB, outcome) of the packages of a result."""
    packages = result.get("packages", result.get("updates", {}).get("packages", []))
    return [(one["kb"], one["outcome"]) for one in packages]
