# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a small fleet is audited, fixed, audited again and rolled back, with the playbooks of a real fleet.

Where Wine is installed one host can shake hands, and is asked each time whether its own SCHANNEL gets through.
Everything that the demo writes is under ``build/``.
"""

from __future__ import annotations

import shutil
import sys
import typing as t

import yaml

from tests.demo import wine_desk
from tests.demo.playbooks import BUILD, DEMO, HERE, HOSTS, ROOT, Results, play, running_lab

sys.path.insert(0, str(ROOT / "tests" / "collections"))

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.table import table  # noqa: E402

#: As their playbooks are called, for the command lines that are shown.
_SERVERS = ("-e", f"@{HERE / 'servers.yml'}")


def say(text: str) -> None:
    """A line that says what the demo does."""
    print(f"demo: {text}", flush=True)


def write_fleet(desk: wine_desk.Desk | None) -> list[str]:
    """The lab's file of hosts, with the Wine host where there is one; the names of all hosts, in its order."""
    fleet = yaml.safe_load((HERE / "hosts.yml").read_text(encoding="utf-8"))
    hosts: list[dict[str, t.Any]] = fleet["hosts"]
    for host in hosts:
        host["registry"] = [str(HERE / file) for file in host.get("registry", ())]
    hosts += [desk.entry] if desk else []
    HOSTS.write_text(yaml.safe_dump({"hosts": hosts}, sort_keys=False), encoding="utf-8")
    return [str(host["name"]) for host in hosts]


def audit(names: list[str], label: str) -> Results:
    """Audit the fleet and print the table."""
    say(f"{label}: ansible-playbook playbooks/audit.yml")
    found = play("audit", DEMO / label, {}, *_SERVERS)
    missing = [name for name in names if name not in found]
    if missing:
        raise RuntimeError(f"the playbook wrote no result for {', '.join(missing)}")
    print("", *table({name: found[name] for name in names}), "", sep="\n", flush=True)
    return found


def handshake(desk: wine_desk.Desk | None, label: str) -> None:
    """Let the Wine host's own SCHANNEL try, and print what it says; RuntimeError where it cannot be asked."""
    if desk is None:
        return
    variables = {"mailfleet_hosts": wine_desk.NAME, "mailfleet_servers": [desk.server]}
    result = play("verify", DEMO / label, variables, trusted=desk.trusted)[wine_desk.NAME]
    if not result.get("targets"):
        raise RuntimeError(f"{wine_desk.NAME} was not verified: {result.get('msg') or result.get('reason')}")
    target = result["targets"][0]
    place = f"{target['server']}:{target['port']}"
    said = target["host"]
    say(f"playbooks/verify.yml: {wine_desk.NAME} to {place} (TLS 1.2 only): {said['proves']}: {said['says']}")


def fix(reached: list[str]) -> None:
    """Fix the hosts that were reached, one first."""
    say("fix: ansible-playbook playbooks/fix.yml (one host first, then the others; a host that is off is left out)")
    found = play("fix", DEMO, {"mailfleet_hosts": ",".join(reached)}, *_SERVERS)
    for name in reached:
        result = found[name]
        values, held = len(result["changes"]), len(result["withheld"])
        say(f"  {name}: {values} changes, {held} withheld; {result['before']['verdict']} -> {result['verdict']}")


def roll_back(reached: list[str]) -> None:
    """Undo all of it, and print one line."""
    found = play("rollback", DEMO, {"mailfleet_hosts": ",".join(reached), "mailfleet_run": "all"})
    changed = [result for result in found.values() if result["changed"]]
    values = sum(len(result["changes"]) for result in changed)
    left = sum(len(result["refused"]) + len(result["errors"]) for result in found.values())
    say(f"playbooks/rollback.yml: {values} changes put back on {len(changed)} hosts, {left} left alone")


def story(desk: wine_desk.Desk | None) -> None:
    """Everything, in its order; RuntimeError where a step failed."""
    names = write_fleet(desk)
    say("starting the lab: stand-ins for Windows hosts, on loopback addresses")
    with running_lab():
        before = audit(names, "before")
        reached = [name for name in names if not before[name].get("unreachable")]
        handshake(desk, "before")
        fix(reached)
        audit(names, "after")
        handshake(desk, "after")
        roll_back(reached)
        handshake(desk, "undone")
    if desk is None:
        say("no handshakes were tried: that needs Wine and a cross compiler (x86_64-w64-mingw32-gcc)")


def main() -> int:
    """Run the demo; 1 where a step failed."""
    shutil.rmtree(DEMO, ignore_errors=True)
    DEMO.mkdir(parents=True)
    try:
        with wine_desk.desk(DEMO) as desk:
            story(desk)
    except RuntimeError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    print(f"\nThe full results: {DEMO.relative_to(BUILD.parent)}/*/*.json; what the verdicts mean: README.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
