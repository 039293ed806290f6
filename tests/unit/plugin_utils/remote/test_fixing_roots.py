# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root placed for accounts that go to a relay by TLS, and taken away again, on simulated hosts."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import exactness
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.certificate_blob import blob
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import holds_login
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.root_section import root_section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted, Refusal, Terms, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.support.lab_shell import Bench, LabShell, consents
from tests.unit.plugin_utils.relay.authorities import founded
from tests.unit.plugin_utils.remote.test_fixing_relays import FILE, account, bench, wide

ROOT = founded()[0].root
STORES = r"HKLM\SOFTWARE\Microsoft\SystemCertificates"
KEY = rf"{STORES}\ROOT\Certificates\{ROOT.thumbprint}"
LONG = KEY.replace("HKLM", "HKEY_LOCAL_MACHINE")
BINARY = 3
POP = {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": "relay.branch.example"}
MAIL = {"server": "smtp.example.com", "port": 465, "protocol": "smtp", "host": "192.0.2.10"}
SECURE = relay_ends(
    [POP | {"listen_port": 2995, "security": "implicit"}, MAIL | {"listen_port": 25, "security": "starttls"}]
)
CLEAR = relay_ends([POP | {"listen_port": 2110, "security": "none"}, MAIL | {"listen_port": 25, "security": "none"}])
MIXED = (SECURE[0], CLEAR[1])


def place(host: Bench, terms: Terms, relays: t.Any = SECURE, shell: LabShell | None = None) -> Fixed:
    """The fix with the root, its reading as the face makes it."""
    usual = update_reading(KNOWLEDGE).extra
    reading = plan_reading(KNOWLEDGE, (ROOT.thumbprint,), extra=(*usual, root_section(KNOWLEDGE, ROOT)))
    options = AuditOptions(today=TODAY, only=frozenset({"accounts"}))
    visit = Visit(shell or LabShell(host.host), KNOWLEDGE, options, reading, host.desk(), terms)
    return fix(visit, relays=relays, root=ROOT)


def stands(host: Bench) -> bytes | None:
    """What stands where the root belongs."""
    values = host.registry().get(LONG)
    return None if values is None else values["Blob"][1]


def set_blob(host: Bench, key: str, data: bytes) -> None:
    host.host.registry.set(key, "Blob", BINARY, data)


def test_the_root_is_placed_with_the_account_and_both_are_undone(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    done = place(host, consents("root_ca"))
    assert (done.failed, done.left, done.withheld) == ((), (), ())
    assert next(step.name for step in done.steps) == "Blob"
    assert stands(host) == blob(ROOT)
    now = account(host)
    assert (now["POP3 Server"], now["SMTP Server"]) == (wide("relay.branch.example"), wide("192.0.2.10"))
    assert now["POP3 Secure Connection"] == now["SMTP Secure Connection"] == (1).to_bytes(4, "little")
    assert place(host, consents("root_ca")).steps == ()
    assert place(host, consents()).steps == ()
    undone = host.roll_back()
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert host.registry() == before


def test_the_diff_names_the_root(tmp_path: Path) -> None:
    diff = fixed(place(bench(tmp_path), consents("root_ca", check=True)))["diff"]
    assert f'{ROOT.thumbprint}] (absent)\n"Blob"=(absent)\n' in diff["before"]
    assert "bound to relay.branch.example, 192.0.2.10 (SHA-256 " + ROOT.fingerprint in diff["after"]
    assert blob(ROOT).hex(",") not in diff["after"]


def test_check_mode_foresees_it(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    foreseen = place(host, consents("root_ca", check=True))
    assert host.registry() == before
    assert fixed(place(host, consents("root_ca")))["changes"] == fixed(foreseen)["changes"] != []


@pytest.mark.parametrize("relays", [SECURE, MIXED])
def test_without_consent_nothing_of_it_is_done(tmp_path: Path, relays: t.Any) -> None:
    """Not the account either, nor the half of it that goes in clear text: its program would meet an unknown root."""
    host = bench(tmp_path)
    before = host.registry()
    done = place(host, consents("cleartext_leg"), relays)
    assert done.steps == ()
    assert {one.consent for one in done.withheld} == {"root_ca"}
    assert [one.change.kind.value for one in done.withheld] == ["registry", "account", "account"]
    assert all('needs the consent "root_ca"' in one.why for one in done.withheld)
    assert host.registry() == before


def test_a_host_without_accounts_of_that_kind_gets_no_root(tmp_path: Path) -> None:
    host = bench(tmp_path)
    done = place(host, consents("root_ca", "cleartext_leg"), CLEAR)
    assert done.steps
    assert stands(host) is None
    (tmp_path / "empty").mkdir()
    assert place(Bench(tmp_path / "empty", os="xp-sp3"), consents("root_ca")).steps == ()


def test_accounts_that_are_there_already_count(tmp_path: Path) -> None:
    """They were repointed by hand, or by a run before the root: what they lack is the root alone."""
    text = FILE.replace("pop.example.com", "relay.branch.example").replace("000003e3", f"{2995:08x}")
    (tmp_path / "there.reg").write_bytes(b"\xff\xfe" + text.encode("utf-16-le"))
    host = Bench(tmp_path, os="xp-sp3", registry=["there.reg"])
    done = place(host, consents("root_ca"), SECURE[:1])
    assert [step.name for step in done.steps] == ["Blob"]


def test_what_others_placed_is_let_be(tmp_path: Path) -> None:
    """The same certificate with other properties beside it: certutil writes more of them."""
    host = bench(tmp_path)
    more = b"\x0b\0\0\0\x01\0\0\0\x04\0\0\0a\0b\0" + blob(ROOT)
    set_blob(host, KEY, more)
    done = place(host, consents())
    assert (done.failed, done.left, done.withheld) == ((), (), ())
    assert "Blob" not in [step.name for step in done.steps]
    host.roll_back()
    assert stands(host) == more


@pytest.mark.parametrize(
    ("key", "data", "why"),
    [
        (KEY, b"\x20\0\0\0\x01\0\0\0\x02\0\0\0ab", "something else stands where the root of the relay belongs"),
        (KEY, b"", "something else stands where the root of the relay belongs"),
        (rf"{STORES}\Disallowed\Certificates\{ROOT.thumbprint}", b"x", "the host distrusts the root of the relay"),
    ],
)
def test_where_the_host_cannot_come_to_trust_it_accounts_stay(tmp_path: Path, key: str, data: bytes, why: str) -> None:
    host = bench(tmp_path)
    set_blob(host, key, data)
    before = host.registry()
    done = place(host, consents("root_ca"))
    assert (done.steps, done.withheld) == ((), ())
    assert why in done.left[0]
    assert host.registry() == before


def test_a_store_that_cannot_be_read_leaves_accounts_alone(tmp_path: Path) -> None:
    (tmp_path / "oe.reg").write_bytes(b"\xff\xfe" + FILE.encode("utf-16-le"))
    host = Bench(tmp_path, os="xp-sp3", registry=["oe.reg"], unreadable=[KEY])
    done = place(host, consents("root_ca"))
    assert done.steps == ()
    assert "cannot be told" in done.left[0]


def test_a_root_of_group_policy_is_enough(tmp_path: Path) -> None:
    host = bench(tmp_path)
    set_blob(host, rf"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates\Root\Certificates\{ROOT.thumbprint}", b"x")
    done = place(host, consents())
    assert done.steps
    assert stands(host) is None


def test_while_the_program_runs_neither_account_nor_root_comes_or_goes(tmp_path: Path) -> None:
    host = bench(tmp_path, "msimn.exe")
    done = place(host, consents("root_ca"))
    assert done.steps == ()
    assert "msimn.exe is running" in done.left[0]
    (tmp_path / "quiet").mkdir()
    quiet = bench(tmp_path / "quiet")
    assert place(quiet, consents("root_ca")).run
    object.__setattr__(quiet.host.entry, "running", host.host.entry.running)
    undone = quiet.roll_back()
    assert undone.undo.steps == ()
    assert any("known by this root" in why for why in undone.undo.refused)
    assert stands(quiet) == blob(ROOT)


def test_a_root_stays_as_long_as_a_later_run_sends_accounts_to_a_relay(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = host.registry()
    first = place(host, consents("root_ca"), SECURE[:1])
    second = place(host, consents("root_ca"), SECURE)
    assert first.run
    assert second.run
    undone = host.roll_back(first.run)
    assert [why for why in undone.undo.refused if f"run {second.run} stays" in why]
    assert stands(host) == blob(ROOT)
    assert account(host)["POP3 Server"] == wide("pop.example.com")
    assert account(host)["SMTP Server"] == wide("192.0.2.10")
    host.roll_back("all")
    assert host.registry() == before


def test_what_a_rollback_took_away_is_placed_again_with_consent_only(tmp_path: Path) -> None:
    host = bench(tmp_path)
    place(host, consents("root_ca"))
    undone = host.roll_back()
    assert undone.run is not None
    with pytest.raises(Refusal, match=f'consent "root_ca".*{ROOT.fingerprint}'):
        host.roll_back(undone.run)
    again = host.roll_back(undone.run, terms=consents("root_ca"))
    assert again.failed == ()
    assert stands(host) == blob(ROOT)
    assert account(host)["POP3 Server"] == wide("relay.branch.example")


def test_a_root_that_somebody_changed_is_left(tmp_path: Path) -> None:
    host = bench(tmp_path)
    place(host, consents("root_ca"))
    set_blob(host, KEY, blob(ROOT) + b"\x0b\0\0\0\x01\0\0\0\0\0\0\0")
    undone = host.roll_back()
    assert any("has changed since run" in why for why in undone.undo.refused)
    assert account(host)["POP3 Server"] == wide("pop.example.com")
    assert stands(host) is not None


def test_a_run_that_broke_off_is_undone_and_finished(tmp_path: Path) -> None:
    """The answer to the last line is lost. The root travels in a staged file."""
    (tmp_path / "whole").mkdir()
    whole = bench(tmp_path / "whole")
    shell = LabShell(whole.host)
    place(whole, consents("root_ca"), shell=shell)
    lost = len(shell.lines)
    host = bench(tmp_path)
    before = host.registry()
    with pytest.raises(Interrupted):
        place(host, consents("root_ca"), shell=LabShell(host.host, lost_at=lost))
    host.now += 1000
    assert host.roll_back().failed == ()
    assert host.registry() == before
    with pytest.raises(Interrupted):
        place(host, consents("root_ca"), shell=LabShell(host.host, lost_at=lost))
    host.now += 1000
    place(host, consents("root_ca"))
    assert stands(host) == blob(ROOT)
    host.roll_back("all")
    assert host.registry() == before


@pytest.mark.parametrize("number", range(3))
def test_no_bytes_of_a_root_are_taken_for_a_password(number: int) -> None:
    """Among a thousand bytes, some are "@" with letters around."""
    root = founded(*(f"x{number}.branch.example", "192.0.2.10")[: 1 + number % 2])[0].root
    assert not holds_login(blob(root))
    assert holds_login(blob(root) + b"http://bob:secret@proxy")


def test_a_root_that_cannot_be_placed_after_all_keeps_its_accounts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exactness, "_LARGEST", 1000)
    host = bench(tmp_path)
    before = host.registry()
    done = place(host, consents("root_ca"))
    assert done.steps == ()
    assert [one.change.kind.value for one in done.withheld] == ["registry", "account", "account"]
    assert "cannot be placed" in done.withheld[1].why
    assert host.registry() == before
