# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of relays as templates call them: what comes out, what is refused, what is documented."""

from __future__ import annotations

import json
import typing as t

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.filter import relay_checks as checks_face
from ansible_collections.mailfleet.client.plugins.filter import relay_files as files_face
from ansible_collections.mailfleet.client.plugins.filter import relays_from_audits as audits_face
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import KEYS
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.wishes import FIRST_PORT
from tests.support.relays import CONSENTS, FACTS, entry

CHANGE = {"kind": "relay", "server": "mail.example.test", "port": 587, "protocol": "smtp", "security": "starttls"}
OAUTH = {**CHANGE, "server": "imap.live.com", "port": 993, "protocol": "imap", "clients": ["outlook-express"]}
RESULTS = {"pc1": {"plan": [CHANGE, OAUTH]}}
ADDRESSES = {"pc1": "192.0.2.81"}


def test_from_audits_to_files() -> None:
    found = audits_face.relays_from_audits(RESULTS, "192.0.2.10", ADDRESSES)
    assert found == json.loads(json.dumps(found))
    made = files_face.relay_files(found["relays"], {**FACTS, "more": "facts"}, list(CONSENTS))
    assert [one["name"] for one in made["relays"]] == [use["relay"] for use in found["uses"]]
    again = audits_face.relays_from_audits(RESULTS, "192.0.2.10", ADDRESSES, keep=found["relays"])
    assert again == found


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([entry()], FACTS), 'relay submission: inbound: clear .* consent "cleartext_leg"'),
        (([entry(port="x")], FACTS, CONSENTS), "relay submission: port: 'x' is not a port"),
        (([entry()], {}, CONSENTS), "facts: os_family"),
        (([entry()], None, CONSENTS), "facts: None is not a dictionary"),
        (("x", FACTS, CONSENTS), "relays: 'x' is not a list"),
        (([entry()], FACTS, "cleartext_leg"), "consent: 'cleartext_leg' is not a list"),
    ],
)
def test_files_that_are_refused(arguments: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match="^mailfleet.client.relay_files: " + words):
        files_face.relay_files(*arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["a"], "192.0.2.10", {}), "the input must be a dictionary"),
        (({"a": 1}, "192.0.2.10", {}), "the input must be a dictionary"),
        (({}, "x", {}), "listen: 'x' is not an IP address"),
        (({}, "192.0.2.10", None), "addresses: None is not a dictionary"),
    ],
)
def test_audits_that_are_refused(arguments: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match="^mailfleet.client.relays_from_audits: " + words):
        audits_face.relays_from_audits(*arguments)


def test_the_documentation_names_every_field() -> None:
    options = yaml.safe_load(files_face.DOCUMENTATION)["options"]
    words = str(options)
    assert {key for key in KEYS if f"C({key})" not in words} == set()
    returned = str(yaml.safe_load(files_face.RETURN))
    made = files_face.relay_files([entry()], FACTS, CONSENTS)
    assert {key for key in (*made, *made["relays"][0], *made["units"]) if f"C({key})" not in returned} == set()
    assert files_face.FilterModule().filters() == {"relay_files": files_face.relay_files}


def test_the_documentation_of_the_audits() -> None:
    options = yaml.safe_load(audits_face.DOCUMENTATION)["options"]
    assert options["first_port"]["default"] == FIRST_PORT
    returned = str(yaml.safe_load(audits_face.RETURN))
    found = audits_face.relays_from_audits(RESULTS, "192.0.2.10", ADDRESSES)
    fields = (*found, *found["uses"][0], *found["left_out"][0])
    assert {key for key in fields if f"C({key})" not in returned} == set()
    assert audits_face.FilterModule().filters() == {"relays_from_audits": audits_face.relays_from_audits}


def test_an_option_that_is_none() -> None:
    with pytest.raises(AnsibleFilterError, match="relays_from_audits: kept is none of first_port, "):
        audits_face.relays_from_audits({}, "192.0.2.10", {}, kept=[])


def test_every_wish_is_documented() -> None:
    options = yaml.safe_load(audits_face.DOCUMENTATION)["options"]
    assert set(options) == {"_input", "listen", "addresses", *audits_face.WISHES}


def test_from_probes_to_sentences() -> None:
    plan = audits_face.relays_from_audits(RESULTS, "192.0.2.10", ADDRESSES)
    assert [one["name"] for one in plan["probes"]] == [one["name"] for one in plan["relays"]]
    assert plan["accounts"] == {"pc1": [{**plan["accounts"]["pc1"][0], "host": "192.0.2.10", "listen_port": 2500}]}
    loop = [{"item": one, "error": "nothing.", "ansible_loop_var": "item"} for one in plan["probes"]]
    (found,) = checks_face.relay_checks(plan["relays"], loop, loop)
    assert found["why"] == "relay smtp-mail-example-test does not work: nothing."
    assert found["through"] == {"error": "nothing."}
    returned = str(yaml.safe_load(checks_face.RETURN))
    assert {key for key in found if f"C({key})" not in returned} == set()
    assert checks_face.FilterModule().filters() == {"relay_checks": checks_face.relay_checks}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([entry()], [{}], []), "through: these are not the results of a loop"),
        (([entry()], [], None), "upstream: these are not the results of a loop"),
        ((["x"], [], []), "relays"),
    ],
)
def test_probes_that_are_refused(arguments: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match="^mailfleet.client.relay_checks: " + words):
        checks_face.relay_checks(*arguments)
