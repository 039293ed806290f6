# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialects of ``reg query``: XP and Vista+, and the words of five languages."""

from __future__ import annotations

import pytest

from .conftest import MakeHost

REG = (
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\T]\r\n"
    '@="d"\r\n"n n"=dword:00000a80\r\n"m"=hex(7):61,00,00,00,62,00,00,00,00,00\r\n'
    '"e"=""\r\n"b"=hex:01,ab\r\n"g"=hex(1):61,00,00,00,62,00\r\n"q"=hex(b):ff,00,00,00,00,00,00,00\r\n'
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\T\\Sub]\r\n"
    "[HKEY_LOCAL_MACHINE\\SOFTWARE\\T\\a]\r\n"
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\T\\Sub\\Deep]\r\n"x"="y"\r\n'
)

VISTA = r"""
HKEY_LOCAL_MACHINE\software\t
    (Default)    REG_SZ    d
    n n    REG_DWORD    0xa80
    m    REG_MULTI_SZ    a\0b
    e    REG_SZ<4>
    b    REG_BINARY    01AB
    g    REG_SZ    a
    q    REG_QWORD    0xff

HKEY_LOCAL_MACHINE\software\t\a
HKEY_LOCAL_MACHINE\software\t\Sub
""".replace("<4>", " " * 4)

XP = """
! REG.EXE VERSION 3.0

HKEY_LOCAL_MACHINE\\software\\t
    <NO NAME>\tREG_SZ\td
    n n\tREG_DWORD\t0xa80
    m\tREG_MULTI_SZ\ta\\0b
    e\tREG_SZ\t
    b\tREG_BINARY\t01AB
    g\tREG_SZ\ta
    q\tREG_QWORD\t0xff

HKEY_LOCAL_MACHINE\\software\\t\\a
HKEY_LOCAL_MACHINE\\software\\t\\Sub
"""

TREE = r"""
HKEY_LOCAL_MACHINE\SOFTWARE\T\Sub

HKEY_LOCAL_MACHINE\SOFTWARE\T\Sub\Deep
    x    REG_SZ    y

"""


@pytest.mark.parametrize(
    ("os", "line", "printed"),
    [
        ("win7-sp1", r"reg query hklm\software\t", VISTA),
        ("xp-sp3", r"reg query hklm\software\t", XP),
        ("win10-22h2", r"reg query HKLM\SOFTWARE\T\Sub /s", TREE),
        ("win7-sp1", r"reg query HKLM\SOFTWARE\T\a", "\n"),
        ("xp-sp3", r"reg query HKLM\SOFTWARE\T\a", "\n! REG.EXE VERSION 3.0\n\nHKEY_LOCAL_MACHINE\\SOFTWARE\\T\\a\n\n"),
        (
            "win7-sp1",
            r'reg query HKLM\SOFTWARE\T /v "N N"',
            "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\T\n    n n    REG_DWORD    0xa80\n\n",
        ),
        (
            "win7-sp1",
            r"reg query HKLM\SOFTWARE\T\a /ve",
            "\nHKEY_LOCAL_MACHINE\\SOFTWARE\\T\\a\n    (Default)    REG_SZ    (value not set)\n\n",
        ),
    ],
)
def test_text(make_host: MakeHost, os: str, line: str, printed: str) -> None:
    host = make_host(os, reg=REG)
    assert host.say(line) == (0, printed.replace("\n", "\r\n"), "")


def test_a_key_of_the_host_itself_is_never_answered_from_memory(make_host: MakeHost) -> None:
    host = make_host(reg=REG)
    line = r"reg query HKLM\SOFTWARE\T\Sub /s"
    first = host.say(line)[1]
    host.registry.set_text(r"HKLM\SOFTWARE\T\Sub\Deep", "x", "changed")
    assert host.say(line)[1] == first.replace("REG_SZ    y", "REG_SZ    changed")


@pytest.mark.parametrize(
    ("language", "os", "absent", "denied"),
    [
        ("en", "win7-sp1", "unable to find", "Access is denied"),
        ("en", "xp-sp3", "\r\nError:  The system was unable to find", "\r\nError:  Access is denied."),
        ("de", "win7-sp1", "Registrierungsschlüssel bzw. Wert wurde nicht gefunden", "Zugriff verweigert"),
        ("fr", "win8.1", "la clé ou la valeur de Registre spécifiée", "Accès refusé"),
        ("ru", "server-2012r2", "Не удается найти указанный раздел", "Отказано в доступе"),
        ("ru", "xp-sp3", "Ошибка:  Не удается найти", "Ошибка:  Отказано"),
        ("ja", "win10-1607", "レジストリ キーまたは値が見つかりません", "アクセスが拒否されました"),
    ],
)
def test_words_for_absent_and_denied_differ(
    make_host: MakeHost, language: str, os: str, absent: str, denied: str
) -> None:
    host = make_host(os, language=language, unreadable=[r"HKLM\SOFTWARE\Secret"], reg="[HKLM\\SOFTWARE\\Secret\\A]\r\n")
    assert absent in host.say(r"reg query HKLM\nope")[2]
    for path in (r"HKLM\SOFTWARE\Secret", r"HKLM\SOFTWARE\Secret\A", r"HKLM\SOFTWARE\Secret\nope"):
        code, out, err = host.say(f"reg query {path}")
        assert (code, out, denied in err) == (1, "", True)


def test_a_denied_key_inside_a_tree_is_said_and_the_rest_goes_on(make_host: MakeHost) -> None:
    host = make_host(unreadable=[r"HKLM\SOFTWARE\T\a"], reg=REG)
    code, out, err = host.say(r"reg query HKLM\SOFTWARE\T /s")
    assert (code, err) == (1, "ERROR: Access is denied.\r\n")
    assert "\\T\\Sub\\Deep" in out
    assert "\\T\\a" not in out


@pytest.mark.parametrize(
    ("language", "codepage", "default"),
    [("de", 850, "Standard"), ("fr", 850, "par défaut"), ("ru", 866, "по умолчанию"), ("ja", 932, "既定")],
)
def test_output_is_in_the_oem_code_page(make_host: MakeHost, language: str, codepage: int, default: str) -> None:
    host = make_host(language=language, reg=REG)
    printed = host.run(r"reg query HKLM\SOFTWARE\T /ve&chcp")
    assert f"({default})".encode(f"cp{codepage}") in printed.out
    assert str(codepage).encode() in printed.out
    assert host.codepage == codepage


def test_the_shells_code_page_wins_and_what_it_lacks_is_a_question_mark(make_host: MakeHost) -> None:
    host = make_host(language="ru", oem_codepage=855, reg=REG)
    line = r"reg query HKLM\SOFTWARE\T /ve"
    assert "(по умолчанию)" in host.run(line).out.decode("cp855")
    assert "(по умолчанию)" in host.run(line, 65001).out.decode("utf-8")
    assert b"(?? ?????????)" in host.run(line, 437).out
    assert "OEMCP    REG_SZ    855" in host.say(r"reg query HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage")[1]
