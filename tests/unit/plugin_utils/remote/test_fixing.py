# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fix and rollback against simulated hosts, without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from tests.lab.systems import systems
from tests.support.hosts import PROTOCOLS
from tests.support.lab_shell import FIREWALL, Bench, LabShell, Registry, consents

OURS = r"HKEY_LOCAL_MACHINE\SOFTWARE\MailFleet"
APP_PATHS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths"
TLS12 = PROTOCOLS + r"\TLS 1.2\Client"


def without_ours(registry: Registry) -> Registry:
    """A registry without the keys in which runs keep their books."""
    return {path: values for path, values in registry.items() if not (path + "\\").startswith(OURS + "\\")}


def with_nameless_rules(registry: Registry) -> dict[str, object]:
    """A registry whose firewall rules have no ids, which Windows makes up anew for each rule."""
    rules = FIREWALL.replace("HKLM", "HKEY_LOCAL_MACHINE") + r"\FirewallRules"
    return {path: sorted(values.values()) if path == rules else values for path, values in registry.items()}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Windows 7 with nothing set, whose firewall lets nothing out of itself."""
    bench = Bench(tmp_path, os="win7-sp1")
    for profile in ("DomainProfile", "StandardProfile", "PublicProfile"):
        bench.host.registry.set_number(rf"{FIREWALL}\{profile}", "DefaultOutboundAction", 1)
    return bench


@pytest.mark.parametrize("os", sorted(systems()))
@pytest.mark.parametrize("policy", ["compat", "standard", "strict"])
def test_a_fix_takes_once_and_a_rollback_leaves_no_trace(tmp_path: Path, os: str, policy: str) -> None:
    bench = Bench(tmp_path, os=os)
    first = bench.registry()
    done = bench.fix(policy=policy)
    assert done.failed == ()
    assert done.steps, "a stock host has something to change under every policy"
    again = bench.fix(policy=policy)
    assert (again.steps, again.run) == ((), None)
    undone = bench.roll_back()
    assert undone.undone == (done.run,)
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert bench.registry() == first


def test_the_journal_of_the_host_alone_is_enough(bench: Bench) -> None:
    first = bench.registry()
    done = bench.fix()
    elsewhere = bench.desk("elsewhere")
    with pytest.raises(Refusal, match=r"nobody vouches for; consent: \[host_journal\]"):
        bench.roll_back(desk=elsewhere)
    assert bench.roll_back(desk=elsewhere, terms=consents("host_journal")).undone == (done.run,)
    assert bench.registry() == first


def test_a_signed_journal_of_the_host_needs_no_consent_and_a_false_key_is_refused(bench: Bench) -> None:
    first = bench.registry()
    bench.fix(desk=bench.desk(key="the key"))
    with pytest.raises(Refusal, match="was not signed with this journal_key"):
        bench.roll_back(desk=bench.desk("elsewhere", key="another key"))
    bench.roll_back(desk=bench.desk("elsewhere", key="the key"))
    assert bench.registry() == first


def test_check_mode_writes_nothing_and_foretells_the_changes(bench: Bench) -> None:
    first = bench.registry()
    planned = bench.fix(terms=consents(check=True))
    assert bench.registry() == first
    assert bench.host.counters.writes == 0
    done = bench.fix()
    assert [step.place for step in planned.steps if step.family != "firewall"] == [
        step.place for step in done.steps if step.family != "firewall"
    ]
    assert len(planned.steps) == len(done.steps)
    writes = bench.host.counters.writes
    undoing = bench.roll_back(terms=consents(check=True))
    assert bench.host.counters.writes == writes
    assert undoing.undo == bench.roll_back().undo


def test_an_undo_can_be_undone(bench: Bench) -> None:
    bench.fix()
    fixed = bench.registry()
    undone = bench.roll_back()
    assert undone.run is not None
    bench.roll_back(undone.run)
    assert with_nameless_rules(without_ours(bench.registry())) == with_nameless_rules(without_ours(fixed))


def test_all_undoes_every_fix(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win10-22h2")
    first = bench.registry()
    runs = [bench.fix(policy=policy).run for policy in ("compat", "standard", "strict")]
    undone = bench.roll_back("all")
    assert undone.undone == tuple(reversed(runs))
    assert bench.registry() == first
    assert bench.roll_back("all").undone == ()


def test_what_drifted_is_named_and_the_rest_is_put_back(bench: Bench) -> None:
    first = bench.registry()
    bench.fix()
    bench.host.registry.set_number(TLS12, "DisabledByDefault", 7)
    stopped = bench.roll_back(stop_on_drift=True)
    assert stopped.run is None
    (why,) = stopped.undo.refused
    assert "DisabledByDefault" in why
    undone = bench.roll_back()
    assert undone.undo.refused == (why,)
    left = bench.registry()
    drifted = TLS12.replace("HKLM", "HKEY_LOCAL_MACHINE")
    assert left[drifted] == {"DisabledByDefault": (4, b"\x07\0\0\0")}
    assert {path for path in without_ours(left) if path not in first} == {drifted, drifted.rpartition("\\")[0]}


@pytest.mark.parametrize("wanted", ["20200101T000000Z-00000000", "nonsense", "..\\..\\x"])
def test_a_run_that_nobody_knows(bench: Bench, wanted: str) -> None:
    with pytest.raises(Refusal, match=r"No journal here or on the host knows a run"):
        bench.roll_back(wanted)


# --- two controllers ---------------------------------------------------------------------------------------------


def test_another_controller_waits_until_the_lock_is_old(bench: Bench) -> None:
    with pytest.raises(ShellError):
        bench.fix(shell=LabShell(bench.host, lost_at=2))
    other = bench.desk("two", timeout=600)
    with pytest.raises(Refusal, match=r"is being changed by run .*lock_timeout"):
        bench.fix(desk=other)
    bench.now += 600
    done = bench.fix(desk=other)
    assert done.steps
    assert done.broken == (f"the lock of run {done.broken[0].split()[4]} was broken: it is older than 600 seconds",)


def test_the_same_controller_breaks_the_lock_of_its_dead_run(bench: Bench) -> None:
    with pytest.raises(ShellError):
        bench.fix(shell=LabShell(bench.host, lost_at=2))
    (why,) = bench.fix().broken
    assert why.endswith("its process on this controller is gone")


def test_a_restart_ends_a_lock(bench: Bench) -> None:
    boot = (r"HKLM\SYSTEM\CurrentControlSet\Control\Session Manager\Memory Management\PrefetchParameters", "BootId")
    bench.host.registry.set_number(*boot, 41)
    with pytest.raises(ShellError):
        bench.fix(shell=LabShell(bench.host, lost_at=2))
    bench.host.registry.set_number(*boot, 42)
    (why,) = bench.fix(desk=bench.desk("two")).broken
    assert why.endswith("the host has been restarted since")


@pytest.mark.parametrize("before_line", [2, 3])
def test_another_controller_comes_in_between(bench: Bench, before_line: int) -> None:
    """The other one does its whole work between two lines of ours."""
    first = bench.registry()

    class Slow(LabShell):
        def run(self, line: str) -> object:  # type: ignore[override]
            if len(self.lines) + 1 == before_line:
                try:
                    bench.fix(desk=bench.desk("two"))
                except Refusal as error:
                    refused.append(str(error))
            return super().run(line)

    refused: list[str] = []
    done = bench.fix(shell=Slow(bench.host))
    assert bool(refused) is (before_line == 3)
    assert bool(done.steps) is (before_line == 3)
    owner = bench.desk("two" if before_line == 2 else "one")
    assert bench.fix().steps == ()
    bench.roll_back("all", desk=owner)
    assert bench.registry() == first


# --- consent -----------------------------------------------------------------------------------------------------


def test_what_may_cut_the_own_connection_is_refused_and_named(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win10-22h2")
    first = bench.registry()
    https = OwnConnection("winrs", tls=True)
    with pytest.raises(Refusal, match=r"TLS 1\.[01].*own_connection"):
        bench.fix(policy="standard", terms=consents(connection=https))
    assert bench.registry() == first
    assert bench.fix(policy="standard", terms=consents("own_connection", connection=https)).steps


def test_a_block_rule_is_switched_off_only_with_consent(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win10-22h2")
    rule = "v2.30|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|RPort=587|Name=No mail|"
    bench.host.registry.set_text(rf"{FIREWALL}\FirewallRules", "{AAAA}", rule)
    first = bench.registry()
    (left,) = bench.fix(only=frozenset({"firewall"})).withheld
    assert left.consent == "firewall_block_rule"
    assert without_ours(bench.registry()) == first
    done = bench.fix(only=frozenset({"firewall"}), terms=consents("firewall_block_rule"))
    assert (done.failed, len(done.steps)) == ((), 1)
    key = bench.host.registry.find(rf"{FIREWALL}\FirewallRules")
    assert key is not None
    assert b"Active=FALSE".decode().encode("utf-16-le") in key.values["{aaaa}"].raw
    bench.roll_back()
    assert bench.registry() == first


def test_a_value_of_a_wrong_type_comes_back_with_its_type(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win7-sp1")
    bench.host.registry.set_text(TLS12, "Enabled", "1")
    first = bench.registry()
    done = bench.fix()
    changed = {step.place[1]: step.before for step in done.steps if step.place[0] == TLS12.casefold()}
    assert isinstance(changed["enabled"], RegistryValue)
    bench.roll_back()
    assert bench.registry() == first


def test_a_rule_for_the_program_of_an_account(tmp_path: Path) -> None:
    bench = Bench(tmp_path, os="win10-22h2")
    registry = bench.host.registry
    profile = r"HKCU\Software\Microsoft\Office\16.0\Outlook\Profiles\Outlook\9375CFF0413111d3B88A00104B2A6676\00000002"
    registry.set_text(r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot", "Path", "x")
    for name, text in (("clsid", "{ED475412-B0D6-11D2-8C3B-00104B2A6676}"), ("IMAP Server", "mail.example")):
        registry.set_text(profile, name, text)
    registry.set_text(profile, "Account Name", "work")
    for name, number in (("IMAP Port", 993), ("IMAP Use SSL", 1)):
        registry.set_number(profile, name, number)
    folder = "C:\\Program Files (x86)\\Microsoft Office\\root\\Office16\\"
    registry.set_text(rf"{APP_PATHS}\OUTLOOK.EXE", "Path", folder)
    registry.set_number(rf"{FIREWALL}\PublicProfile", "DefaultOutboundAction", 1)
    first = bench.registry()
    done = bench.fix(only=frozenset({"firewall"}))
    assert (done.failed, len(done.steps)) == ((), 1)
    rules = registry.find(FIREWALL + r"\FirewallRules")
    assert rules is not None
    (made,) = (v for v in rules.values.values() if f"MailFleet {done.run}" in v.raw.decode("utf-16-le"))
    assert f"|RPort=993|App={folder}OUTLOOK.EXE|" in made.raw.decode("utf-16-le")
    assert bench.fix(only=frozenset({"firewall"})).steps == ()
    bench.roll_back()
    assert bench.registry() == first
