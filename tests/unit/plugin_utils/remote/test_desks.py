# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How tasks say that they ended without a result, and what they refuse of their options."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import desks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.journal_files import PrivateFileError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Interrupted, Refusal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError

AWAY, ODD = ShellError("It is away.", unreachable=True), ShellError("It is odd.")
SENT_NOTHING = " No step of the run had been sent."


@pytest.mark.parametrize(
    ("error", "changing", "answer"),
    [
        (AWAY, True, {"unreachable": True, "msg": "It is away." + SENT_NOTHING}),
        (AWAY, False, {"unreachable": True, "msg": "It is away."}),
        (ODD, True, {"failed": True, "msg": "It is odd." + SENT_NOTHING}),
        (ODD, False, {"failed": True, "msg": "It is odd."}),
        (OptionError("servers: no."), True, {"failed": True, "msg": "servers: no."}),
        (OptionError("servers: no."), False, {"failed": True, "msg": "servers: no."}),
        (Refusal("Nothing was done."), True, {"failed": True, "msg": "Nothing was done."}),
        (PrivateFileError("No folder."), True, {"failed": True, "msg": "No folder."}),
    ],
)
def test_errors_as_results(error: Exception, changing: bool, answer: dict[str, t.Any]) -> None:
    assert desks.failure(error, changing=changing) == answer


@pytest.mark.parametrize(("error", "word"), [(AWAY, "unreachable"), (ODD, "failed")])
def test_a_run_that_broke_off_names_itself(error: ShellError, word: str) -> None:
    answer = desks.failure(Interrupted("R1", error))
    assert {key: answer[key] for key in answer if key != "msg"} == {word: True, "run": "R1"}
    assert f"{error} Run again" in answer["msg"]
    assert "run: R1." in answer["msg"]


@pytest.mark.parametrize(("option", "value"), [("journal_key", " "), ("lock_timeout", 0)])
def test_options_that_make_no_sense(option: str, value: t.Any, tmp_path: Path) -> None:
    arguments = {"journal_dir": str(tmp_path), "journal_key": None, "lock_timeout": 600, option: value}
    with pytest.raises(Refusal, match=f"^{option}: "):
        desks.desk(arguments, "pc")
