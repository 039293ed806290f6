# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account files of Windows Mail and Windows Live Mail on a host: found, read, changed.

Only where such a program may be installed and a user's registry names its store (``Store Root``) anything is asked:
first which files there are, then what stands in them. Names that a host returned stand in commands within quotes, and
only if they are harmless in every command; others are named and not read. ``dir`` says nothing where it may not look,
so a folder that shows nothing is unread, unless the folder above it shows that there is none.
"""

from __future__ import annotations

import re
import secrets
import typing as t
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import may_be_installed
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import (
    element_of,
    file_key,
    file_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.oeaccount import MOST_BYTES, account_file
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable, quotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.account_script import NAME, SCRIPT
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import PART, USER, Query, Section, section

#: Where a user's registry names the store, and the client whose it is.
_STORES: t.Final = tuple(
    (load().registry[f"{client}-store"], load().clients[client])
    for store in load().account_stores.values()
    for client in (store.folders or {}).values()
)
#: Folders that may stand in a command; the two variables are Windows' own.
_STORE: t.Final = re.compile(r"(?:[A-Za-z]:|%SystemDrive%|%SystemRoot%)(?:\\[\w ._()-]+)+")
_PROFILE: t.Final = re.compile(r"%(?:(USERPROFILE)|LOCALAPPDATA)%(?=\\)", re.IGNORECASE)
#: What LOCALAPPDATA is, on Vista and later, which are the first to have it.
_LOCAL: t.Final = r"AppData\Local"
#: Files that may stand in a command, within quotes.
_FILE: t.Final = re.compile(r"[A-Za-z]:(?:\\[\w .,@()\[\]{}+=#~$;'-]+)+")
_NAME: t.Final = re.compile(r"account\{[0-9A-Za-z-]{1,40}\}\.oeaccount", re.IGNORECASE)
_UP: t.Final = re.compile(r"\\\.{1,2}(?:\\|$)")
_LONGEST: t.Final = 240
#: Files of one user that are read; people have a handful.
_MOST: t.Final = 50
_STRANGE: t.Final = "its name may not stand in a command"


# --- reading -----------------------------------------------------------------------------------------------------


def account_files(
    run: Callable[[Sequence[Section]], t.Any],
    lines: Callable[[str], tuple[str, ...] | Unread],
    image: RegistryImage,
    users: Iterable[UserHive],
) -> tuple[tuple[Region, ...], tuple[Section, ...]]:
    """Find the account files of these users.

    :param run: sends sections; what fails leaves them without an answer.
    :param lines: the answer to the query of that code.
    :returns: regions of what is unread, and the sections that read the files, each a region of its own.
    """
    stores = list(_stores(image, users))
    asked = [(root, path) for root, path, why in stores if not why]
    unread = [_unread(file_key(root, path), why) for root, path, why in stores if why]
    if asked:
        run([_listing(number, path) for number, (_root, path) in enumerate(asked)])
    files: list[str] = []
    for number, (root, path) in enumerate(asked):
        found = _found(path, *(lines(f"OE{which}{number}") for which in "PSF"))
        if isinstance(found, Unread):
            unread.append(_unread(file_key(root, path), found.why))
            continue
        for one in found[:_MOST]:
            key = file_key(root, one)
            if why := objection(one):
                unread.append(_unread(key, why))
            else:
                files.append(key)
        if len(found) > _MOST:
            unread.append(_unread(file_key(root, path), f"it holds {len(found)} accounts, and {_MOST} are read"))
    return tuple(unread), tuple(reading(f"OEA{number}", key) for number, key in enumerate(files))


def _unread(key: str, why: str) -> Region:
    return Region(key, False, Unread(why))


def _stores(image: RegistryImage, users: Iterable[UserHive]) -> Iterator[tuple[str, str, str]]:
    """(root of the hive, folder, why it cannot be looked at) of every store that the registry of a user names."""
    # Windows 7 names a store of Windows Mail for everybody, and has no such program.
    stores = [row for row, client in _STORES if may_be_installed(client, image)]
    for user in users:
        for row in stores:
            read = image.value(f"{user.root}\\{row.key}", row.value or "")
            if isinstance(read, Unread):
                yield user.root, row.key, f"where the accounts are could not be read: {read.why}"
            elif isinstance(read, RegistryValue):
                folder = _folder(read.data if isinstance(read.data, str) else "", user.profile)
                yield user.root, folder, "" if _is_plain(folder, _STORE) else _STRANGE


def _folder(text: str, profile: str | None) -> str:
    """A store's folder, its variables of a user replaced: they are those of whoever asks."""
    variable = _PROFILE.match(text)
    if variable and profile:
        home = profile.rstrip("\\") + ("" if variable[1] else f"\\{_LOCAL}")
        text = home + text[variable.end() :]
    return text.rstrip("\\")


_TAKEN: t.Final = re.compile("|".join(map(re.escape, (PART, USER, "/?"))))


