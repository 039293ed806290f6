# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading list: only what cmd.exe of every Windows understands, and everything that is judged."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import ClientDetection
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import by_code
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import package_states, reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import PLAIN_LIMIT, wrapped_limit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import (
    Signs,
    _factored,
    file_names,
    signs_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_sections import update_sections
from tests.lab.parse import For, Group, If, Node, Pipe, Sequence, Simple, parse
from tests.unit.plugin_utils.remote.stand_ins import THUMBPRINTS

FOR_UPDATES = update_sections(load(), ["KB4019276"])
SECTIONS = reading(signs_of(load()), THUMBPRINTS)
LINE = pack(SECTIONS, PLAIN_LIMIT)[0].text(new_token())

#: Rows of the table of registry paths that an audit does not read: for changes, for other issues, or only for people.
NOT_READ = {
    # Only who is to change a host reads these (remote/own.py).
    "own-root",
    "own-journal",
    "own-lock",
    "own-updates",
    "machine-guid",
    "boot-id",
    "app-paths",  # not itself: the keys of programs below it
    "shutdown-time",
    "codepage-ansi",  # the console uses the OEM code page
    "uninstall",
    "uninstall-wow6432",  # the families of updates say the same
    "lsa",
    "firewall-local",
    "firewall-policy",  # only their profiles and rules
    "firewall-service-rules",  # never about a mail client
    "w32time-policy",  # below a key that is read as a whole
    "intermediates-machine",
    "roots-user",
    "disallowed-user",
    "root-auto-update-cache",
    "click-to-run",
    "mapi-http",
    "outlook-15",
    "outlook-16",
    # Read for the thumbprints that matter, not as a whole.
    "roots-machine",
    "roots-third-party-machine",
    "disallowed-machine",
    "roots-policy",
    "disallowed-policy",
    "roots-enterprise",
    "disallowed-enterprise",
}


def simples(node: Node) -> list[Simple]:
    """All commands of a parsed line."""
    if isinstance(node, Simple):
        return [node]
    if isinstance(node, Sequence):
        return [found for item in node.items for found in simples(item)]
    if isinstance(node, Pipe):
        return simples(node.left) + simples(node.right)
    assert isinstance(node, (Group, For, If))
    return simples(node.body)


def test_the_whole_reading_is_one_line_over_winrs() -> None:
    assert len(pack(SECTIONS, PLAIN_LIMIT)) == 1
    assert len(pack(SECTIONS, wrapped_limit())) <= 4


def test_codes_are_unique() -> None:
    by_code(SECTIONS)


def test_only_reading_commands_are_sent() -> None:
    names = {
        " ".join(simple.text.split()[:2]) for simple in simples(parse(LINE)) if not simple.text.startswith("echo ")
    }
    assert {name.split('"')[0].split("=")[0].strip() for name in names} == {
        "reg query",
        "find",
        "find /v",
        "find /i",
        "findstr /r",
        "ver",
        "chcp",
        "set PROCESSOR_ARCH",
        "wmic datafile",
    }


def test_no_variable_can_be_taken_for_one_of_the_environment() -> None:
    assert not re.search(r"%~?\w:", LINE)


def test_sets_of_loops_hold_constants_only() -> None:
    # Wine does not fill in the variables of an outer loop there, and the only data of a host are the SIDs.
    sets = re.findall(r"for %\w in \(([^)]*)\)", LINE)
    assert len(sets) > 10
    assert not any("%" in values or "*" in values or "?" in values for values in sets)


def test_quoted_texts_hold_nothing_that_a_second_cmd_would_act_upon() -> None:
    # Over ssh, the quotes around the line turn every quoted text of it into an unquoted one for the outer cmd.exe.
    assert LINE.count('"') % 2 == 0
    for text in re.findall(r'"([^"]*)"', LINE):
        assert not set(text) & set("&|<>^()!"), text


def test_every_place_that_is_judged_is_read() -> None:
    user = "S-1-5-21-1-2-3-4"
    sections = (*SECTIONS, *FOR_UPDATES)
    roots = [(query, root.casefold()) for item in sections for query, _argument, root in item.marks(user)]

    def read(key: str, value: str | None) -> bool:
        for query, root in roots:
            below = key == root or (query.recursive and key.startswith(root + "\\"))
            if below and (value is None or query.asked is None or value.casefold() in query.asked):
                return True
        return False

    rows = [row for row in load().registry.values() if row.id not in NOT_READ]
    missing = [
        row.id
        for row in rows
        if not read((f"HKU\\{user}\\{row.key}" if row.per_user else row.key).casefold(), row.value)
    ]
    assert missing == []
    assert {row.id for row in load().registry.values()} >= NOT_READ


def test_nothing_is_read_twice() -> None:
    seen = [(root.casefold(), query.asked, query.filters) for s in SECTIONS for query, _a, root in s.marks("u") if root]
    packages = [found for found in seen if found[0].endswith(r"\packages")]
    others = [found for found in seen if found not in packages]
    assert len(others) == len(set(others))


@pytest.mark.parametrize("thumbprint", ["", "ab" * 20, "A" * 39, 'A"&calc&"' + "A" * 31])
def test_a_thumbprint_that_is_none_is_refused(thumbprint: str) -> None:
    with pytest.raises(ValueError, match="thumbprint"):
        reading(Signs(), [thumbprint])


@pytest.mark.parametrize("key", ['HKLM\\SOFTWARE\\a" & echo x & "b', "HKLM\\SOFTWARE\\%PATH%", "HKLM\\a|b", ""])
def test_a_sign_that_cannot_stand_in_a_command_is_refused(key: str) -> None:
    sign = ClientDetection(scope="machine", key=key)
    with pytest.raises(ValueError, match="cannot stand in a command"):
        reading(Signs(clients=(sign,)))


def test_a_file_that_cannot_stand_in_a_command_is_refused() -> None:
    with pytest.raises(ValueError, match="not the name of a file"):
        file_names(Signs(files=("system32\\a.dll' or name='c:\\\\x",)))


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Package_for_KB3140245~31bf3856ad364e35~amd64~~6.1.1.1", True),
        ("Package_for_KB2992611_SP1~31bf3856ad364e35~x86~~6.1.1.2", True),
        ("Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.24214.1.4", True),
        ("Package_for_KB1~31bf3856ad364e35~amd64~de-DE~6.1.1.1", True),
        ('Package_for_KB1" & echo PWNED & "~31bf3856ad364e35~amd64~~6.1.1.1', False),
        ("Package_for_%COMSPEC%~31bf3856ad364e35~amd64~~6.1.1.1", False),
        ("Package_for_KB1~31bf3856ad364e35~amd64~~6.1.1.1\n", False),
    ],
)
def test_only_harmless_names_of_packages_come_back_in_a_command(name: str, kept: bool) -> None:
    assert bool(package_states([name])) is kept


@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("\\".join), min_size=1, unique=True))
def test_factored_paths_are_the_same_paths(keys: list[str]) -> None:
    before, middle, after = _factored(tuple(keys))
    assert [before + part + after for part in middle] == keys
    assert all(middle)
