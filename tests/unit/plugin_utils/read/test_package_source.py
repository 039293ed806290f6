# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators write for the place of their packages, and what is not taken from anybody."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource, parse_source
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quotable, quote

NAME = "windowsxp-kb4019276-x86-embedded-enu.exe"


@pytest.mark.parametrize(
    ("text", "kind", "place", "file"),
    [
        ("packages", "controller", "packages", f"packages/{NAME}"),
        ("/srv/my packages/%x%", "controller", "/srv/my packages/%x%", f"/srv/my packages/%x%/{NAME}"),
        ("/srv/x/", "controller", "/srv/x/", f"/srv/x/{NAME}"),
        ("~/\u00fcpdates", "controller", "~/\u00fcpdates", f"~/\u00fcpdates/{NAME}"),
        ("a:b", "host", None, None),
        ("http://srv", "url", "http://srv", f"http://srv/{NAME}"),
        ("HTTP://Srv.Example:080/Pkg/", "url", "http://srv.example:80/Pkg", f"http://srv.example:80/Pkg/{NAME}"),
        ("https://10.0.0.1/a/b-c_d~e.f", "url", "https://10.0.0.1/a/b-c_d~e.f", f"https://10.0.0.1/a/b-c_d~e.f/{NAME}"),
        ("C:\\", "host", "C:", f"C:\\{NAME}"),
        ("c:\\Program Files\\x", "host", "c:\\Program Files\\x", f"c:\\Program Files\\x\\{NAME}"),
        ("D:\\pkg\\", "host", "D:\\pkg", f"D:\\pkg\\{NAME}"),
        ("\\\\srv\\pkg", "unc", "\\\\srv\\pkg", f"\\\\srv\\pkg\\{NAME}"),
        ("\\\\srv.example\\c$\\My Updates\\", "unc", "\\\\srv.example\\c$\\My Updates", None),
    ],
)
def test_places(text: str, kind: str, place: str | None, file: str | None) -> None:
    if place is None:
        with pytest.raises(OptionError, match="is no folder that can be used: it has to look like"):
            parse_source(text)
        return
    found = parse_source(text)
    assert found == PackageSource(kind, place)  # type: ignore[arg-type]
    assert file is None or found.file(NAME) == file


def test_the_root_of_a_drive_is_shown_as_one() -> None:
    assert [str(parse_source(text)) for text in ("C:\\", "C:\\x", "/srv")] == ["C:\\", "C:\\x", "/srv"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "source: None is not a text"),
        (["x"], "source: a list is not a text"),
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("/srv/\0x", "characters that no path has"),
        ("C:\\a\nb", "characters that no path has"),
        ("\u202eC:\\a", "characters that no path has"),
        ("ftp://srv/x", "not over 'ftp'"),
        ("file:///srv/x", "not over 'file'"),
        ("smb://srv/x", "not over 'smb'"),
        ("http:/srv/x", "is no URL of a folder"),
        ("http://", "is no URL of a folder"),
        ("http://srv/a//b", "is no URL of a folder"),
        ("http://srv/a/../b", "is no URL of a folder"),
        ("http://srv/./b", "is no URL of a folder"),
        ("http://s..v/b", "is no URL of a folder"),
        ("http://srv/a%20b", "is no URL of a folder"),
        ("http://srv/a b", "is no URL of a folder"),
        ("http://srv/a&calc", "is no URL of a folder"),
        ('http://srv/a"&calc', "is no URL of a folder"),
        ("http://s\u00e4rv/a", "is no URL of a folder"),
        ("http://[::1]/a", "is no URL of a folder"),
        ("http://srv:0/a", "no port 0"),
        ("http://srv:65536/a", "no port 65536"),
        ("http://srv/a?b", "without . and #"),
        ("http://srv/a#b", "without . and #"),
        ("http://srv/" + "a" * 200, "is no URL of a folder"),
        ("C:a", "has to look like C:"),
        ("C:/a", "has to look like C:"),
        ("C:\\a\\..\\b", "has to look like C:"),
        ("C:\\a.", "has to look like C:"),
        ("C:\\a \\b", "has to look like C:"),
        ("C:\\con", "has to look like C:"),
        ("C:\\x\\NUL.txt\\y", "has to look like C:"),
        ("C:\\%TEMP%", "has to look like C:"),
        ("C:\\a&calc", "has to look like C:"),
        ("C:\\a^b", "has to look like C:"),
        ("C:\\a!b", "has to look like C:"),
        ('C:\\a"b', "has to look like C:"),
        ("C:\\(x86)", "has to look like C:"),
        ("C:\\" + "a\\" * 120, "has to look like C:"),
        ("\\\\srv", r"has to look like \\\\server"),
        ("\\\\srv\\", r"has to look like \\\\server"),
        ("\\\\?\\C:\\a", r"has to look like \\\\server"),
        ("\\\\.\\pipe\\a", r"has to look like \\\\server"),
        ("\\\\srv@80\\dav", "an @ may stand in a path of the controller only"),
        ("\\\\srv\\a\\..\\b", r"has to look like \\\\server"),
        ("\\\\srv\\a|b", r"has to look like \\\\server"),
        ("\\folder", "without its drive or server"),
        ("folder\\x", "without its drive or server"),
    ],
)
def test_what_is_not_taken(text: object, why: str) -> None:
    with pytest.raises(OptionError, match=why) as failure:
        parse_source(text)
    message = str(failure.value)
    assert message.startswith("source: ")
    assert message.isprintable()
    assert message.endswith(".")


@pytest.mark.parametrize("text", ["http://bob:S3cret@srv/x", "https://bob:S3cr et@srv", "ftp://bob:S3cret@srv/"])
def test_a_password_is_not_shown(text: str) -> None:
    with pytest.raises(OptionError) as failure:
        parse_source(text)
    assert "S3cr" not in str(failure.value)
    assert str(failure.value).startswith("source: ")


def test_a_long_text_takes_no_long_time() -> None:
    begin = time.process_time()
    for piece in ("a", "a.", "a ", "\\a", "/a", "a-"):
        for head in ("C:\\", "\\\\s\\s\\", "http://s/", "http://"):
            with pytest.raises(OptionError):
                parse_source(head + piece * 20_000 + "|")
    # A tenth of a second; hours where a pattern goes back over what it has read.
    assert time.process_time() - begin < 20


_TEXTS = st.one_of(
    st.text(max_size=60),
    st.builds(
        "".join, st.lists(st.sampled_from([*"\\/:.%&|<>^! \"'()$@#?~-aC0\u00e9", "..", "http://", "\\\\", "C:\\"]))
    ),
)


@given(_TEXTS)
def test_whatever_is_taken_can_stand_on_a_command_line(text: str) -> None:
    try:
        found = parse_source(text)
    except OptionError:
        return
    if found.kind == "controller":
        assert found.place == text
        return
    path = found.file(NAME)
    assert quotable(path)
    assert quote(path) in (path, f'"{path}"')
    assert ".." not in path
    assert not set(path) & set("%&|<>^!\"'()@#?;,=+`")
    assert " " not in path or found.kind != "url"
    assert parse_source(str(found)) == found