def _listing(number: int, store: str) -> Section:
    """What stands in the folder above a store, in the store, and its account files, wherever in it."""
    above = store.rpartition("\\")[0]
    return section(
        "account files",
        Query(f"OEP{number}", command=f'dir /b /a "{above}\\" 2>nul'),
        Query(f"OES{number}", command=f'dir /b /a "{store}" 2>nul'),
        Query(f"OEF{number}", command=f'dir /s /b /a-d "{store}\\account{{*.oeaccount" 2>nul'),
    )


def _found(
    store: str, above: tuple[str, ...] | Unread, inside: tuple[str, ...] | Unread, files: tuple[str, ...] | Unread
) -> list[str] | Unread:
    """The paths of a store's account files."""
    for lines in (above, inside, files):
        if isinstance(lines, Unread):
            return lines
    names = [[line.strip() for line in lines if line.strip()] for lines in (above, inside, files)]  # type: ignore[union-attr]
    if not names[0]:
        return Unread("the folder above it cannot be listed")
    if store.rpartition("\\")[2].casefold() not in map(str.casefold, names[0]):
        return []
    if not names[1]:
        return Unread("it cannot be listed")
    drive, slash, rest = store.partition("\\")
    begin = "" if drive.startswith("%") else drive
    within = f"{slash}{rest}\\".casefold()
    for path in names[2]:
        folded = path.casefold()
        if not folded.startswith(begin.casefold()) or within not in folded:
            return Unread(f"its list names {shown(path, 100)}, which is not in it")
    return names[2]


def objection(path: str) -> str:
    """Why that file is not read; "": it can be."""
    if not _NAME.fullmatch(path.rpartition("\\")[2]):
        return "it is not named as an account's file is"
    return "" if _is_plain(path, _FILE) else _STRANGE


def _is_plain(path: str, pattern: re.Pattern[str]) -> bool:
    """Whether that may stand in a command and leads where it says.

    Some letters that modify others become quotes where Windows has to make do with a code page.
    """
    letters = not any(unicodedata.category(letter) == "Lm" for letter in path)
    plain = pattern.fullmatch(path) is not None and _TAKEN.search(path) is None and _UP.search(path) is None
    return plain and letters and len(path) <= _LONGEST


def reading(code: str, key: str) -> Section:
    """Reads one file, if it is not too large. ``key``: of the image, see ``model.account_files``.

    ``type`` turns UTF-16 with its mark into the code page of the console. A password's element is dropped here.
    """
    path = file_of(key) or ""
    if objection(path):
        raise Unquotable(f"This file may not stand in a command: {shown(path)}")
    text = f'(if %~zg lss {MOST_BYTES} (type "{path}"|find /v /i "password"))'
    command = f'(if exist "{path}" (for %g in ("{path}") do {text}))&echo.'
    return section("account file", Query(code, key, command=command))


def region(key: str, lines: tuple[str, ...] | Unread) -> Region:
    """What reading a file gave."""
    found = lines if isinstance(lines, Unread) else account_file("\n".join(lines), key)
    return Region(key, False, found if isinstance(found, Unread) else {key.casefold(): found})


# --- changing ----------------------------------------------------------------------------------------------------


def commands(steps: Sequence[RegistryStep], folder: str) -> tuple[str, ...]:
    """The commands that carry out all steps of one file together, or none of them.

    :param folder: name of a staging folder; the script stands there, and is removed again.
    :raises Unquotable: something that must not stand in a command.
    """
    path = file_of(steps[0].key) or ""
    if objection(path) or not quotable(path):
        raise Unquotable(f"This file may not stand in a command: {shown(path)}")
    # Users write to the folder of the file: nobody may know the name before.
    new = f".{secrets.token_hex(8)}"
    words = " ".join(" ".join((element_of(step.name), *map(_text, (step.before, step.after)))) for step in steps)
    return (
        *stage.written(folder, NAME, SCRIPT),
        f'cscript //nologo //e:jscript {stage.path(folder, NAME)} "{path}" {new} {words}',
        # In one go: there is the old file or the new one, whatever happens.
        f'(if exist "{path}{new}" (move /y "{path}{new}" "{path}" >nul))',
        f'(if exist "{path}{new}d" (del /q /f "{path}{new}d"))',
        f'(if exist "{path}{new}" (del /q /f "{path}{new}"))',
        stage.removed(folder),
    )


_WORD: t.Final = re.compile(r"[A-Za-z0-9.-]{1,253}", re.ASCII)


def _text(side: object) -> str:
    """The text of an element as an argument: names of hosts and numbers, no others are ever written."""
    text = side.data if isinstance(side, RegistryValue) else None
    if not isinstance(text, str) or not _WORD.fullmatch(text) or text.startswith("-"):
        raise Unquotable(f"This may not be written into an account's file: {shown(str(text), 100)}")
    return text
