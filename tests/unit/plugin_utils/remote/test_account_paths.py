# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of accounts are read: those whose path may stand in a command."""

from __future__ import annotations

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.account_files import objection


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        (r"C:\Users\till\x\account{1}.oeaccount", True),
        ("C:\\Users\\J\u00f6rg\\account{1}.oeaccount", True),
        (r"C:\Users\till\..\x\account{1}.oeaccount", False),
        (r"C:\Users\.\account{1}.oeaccount", False),
        # Some code pages make a double quote of it.
        ("C:\\Users\\a\u02bab\\account{1}.oeaccount", False),
    ],
)
def test_which_paths_stand_in_a_command(path: str, plain: bool) -> None:
    assert (objection(path) == "") is plain
