# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account files, whatever stands in them: nothing of a password is kept; an edit changes its elements and no more."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryKey, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.oeaccount import account_file
from tests.lab import account_tools
from tests.lab.files import FileSystem
from tests.support.live_mail import PASSWORD, account, element, put

FILE = r"C:\account{1}.oeaccount"
NEW = ".0123456789abcdef"
NAMES = st.sampled_from(
    ["SMTP_Port", "POP3_Port", "IMAP_Port", "SMTP_Server", "SMTP_Password2", "smtp_port", "X", "POP3_Secure_Connection"]
)
BODIES = st.sampled_from(
    ["00000019", "19", "a.example", "", " 19", "&#49;9", "<b/>", "\u2603", "\U0001f600", "000003E3"]
)
ELEMENTS = st.builds(element, NAMES, st.sampled_from(["SZ", "DWORD", "BINARY", ""]), BODIES)
MORE = st.lists(ELEMENTS | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), max_size=6).map("".join)


class _Machine:
    """As much of a host as the script needs."""

    def __init__(self, data: bytes) -> None:
        self.files = FileSystem(())
        put(self.files, data, FILE)

    def may_write(self, _what: str) -> bool:
        return True


@given(st.text() | MORE.map(lambda more: account(more=more)[2:].decode("utf-16-le", "replace")))
def test_only_what_an_account_is_made_of_is_kept(text: str) -> None:
    key = account_file(text, "k")
    assert PASSWORD not in repr(key)
    if isinstance(key, RegistryKey):
        for value in key.values:
            assert re.fullmatch(
                r"account name|smtp email address|(smtp|pop3|imap) (server|port|secure connection|use sicily)",
                value.name.casefold(),
            )


@given(MORE)
def test_an_edit_changes_its_elements_only(more: str) -> None:
    data = account(more=more)
    machine = _Machine(data)
    edits = {"POP3_Server": ("pop.example.com", "10.0.7.2"), "POP3_Port": ("000003E3", "00000456")}
    words = [word for name, sides in edits.items() for word in (name, *sides)]
    said = account_tools.change(machine, "x", [FILE, NEW, *words])  # type: ignore[arg-type]
    if said != "done":
        assert not machine.files.exists(FILE + NEW)
        return
    edited = bytes(machine.files.read(FILE + NEW))
    before, after = (account_file(one[2:].decode("utf-16-le"), "k") for one in (data, edited))
    if isinstance(before, RegistryKey):
        assert isinstance(after, RegistryKey)
        told = {value.name: value.data for value in after.values}
        assert (told["POP3 Server"], told["POP3 Port"]) == ("10.0.7.2", "00000456")
        assert _others(before.values) == _others(after.values)
    back = [word for name, (old, new) in edits.items() for word in (name, new, old)]
    machine = _Machine(edited)
    assert account_tools.change(machine, "x", [FILE, NEW, *back]) == "done"  # type: ignore[arg-type]
    assert bytes(machine.files.read(FILE + NEW)) == data


def _others(values: tuple[RegistryValue, ...]) -> list[RegistryValue]:
    return [value for value in values if value.name not in ("POP3 Server", "POP3 Port")]
