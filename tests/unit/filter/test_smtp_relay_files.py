# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of the role smtp_relay as templates call it: what comes out, what is refused, what is documented."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailfleet.client.plugins.filter import smtp_relay_files as face
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import PLATFORMS
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.postfix import QUESTIONS
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import KEYS, NUMBERS, UPSTREAM_KEYS
from tests.support.relays import CONSENTS, FACTS

ROLE = Path(__file__).resolve().parents[3] / "roles" / "smtp_relay"
SECRET = "s3cret"
WANTED: dict[str, t.Any] = {
    "upstream": {"host": "smtp.example.net", "port": 587, "security": "starttls", "user": "me", "password": SECRET},
    "listen": ["192.0.2.10:2525"],
    "allow": ["192.0.2.0/24"],
    "hostname": "relay.example.net",
}


def test_files_and_secrets() -> None:
    made = face.smtp_relay_files(WANTED, {**FACTS, "more": "facts"}, list(CONSENTS))
    assert made == json.loads(json.dumps(made))
    assert SECRET not in json.dumps(made)
    secrets = face.smtp_relay_files(WANTED, FACTS, CONSENTS, secrets=True)
    assert list(secrets) == [made["password"]]
    assert SECRET in secrets[made["password"]]


def test_the_trial_touches_nothing_that_runs() -> None:
    made = face.smtp_relay_files(WANTED, FACTS, CONSENTS)
    text = "".join([*made["trial"], *made["trial"].values()])
    for place in ("folder", "queue", "data"):
        assert made[place] not in text
    assert " inet " not in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((WANTED, FACTS), 'smtp_relay: consent: .* consent "cleartext_leg"'),
        (({**WANTED, "listen": ["x"]}, FACTS, CONSENTS), "smtp_relay: listen: 'x' is not host:port"),
        ((WANTED, {}, CONSENTS), "facts: os_family"),
        ((WANTED, None, CONSENTS), "facts: None is not a dictionary"),
        (("x", FACTS, CONSENTS), "smtp_relay: smtp_relay: 'x' is not a dictionary"),
        ((WANTED, FACTS, "cleartext_leg"), "consent: 'cleartext_leg' is not a list"),
    ],
)
def test_what_is_refused(arguments: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match="^mailfleet.client.smtp_relay_files: " + words):
        face.smtp_relay_files(*arguments)


def test_the_documentation_names_every_field() -> None:
    words = str(yaml.safe_load(face.DOCUMENTATION)["options"])
    assert {key for key in (*KEYS, *UPSTREAM_KEYS) if f"C({key})" not in words} == set()
    returned = str(yaml.safe_load(face.RETURN))
    made = face.smtp_relay_files(WANTED, FACTS, CONSENTS)
    assert {key for key in (*made, *made["units"], *made["listen"][0]) if f"C({key})" not in returned} == set()
    assert face.FilterModule().filters() == {"smtp_relay_files": face.smtp_relay_files}


def test_the_role_says_what_the_filter_takes() -> None:
    options = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text("utf-8"))
    options = options["argument_specs"]["main"]["options"]
    assert set(options) - {"smtp_relay_consent"} == {f"smtp_relay_{key}" for key in KEYS}
    assert set(options["smtp_relay_upstream"]["options"]) == set(UPSTREAM_KEYS)
    assert options["smtp_relay_upstream"]["options"]["password"]["no_log"] is True
    assert {name: options[f"smtp_relay_{name}"]["default"] for name in NUMBERS} == {
        name: row[2] for name, row in NUMBERS.items()
    }
    for name, (least, most, _default) in NUMBERS.items():
        assert f"{least} to {most}" in options[f"smtp_relay_{name}"]["description"]
    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text("utf-8"))
    assert set(variables["smtp_relay__wanted"]) == set(KEYS)
    assert set(variables["smtp_relay__packages"]) == set(PLATFORMS)
    tasks = yaml.safe_load((ROLE / "tasks" / "specify.yml").read_text("utf-8"))
    (asked,) = [task["ansible.builtin.command"] for task in tasks if "postconf" in str(task)]
    assert asked.split() == ["/usr/sbin/postconf", "-d", *QUESTIONS]
    (readme,) = ROLE.glob("README.md")
    assert {name for name in options if f"`{name}`" not in readme.read_text("utf-8")} == set()
