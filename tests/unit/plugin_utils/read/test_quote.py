# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Quoting: what passes arrives as it is at every reader on the way, and the rest does not pass."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import (
    LONGEST,
    Unquotable,
    quotable,
    quote,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import cmd
from tests.lab.arguments import split_arguments
from tests.lab.parse import Simple, parse

QUOTED = [
    ("Enabled", "Enabled"),
    (r"HKLM\SOFTWARE\A", r"HKLM\SOFTWARE\A"),
    ("{00000000-0000-0000-C000-000000000046}", "{00000000-0000-0000-C000-000000000046}"),
    ("TLS 1.2", '"TLS 1.2"'),
    ("a\\", "a\\"),
    ("a b\\", '"a b\\\\"'),
    ("a b\\\\", '"a b\\\\\\\\"'),
    ("a\\ b", '"a\\ b"'),
    ("(a)", '"(a)"'),
    ("a;b,c=d", '"a;b,c=d"'),
    ("it's", '"it\'s"'),
    ("/f", '"/f"'),
    (" ", '" "'),
]
REFUSED = [
    ("", "it is empty"),
    ("a" * (LONGEST + 1), "4001 characters"),
    ('a"b', 'it has a "'),
    ("%PATH%", "it has a %"),
    ("a&b", "it has a &"),
    ("a|b", "it has a |"),
    ("a<b", "it has a <"),
    ("a>b", "it has a >"),
    ("a^b", "it has a ^"),
    ("a!b!", "it has a !"),
    ("a\nb", "printable ASCII"),
    ("a\tb", "printable ASCII"),
    ("a\0b", "printable ASCII"),
    ("a\n", "printable ASCII"),
    ("\u00e4", "printable ASCII"),
    ("\u201c", "printable ASCII"),
    ("\x7f", "printable ASCII"),
]


@pytest.mark.parametrize(("text", "expected"), QUOTED)
def test_what_passes(text: str, expected: str) -> None:
    assert quotable(text)
    assert quote(text) == expected


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_refused_in_one_clear_sentence(text: str, why: str) -> None:
    assert not quotable(text)
    with pytest.raises(Unquotable) as caught:
        quote(text)
    assert why in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200


TEXTS = st.text(st.characters(min_codepoint=1, max_codepoint=0x100)) | st.text(r"""ab \/-'()[]{};,=*?.:"%&|<>^!""")


@given(TEXTS, TEXTS)
def test_an_argument_arrives_and_so_does_the_next(text: str, other: str) -> None:
    for one in (text, other):
        if not quotable(one):
            with pytest.raises(Unquotable):
                quote(one)
            return
    command = f"reg add {quote(text)} {quote(other)} /f"
    parsed = parse(command)
    assert parsed == Simple(command)
    assert split_arguments(command) == ["reg", "add", text, other, "/f"]
    # The outer interpreter over ssh, which sees what is in quotes as if it were not, and the other way round.
    assert parse(cmd(command)) == Simple(cmd(command))
