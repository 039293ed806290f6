# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Registries of real Windows hosts in simulated ones: what somebody read by hand is what the audit must say."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import finding, findings, playbook

pytestmark = pytest.mark.realdata
USER = "S-1-5-21-1004336348-1177238915-682003330-1001"
MAIL_PORTS = (25, 465, 587, 110, 995, 143, 993)
SOFTWARE = {
    "unreadable": [r"HKLM\SOFTWARE"],
    "readable": [r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"],
}


@pytest.fixture(scope="module")
def results(realdata: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, t.Any]:
    hosts = realdata / "hosts"
    fleet = [
        {"name": "win7", "os": "win7-sp1", "arch": "x86", "registry": [hosts / "win7sp1-shieldbase.reg"], **SOFTWARE},
        {"name": "win10", "os": "win10-1709", "registry": [hosts / "win10-1709-office16.reg"], **SOFTWARE},
        {"name": "xp", "os": "xp-sp3", "registry": [hosts / "winxp-user-only.reg"]},
        {"name": "srv2019", "os": "server-2019", "registry": [hosts / "srv2019-exchange-tls.derived.reg"]},
    ]
    with Lab(hosts=fleet) as lab:
        found, done = playbook(lab.inventory, tmp_path_factory.mktemp("build"))
    assert done.returncode == 0, done.stdout + done.stderr
    return found


def test_windows_7_protocols(results: dict[str, t.Any]) -> None:
    ssl2 = finding(results["win7"], "tls.ssl20")
    assert (ssl2["observed"], ssl2["effective"]) == ({"Enabled": None, "DisabledByDefault": 1}, "off by default")
    for check in ("tls.ssl30", "tls.tls10", "tls.tls11", "tls.tls12"):
        assert finding(results["win7"], check)["observed"] == {"Enabled": None, "DisabledByDefault": None}
    for check in ("tls.tls11", "tls.tls12"):
        found = finding(results["win7"], check)
        assert (found["state"], found["effective"]) == ("fail", "off by default")


def test_windows_10_protocols_are_the_defaults(results: dict[str, t.Any]) -> None:
    effects = {f["id"]: f["effective"] for f in results["win10"]["findings"] if f["id"].startswith("tls.")}
    assert [effects[f"tls.{name}"] for name in ("ssl20", "ssl30", "tls10", "tls11", "tls12", "tls13")] == [
        "not supported",
        "off by default",
        "on",
        "on",
        "on",
        "not supported",
    ]


def test_the_server_with_explicit_values(results: dict[str, t.Any]) -> None:
    effects = {f["id"]: f["effective"] for f in results["srv2019"]["findings"] if f["id"].startswith("tls.tls")}
    assert (effects["tls.tls10"], effects["tls.tls11"], effects["tls.tls12"]) == ("disabled", "disabled", "on")
    kept = finding(results["srv2019"], "tls.tls11")
    assert kept["state"] == "not_applicable"


@pytest.mark.parametrize(("host", "mask"), [("win7", 0xA0), ("win10", 0xA80)])
def test_wininet_of_the_user(results: dict[str, t.Any], host: str, mask: int) -> None:
    assert finding(results[host], "wininet.mask", USER)["state"] == "unknown"  # a policy could not be read
    assert finding(results[host], "wininet.mask", USER)["observed"] == mask


@pytest.mark.parametrize("host", ["win7", "win10"])
def test_proxy_of_the_user_is_direct_with_auto_detect(results: dict[str, t.Any], host: str) -> None:
    (found,) = (f for f in findings(results[host], "proxy.consistent") if f["subject"] == USER)
    assert found["state"] != "fail"
    shown = str(finding(results[host], "proxy.wininet", USER))
    assert "auto" in shown
    assert "direct" in shown


@pytest.mark.parametrize("host", ["win7", "win10"])
def test_no_local_rule_stands_in_the_way_and_no_trap_is_taken(results: dict[str, t.Any], host: str) -> None:
    local = finding(results[host], "firewall.rules.local")
    assert local["state"] == "pass", local
    assert finding(results[host], "firewall.rules.policy")["state"] == "unknown"
    for profile in ("Domain", "Private", "Public"):
        assert finding(results[host], "firewall.default_outbound", profile)["state"] in ("pass", "unknown")


def test_the_account_of_windows_7(results: dict[str, t.Any]) -> None:
    legs = {(r["protocol"], r["server"], r["port"], r["security"]) for r in results["win7"]["routes"]}
    assert legs == {
        ("pop3", "controller.shieldbase.local", 110, "none"),
        ("smtp", "controller.shieldbase.local", 25, "none"),
    }
    assert {r["client"] for r in results["win7"]["routes"]} == {"outlook-2010"}
    assert {r["account"] for r in results["win7"]["routes"]} == {"nfury@stark-research-labs.com"}


@pytest.mark.parametrize("host", ["win10", "xp"])
def test_no_account_is_made_up(results: dict[str, t.Any], host: str) -> None:
    assert results[host]["routes"] == []


@pytest.mark.parametrize(("host", "kind"), [("win7", "NT5DS"), ("win10", "NTP")])
def test_clock(results: dict[str, t.Any], host: str, kind: str) -> None:
    found = finding(results[host], "clock.source")
    assert kind in str(found["observed"])


@pytest.mark.parametrize("host", ["win7", "win10"])
def test_what_an_unreadable_hive_holds_is_unknown(results: dict[str, t.Any], host: str) -> None:
    result = results[host]
    assert result["verdict"] == "unknown"
    assert all(f["state"] == "unknown" for f in findings(result, "winhttp.mask"))
    by_name = [f for f in findings(result, "updates.needed") if "package" in f["why"].casefold()]
    assert all(f["state"] == "unknown" for f in by_name), by_name
    assert any("SOFTWARE" in entry["what"] for entry in result["unread"])


def test_which_windows(results: dict[str, t.Any]) -> None:
    seen = {name: (result["host"]["os"], result["host"]["name"]) for name, result in results.items()}
    assert seen["win7"] == ("win7-sp1", "WKS-WIN732BITA")
    assert seen["win10"] == ("win10-1709", "DESKTOP-PM6C56D")
    assert seen["xp"][0] == "xp-sp3"
