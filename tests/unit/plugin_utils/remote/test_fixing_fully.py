# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fix with its packages and one restart, on simulated hosts without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Verdict
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import FixedFully
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.updates import fixed_fully
from tests.support.lab_shell import consents
from tests.support.update_bench import SEVEN, XP, UpdateBench, xp
from tests.unit.plugin_utils.plan.update_stories import ECDHE, RSA_CBC, server

PROTOCOLS = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols"
TLS12 = rf"{PROTOCOLS}\TLS 1.2\Client"


def verdict(done: FixedFully) -> Verdict:
    last = done.again or done.fixed
    assert last is not None
    return (last.after or last.before).audit.verdict


def packages(done: FixedFully) -> list[str]:
    return [run.kb for run in done.updated.packages] if done.updated else []


@pytest.mark.parametrize(
    ("suites", "expected"), [(RSA_CBC, Verdict.OK), (ECDHE, Verdict.NEEDS_RELAY)], ids=["RSA", "ECDHE"]
)
def test_xp_from_stock_to_the_end_with_one_restart(tmp_path: Path, suites: tuple[str, ...], expected: Verdict) -> None:
    bench = xp(tmp_path)
    wishes = {"servers": (server(suites),)}
    done = bench.fix_fully(options=wishes, reboot=True)
    assert done.failed == ""
    assert verdict(done) is expected
    if expected is Verdict.OK:
        assert packages(done) == ["KB4019276", "KB4467770"]
        assert bench.registry()[TLS12]["DisabledByDefault"] == (4, b"\0\0\0\0")
        assert bench.host.power.restarts == 1
        assert bench.litter() == []
    again = bench.fix_fully(options=wishes, reboot=True)
    assert (packages(again), verdict(again)) == ([], expected)
    assert fixed_fully(again)["changed"] is False
    assert bench.host.power.restarts <= 1


def test_check_mode_foresees_the_settings_that_the_packages_bring(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    wishes = {"servers": (server(RSA_CBC),)}
    before = bench.registry()
    foreseen = bench.fix_fully(options=wishes, terms=consents("posready", check=True), reboot=True)
    assert bench.registry() == before
    done = bench.fix_fully(options=wishes, reboot=True)
    assert packages(foreseen) == packages(done) != []
    first, second = fixed_fully(foreseen), fixed_fully(done)
    assert (first["changes"], first["changed"]) == (second["changes"], second["changed"])


def test_without_reboot_it_says_that_one_is_needed_and_goes_on_after_it(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    wishes = {"servers": (server(RSA_CBC),)}
    done = bench.fix_fully(options=wishes)
    assert (bench.host.power.restarts, verdict(done)) == (0, Verdict.FIXABLE)
    assert fixed_fully(done)["reboot_required"] is True
    bench.host.power.restart()
    again = bench.fix_fully(options=wishes)
    assert (packages(again), verdict(again)) == ([], Verdict.OK)
    assert fixed_fully(again)["reboot_required"] is False


def test_without_consent_nothing_is_done_not_even_settings(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    before = bench.registry()
    with pytest.raises(Refusal, match='give the consent "posready"'):
        bench.fix_fully(options={"servers": (server(RSA_CBC),)}, terms=consents())
    assert bench.registry() == before


def test_an_update_that_no_mail_needs_is_left_out_where_there_is_no_file(tmp_path: Path) -> None:
    bench = xp(tmp_path)
    for path in bench.packages.glob("*4467770*"):
        path.unlink()
    done = bench.fix_fully(options={"servers": (server(RSA_CBC),)}, reboot=True)
    assert (packages(done), verdict(done)) == (["KB4019276"], Verdict.OK)
    answer = fixed_fully(done)
    assert next(one["why"] for one in answer["withheld"] if one["what"] == "KB4467770").startswith(
        "KB4467770 is left out, since no mail depends on it: No file of KB4467770 is in"
    )


def test_a_package_that_fails_keeps_the_settings_from_being_made(tmp_path: Path) -> None:
    bench = xp(tmp_path, installers={"KB4019276": {"exit_code": 1603}})
    done = bench.fix_fully(options={"servers": (server(RSA_CBC),)}, reboot=True)
    assert done.fixed is None
    assert TLS12 not in bench.registry()
    answer = fixed_fully(done)
    assert answer["failed"] is True
    assert "KB4019276 failed" in answer["msg"]


def test_windows_7_with_a_rollup_needs_nothing(tmp_path: Path) -> None:
    files = {r"C:\Windows\System32\winhttp.dll": "6.1.7601.24000"}
    stock = UpdateBench(tmp_path / "stock", os="win7-sp1", arch="amd64")
    rolled_up = UpdateBench(tmp_path / "rollup", os="win7-sp1", arch="amd64", files=files)
    for bench, expected in ((stock, ["KB3140245"]), (rolled_up, [])):
        bench.offer(SEVEN)
        done = bench.fix_fully(options={"only": frozenset({"winhttp", "updates"})}, reboot=True)
        assert packages(done) == expected
        assert done.failed == ""


@pytest.mark.parametrize("os", ["server-2003-sp2", "xp-x64-sp2"])
def test_what_cannot_learn_tls_12_is_never_told_to_install_it(tmp_path: Path, os: str) -> None:
    bench = UpdateBench(tmp_path, os=os, language="de")
    bench.offer(XP)
    done = bench.fix_fully(options={"servers": (server(RSA_CBC),)})
    assert (packages(done), verdict(done)) == ([], Verdict.NEEDS_RELAY)


def test_a_host_that_never_comes_back_from_the_restart_of_a_fix(tmp_path: Path) -> None:
    bench = xp(tmp_path, never_returns=True)
    done = bench.fix_fully(options={"servers": (server(RSA_CBC),)}, reboot=True, reboot_timeout=300)
    answer = fixed_fully(done)
    assert "did not come back within 300 seconds" in answer["msg"]
    assert packages(done) == ["KB4019276", "KB4467770"]
