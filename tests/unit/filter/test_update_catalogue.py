# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter as templates call it: its forms, and what it refuses."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.filter import update_catalogue as face
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import result
from tests.support.hosts import host

KNOWN = "381abded5dd70a02bd54d4e8926e519ca6b306e26cbf10c45bbf1533bf57a026"


def audited(os_id: str) -> dict[str, t.Any]:
    ctx = host(os_id)
    answer: dict[str, t.Any] = json.loads(json.dumps(result(ctx, audit(ctx))))
    return answer


FLEET = {"xp": audited("xp-sp3"), "old": audited("server-2003-sp2"), "new": audited("win11-24h2"), "gone": {"msg": "x"}}


def test_data_is_what_json_can_hold() -> None:
    found = face.update_catalogue(FLEET)
    assert found == json.loads(json.dumps(found)) == face.update_catalogue(FLEET, "data")
    assert (found["schema"], found["hosts"]) == ("1.0", 4)
    tls = [file for file in found["files"] if file["kb"] == "KB4019276"]
    assert KNOWN in {file["sha256"] for file in tls}
    assert {name for file in tls for name in file["hosts"]} == {"xp"}, "there is no such package for Server 2003"
    assert [file["order"] for file in found["files"]] == sorted(file["order"] for file in found["files"])
    assert {"mail", "audit"} <= {what["what"] for what in found["missing"]}


def test_lines_for_people() -> None:
    found = face.update_catalogue(FLEET, form="lines")
    assert found[0] == "Packages for 4 hosts, in the order of installation:"
    assert any(KNOWN in line for line in found)


def test_no_hosts_at_all() -> None:
    assert face.update_catalogue({}, "lines") == ["No package is needed (0 hosts)."]
    assert face.update_catalogue({})["files"] == []


@pytest.mark.parametrize(
    ("results", "form", "words"),
    [
        (["a"], "data", "dictionary"),
        ({"a": "not a result"}, "data", "dictionary"),
        (None, "data", "dictionary"),
        ({}, "csv", "form: it must be one of data, lines, and is 'csv'"),
        ({}, None, "form"),
        ({}, ["data"], "form"),
    ],
)
def test_what_is_refused(results: t.Any, form: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=words):
        face.update_catalogue(results, form)


def test_the_documentation_names_the_forms_and_the_fields() -> None:
    form = yaml.safe_load(face.DOCUMENTATION)["options"]["form"]
    assert (form["choices"], form["default"]) == (["data", "lines"], "data")
    found = face.update_catalogue(FLEET)
    text = str(yaml.safe_load(face.RETURN)["_value"]["description"])
    fields = {*found, *found["files"][0], *found["missing"][0]}
    assert {name for name in fields if f"C({name})" not in text} == set()
    assert face.FilterModule().filters() == {"update_catalogue": face.update_catalogue}
