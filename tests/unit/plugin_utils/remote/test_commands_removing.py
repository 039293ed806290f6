# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys are removed with their last value, but only empty ones: on hosts of both dialects, in several languages."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import LIMITS, cmd
from tests.lab.arguments import split_arguments
from tests.lab.host import SimulatedHost
from tests.unit.plugin_utils.remote.stand_ins import entry

FOLDER = "MailFleet-0123456789abcdef"
TOP = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings\Lab (x)"
MIDDLE = TOP + r"\TLS 1.2"
KEY = MIDDLE + r"\Client"
CHAIN = (TOP, MIDDLE, KEY)
STEP = RegistryStep("tls", KEY, "n", ABSENT, ABSENT, (), CHAIN)

HOSTS: list[dict[str, t.Any]] = [
    {"os": "xp-sp3"},
    {"os": "xp-sp3", "language": "de"},
    {"os": "win7-sp1", "language": "ru"},
    {"os": "win10-22h2"},
]


@pytest.fixture(params=HOSTS, ids=lambda fields: "-".join(fields.values()))
def fields(request: pytest.FixtureRequest) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", request.param)


def left(host: SimulatedHost, step: RegistryStep = STEP, wrap: bool = False) -> list[str]:
    """Which keys of the chain are left, by their last parts."""
    for limit in LIMITS:
        for batch in pack(sections([step], FOLDER), limit):
            text = batch.text(new_token())
            host.run(cmd(text) if wrap else text)
    assert host.counters.refused == []
    return [key.rpartition("\\")[2] for key in CHAIN if host.export(key)]


def host_of(fields: dict[str, t.Any], *values: tuple[str, str], **more: t.Any) -> SimulatedHost:
    host = SimulatedHost("host", entry(**fields, **more), {})
    host.registry.create(KEY)
    for key, name in values:
        host.registry.set_text(key, name, "x")
    return host


ALL = ["Lab (x)", "TLS 1.2", "Client"]
STORIES: dict[str, tuple[list[tuple[str, str]], list[str]]] = {
    "all empty": ([], []),
    "only the value that goes": ([(KEY, "n")], []),
    "another value": ([(KEY, "m")], ALL),
    "a default value": ([(KEY, "")], ALL),
    "a value that is named like a key": ([(KEY, "HKEY_LOCAL_MACHINE")], ALL),
    "a key below": ([(KEY + r"\Sub", "m")], ALL),
    "a value further up": ([(MIDDLE, "m")], ["Lab (x)", "TLS 1.2"]),
    "a key beside": ([(MIDDLE + r"\Server", "m")], ["Lab (x)", "TLS 1.2"]),
    "a key beside whose name begins alike": ([(MIDDLE + r"\Client2", "m")], ["Lab (x)", "TLS 1.2"]),
    "a value at the top": ([(TOP, "m")], ["Lab (x)"]),
}


@pytest.mark.parametrize("story", STORIES)
def test_only_empty_keys_go(fields: dict[str, t.Any], story: str) -> None:
    values, expected = STORIES[story]
    assert left(host_of(fields, *values)) == expected


def test_over_ssh(fields: dict[str, t.Any]) -> None:
    assert left(host_of(fields), wrap=True) == []
    assert left(host_of(fields, (MIDDLE, "m")), wrap=True) == ["Lab (x)", "TLS 1.2"]


def test_an_empty_key_below_counts(fields: dict[str, t.Any]) -> None:
    host = host_of(fields)
    host.registry.create(KEY + r"\Sub")
    assert left(host) == ALL


def test_the_spelling_of_the_host_does_not_matter(fields: dict[str, t.Any]) -> None:
    host = host_of(fields, (MIDDLE + r"\Server", "m"))
    step = RegistryStep("tls", KEY.upper(), "n", ABSENT, ABSENT, (), tuple(map(str.upper, CHAIN)))
    assert left(host, step) == ["Lab (x)", "TLS 1.2"]


@pytest.mark.parametrize("denied", CHAIN)
def test_a_denied_key_stays(fields: dict[str, t.Any], denied: str) -> None:
    stay = [key.rpartition("\\")[2] for key in CHAIN if denied.startswith(key) or key.startswith(denied)]
    host = host_of(fields, unreadable=(denied,))
    assert left(host) == stay
    deleted = [split_arguments(one)[2] for one in host.counters.executed if re.match("reg delete .*[^n] /f", one)]
    assert not [key for key in deleted if key.startswith(denied)]


@pytest.mark.parametrize("program", ["find", "reg"])
def test_without_a_program_nothing_is_deleted(fields: dict[str, t.Any], program: str) -> None:
    assert left(host_of(fields, missing=(program,))) == ALL


def test_nothing_of_a_key_that_stays_is_printed(fields: dict[str, t.Any]) -> None:
    host = host_of(fields, (KEY, "secret"))
    (batch,) = pack(sections([STEP], FOLDER), LIMITS[0])
    assert b"secret" not in host.run(batch.text(new_token())).out


def test_keys_that_are_gone_already(fields: dict[str, t.Any]) -> None:
    assert left(SimulatedHost("host", entry(**fields), {})) == []


def test_an_empty_key_is_made_and_has_no_value(fields: dict[str, t.Any]) -> None:
    host = SimulatedHost("host", entry(**fields), {})
    assert left(host, RegistryStep("tls", KEY, "n", ABSENT, ABSENT, CHAIN, ())) == ALL
    assert not any(key.values for _path, key in host.registry.walk(TOP))
