# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to reach a host gives the same audit: winrs, the builtin winrm, ssh; short and full names; HTTPS."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterator

import jsonschema
import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import ROOT, ad_hoc, run

WAYS: dict[str, dict[str, t.Any]] = {
    "winrs-ntlm": {},
    "winrs-basic": {"auth": "basic"},
    "winrs-https": {"auth": "ntlm-https"},
    "winrm": {"connection": "winrm"},
    "ssh": {"connection": "ssh"},
}
pytestmark = pytest.mark.needs("sshd")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with Lab(hosts=[{"name": name, "os": "win7-sp1", **entry} for name, entry in WAYS.items()]) as running:
        yield running


@pytest.fixture(scope="module")
def results(lab: Lab) -> dict[str, t.Any]:
    return ad_hoc(lab.inventory, "mailfleet.client.mail_tls_audit")


@pytest.mark.parametrize("way", WAYS)
def test_the_same_audit_by_every_way(results: dict[str, t.Any], way: str) -> None:
    result = results[way]
    assert result.get("verdict") == "fixable", result
    expected = {**results["winrs-ntlm"], "host": None}
    assert {**result, "host": None} == expected


@pytest.mark.parametrize("way", WAYS)
def test_the_result_keeps_to_its_schema(results: dict[str, t.Any], way: str) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / "audit-result.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(results[way])
    assert len(json.dumps(results[way])) <= 64 * 1024


def test_the_short_name_in_a_checkout(lab: Lab) -> None:
    assert ad_hoc(lab.inventory, "mail_tls_audit")["winrs-ntlm"]["verdict"] == "fixable"


def test_raw_over_winrs(lab: Lab) -> None:
    done = run("ansible", "winrs-ntlm", "-i", str(lab.inventory), "-m", "ansible.builtin.raw", "-a", "ver")
    assert "6.1.7601" in done.stdout


def test_modules_that_need_powershell_are_refused_in_one_sentence(lab: Lab) -> None:
    result = ad_hoc(lab.inventory, "ansible.builtin.setup")["winrs-ntlm"]
    assert "PowerShell" in str(result["msg"])
    assert "Traceback" not in str(result)


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("module", "mailfleet.client.mail_tls_audit", ("EXAMPLES", "RETURN VALUES", "firewall_profiles", "verdict")),
        ("connection", "mailfleet.client.winrs", ("command_timeout", "codepage", "EXAMPLES")),
        ("filter", "mailfleet.client.audit_table", ("EXAMPLES",)),
    ],
)
def test_ansible_doc(kind: str, name: str, words: tuple[str, ...]) -> None:
    shown = run("ansible-doc", "-t", kind, name)
    assert shown.returncode == 0, shown.stderr
    for word in words:
        assert word in shown.stdout or word.replace(" VALUES", "") in shown.stdout
