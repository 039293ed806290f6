# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan as .reg files for machines that nobody can connect to."""

from __future__ import annotations

import pytest
from hypothesis import given

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.reg_export import reg_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import (
    RegFile,
    RegFileError,
    RegFileKey,
    ValueDeletion,
    parse,
)
from tests.support.hosts import ALICE, PROTOCOLS, value
from tests.unit.plugin_utils.plan.generated_hosts import Case, hosts
from tests.unit.plugin_utils.plan.runs_on_images import RULES, living, planned

CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
BOB = r"HKU\S-1-5-21-1-2-3-1002"
ALLOW = "v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|RPort=25|RPort=993|Name=M 1|"


def user(root: str, name: str, before: RegistryData, after: RegistryData) -> RegistryStep:
    return RegistryStep("wininet", root + r"\Software\A", name, value(name, before), value(name, after))


def sections(data: bytes) -> dict[str, tuple[RegistryValue | ValueDeletion, ...]]:
    return {key.path: key.values for key in parse(data).keys}


def test_one_file_does_and_one_undoes() -> None:
    steps = (
        RegistryStep("tls", CLIENT, "Enabled", ABSENT, value("Enabled", 1), creates=(CLIENT,)),
        RegistryStep("tls", CLIENT, "Old", value("Old", "x\r\ny"), ABSENT),
    )
    files = reg_files(steps)
    assert parse(files.do) == RegFile((RegFileKey(CLIENT, (value("Enabled", 1), ValueDeletion("Old"))),))
    assert parse(files.undo) == RegFile((RegFileKey(CLIENT, (value("Old", "x\r\ny"), ValueDeletion("Enabled"))),))
    assert files.do[:2] == files.undo[:2] == b"\xff\xfe"
    long = CLIENT.replace("HKLM", "HKEY_LOCAL_MACHINE")
    assert files.left_out == (f"The key {long} stays after the undo, empty if nothing else came to stand there.",)


@pytest.mark.parametrize(
    ("steps", "do", "undo"),
    [
        ((user(ALICE.root, "x", 0, 1),), {"HKCU"}, {"HKCU"}),
        ((user(ALICE.root, "x", 0, 1), user(BOB, "x", 0, 1)), {"HKCU"}, {"HKCU"}),
        ((user(ALICE.root, "x", 0, 1), user(BOB, "x", 2, 1)), {"HKCU"}, {"HKU"}),
        ((user(ALICE.root, "x", 0, 1), user(BOB, "x", 0, 3)), {"HKU"}, {"HKCU"}),
        ((user(ALICE.root, "x", 0, 1), user(BOB, "y", 0, 1)), {"HKU"}, {"HKU"}),
    ],
)
def test_users_who_all_get_the_same(steps: tuple[RegistryStep, ...], do: set[str], undo: set[str]) -> None:
    machine = RegistryStep("tls", CLIENT, "Enabled", value("Enabled", 0), value("Enabled", 1))
    files = reg_files((machine, *steps))
    for data, hives in ((files.do, do), (files.undo, undo)):
        found = sections(data)
        assert {path.partition("\\")[0] for path in found} == {"HKLM", *hives}
        assert sum(map(len, found.values())) == 1 + (1 if hives == {"HKCU"} else len(steps))


def test_firewall_rules_are_left_out_with_what_to_type() -> None:
    files = reg_files((RuleStep(RULES, "", "M 1", ABSENT, ALLOW),))
    assert parse(files.do) == parse(files.undo) == RegFile()
    assert files.left_out == (
        "The firewall reads its rules only when it starts: for the rule 'M 1' run netsh advfirewall firewall add rule"
        ' name="M 1" dir=out action=allow protocol=TCP remoteport=25,993 profile=any enable=yes and, to undo it, netsh'
        ' advfirewall firewall delete rule name="M 1" dir=out.',
    )


def test_what_no_such_file_can_hold_is_an_error() -> None:
    bad = RegistryStep("x", CLIENT, "x", ABSENT, RegistryValue("x", RegistryType.DWORD, "1"))
    with pytest.raises(RegFileError):
        reg_files((bad,))


@given(hosts())
def test_importing_the_file_does_what_the_steps_do(case: Case) -> None:
    ctx = living(case.context())
    image, done = ctx.snapshot.image, planned(ctx).steps
    files = reg_files(done)
    fixed = after_steps(image, done)
    for data, wanted in ((files.do, fixed), (files.undo, image)):
        for path, values in sections(data).items():
            where = path.replace("HKCU", ALICE.root)
            for one in values:
                expected = ABSENT if isinstance(one, ValueDeletion) else one
                assert wanted.value(where, one.name) == expected
    registry = [step for step in done if isinstance(step, RegistryStep)]
    assert sum(map(len, sections(files.do).values())) == len(registry)
