# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a small fleet is audited, fixed, audited again and rolled back, with the playbooks of a real fleet.

With ``MAILFLEET_DEMO_WINE=1`` there is a Wine host too, which is asked before and after whether its own SCHANNEL gets
through to a mail server.
Everything that the demo writes is under ``build/``.
"""

from __future__ import annotations

import concurrent.futures
import shutil
import sys
import typing as t

import yaml

from tests.demo import wine_desk
from tests.demo.playbooks import BUILD, DEMO, HERE, HOSTS, ROOT, Results, play, running_lab

sys.path.insert(0, str(ROOT / "tests" / "collections"))

from ansible_collections.mailfleet.client.plugins.plugin_utils.report.table import table

#: As their playbooks are called, for the command lines that are shown.
_SERVERS = ("-e", f"@{HERE / 'servers.yml'}")


def say(text: str) -> None:
    """A line that says what the demo does."""
    print(f"demo: {text}", flush=True)


def write_fleet(desk: wine_desk.Desk | None) -> list[str]:
    """The lab's file of hosts, with the Wine host where there is one; the names of the others, in its order."""
    fleet = yaml.safe_load((HERE / "hosts.yml").read_text(encoding="utf-8"))
    hosts: list[dict[str, t.Any]] = fleet["hosts"]
    for host in hosts:
        host["registry"] = [str(HERE / file) for file in host.get("registry", ())]
    every = [*hosts, desk.entry] if desk else hosts
    HOSTS.write_text(yaml.safe_dump({"hosts": every}, sort_keys=False), encoding="utf-8")
    return [str(host["name"]) for host in hosts]


def audit(names: list[str], label: str) -> Results:
    """Audit the fleet."""
    found = play("audit", DEMO / label, {"mailfleet_hosts": ",".join(names)}, *_SERVERS)
    missing = [name for name in names if name not in found]
    if missing:
        raise RuntimeError(f"the playbook wrote no result for {', '.join(missing)}")
    return {name: found[name] for name in names}


def handshake(desk: wine_desk.Desk, label: str) -> str:
    """What the Wine host's own SCHANNEL says when it tries; RuntimeError where it cannot be asked."""
    variables = {"mailfleet_hosts": wine_desk.NAME, "mailfleet_servers": [desk.server]}
    result = play("verify", DEMO / label, variables, trusted=desk.trusted)[wine_desk.NAME]
    if not result.get("targets"):
        raise RuntimeError(f"{wine_desk.NAME} was not verified: {result.get('msg') or result.get('reason')}")
    target = result["targets"][0]
    place = f"{target['server']}:{target['port']}"
    return (
        f"{wine_desk.NAME} to {place}, which takes TLS 1.2 only: {target['host']['proves']}: {target['host']['says']}"
    )


def look(names: list[str], desk: wine_desk.Desk | None, label: str) -> Results:
    """Audit the fleet, let the Wine host try meanwhile, and print the table and what the host says."""
    say(f"{label}: playbooks/audit.yml" + (f", and playbooks/verify.yml for {wine_desk.NAME}" if desk else ""))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        tried = pool.submit(handshake, desk, label) if desk else None
        found = audit(names, label)
        print("", *table(found), "", sep="\n", flush=True)
        if tried:
            say(tried.result())
    return found


def fix(reached: list[str]) -> None:
    """Fix the hosts that were reached, one first."""
    say("playbooks/fix.yml (one host first, then the others; a host that is off is left out)")
    variables = {"mailfleet_hosts": ",".join(reached), "mailfleet_serial": [1, "100%"]}
    found = play("fix", DEMO, variables, *_SERVERS)
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
        before = look(names, desk, "before")
        reached = [name for name in names if not before[name].get("unreachable")]
        changed = [*reached, wine_desk.NAME] if desk else reached
        fix(changed)
        look(names, desk, "after")
        roll_back(changed)
    if desk is None:
        say(f"handshakes before and after the fix, by a Wine host's own SCHANNEL: {wine_desk.SWITCH}=1 make demo")


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
