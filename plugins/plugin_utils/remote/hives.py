# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``profiles: all``: the hives of users who are not logged on, loaded, read and unloaded, one line for each.

And ``default_too``: the hive that new users start with. It has no SID, and stands among the users under one that no
account has: the last number of the SID of an account is never 0, https://learn.microsoft.com/windows-server/identity/
ad-ds/manage/understand-security-identifiers

This writes: a key below HKU appears for a second or two, and Windows may touch the hive's log files. So it is opt-in,
and everything that was loaded is named in ``Snapshot.writes``.
"""

from __future__ import annotations

import re
import secrets
import typing as t
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    Region,
    RegistryImage,
    RegistryKey,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.decode import decode
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch, new_token
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.regions import Answers, user_regions
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import KEYS

#: Stands for the profile that new users start with in keys (HKU\\...) and journals; results call it by the name.
DEFAULT_SID: t.Final = "S-1-5-21-0-0-0-0"
DEFAULT_NAME: t.Final = "default profile"

_PROFILE_LIST: t.Final = load().registry["profile-list"].key
#: Names under which we load hives; a leftover of a dead run is known by it.
_MOUNT: t.Final = "MailFleet-"
_LEFTOVER: t.Final = re.compile(r"MailFleet-[0-9a-f]{16}")
#: Profile folders that may stand in a command: a drive, then plain names. No variable but the two of Windows itself.
_FOLDER: t.Final = re.compile(r"(?:[A-Za-z]:|%SystemDrive%|%SystemRoot%)(?:\\[\w ._()-]+)+")
#: No folder of a profile is longer; a line with such a name might be.
_LONGEST_FOLDER: t.Final = 200
#: The values of ProfileList itself by which the default profile is found, on Vista and later and before that.
_DEFAULT, _FOLDERS, _DEFAULT_BELOW = "Default", "ProfilesDirectory", "DefaultUserProfile"
_OF_PROFILES: t.Final = frozenset(one.casefold() for one in ("ProfileImagePath", _DEFAULT, _FOLDERS, _DEFAULT_BELOW))
_NO_NUMBERS: t.Final = ('find /v "REG_BINARY"', 'find /v "REG_DWORD"', 'find /v "REG_QWORD"')
_LOAD, _LOADED, _STILL, _UNLOAD, _GONE = "LOD", "MNT", "MNX", "UNL", "GON"


def profile_folder(image: RegistryImage, sid: str) -> str | None:
    """The profile folder of a user, as the host spells it."""
    found = image.value(f"{_PROFILE_LIST}\\{sid}", "ProfileImagePath")
    return found.data if isinstance(found, RegistryValue) and isinstance(found.data, str) else None


def profile_folders(image: RegistryImage) -> dict[str, str | None]:
    """Profile folders by SID, of everybody who has a profile on the host."""
    keys = image.below(_PROFILE_LIST)
    if not isinstance(keys, tuple):
        return {}
    sids = [key.path.rpartition("\\")[2] for key in keys]
    return {sid: profile_folder(image, sid) for sid in sids}


def default_folder(image: RegistryImage) -> str | None:
    """The folder of the profile that new users start with, as the host spells it."""
    default, folders, below = (_text(image, name) for name in (_DEFAULT, _FOLDERS, _DEFAULT_BELOW))
    return default or (f"{folders}\\{below}" if folders and below else None)


def _text(image: RegistryImage, name: str) -> str:
    found = image.value(_PROFILE_LIST, name)
    return found.data if isinstance(found, RegistryValue) and isinstance(found.data, str) else ""


def profiles_section() -> Section:
    """Who has a profile on the host, where the default profile is, and whose hive is loaded now."""
    listing = Query("OPL", _PROFILE_LIST, recursive=True, filters=_NO_NUMBERS, names=_OF_PROFILES)
    return section("profiles", listing, Query("HKU", "HKU", keys_only=True))


def is_leftover(name: str) -> bool:
    """Whether a name below HKU is one under which we load hives."""
    return _LEFTOVER.fullmatch(name) is not None


def new_mount() -> str:
    """A name below HKU that nobody can know before."""
    return _MOUNT + secrets.token_hex(8)


def subkeys(image: RegistryImage, path: str) -> tuple[str, ...]:
    """Names of the subkeys of a key, as far as they are known."""
    key = image.key(path)
    return key.subkeys if isinstance(key, RegistryKey) else ()


def refusal(folder: str | None) -> str | None:
    """Why a profile folder may not stand in a command; None where it may. It is data of the host."""
    if folder is None:
        return "its profile folder is unknown"
    if len(folder) > _LONGEST_FOLDER:
        return f"its profile folder has a name of more than {_LONGEST_FOLDER} characters"
    parts = folder.split("\\")
    if not _FOLDER.fullmatch(folder) or any(part.strip(". ") == "" for part in parts[1:]):
        return f"its profile folder has an unusual name ({shown(folder)})"
    return None


class HiveLoader:
    """Loads, reads and unloads. ``users``, ``unread`` and ``writes`` grow as it goes."""

    def __init__(self, shell: Shell, codepage: int | None, sections: tuple[Section, ...]) -> None:
        self.shell = shell
        self.codepage = codepage
        self.sections = sections
        self.users: list[UserHive] = []
        self.unread: list[tuple[str, str]] = []
        self.writes: list[str] = []

    def clean(self, loaded: tuple[str, ...]) -> None:
        """Unload what a run that died left behind. ``loaded``: names below HKU."""
        for name in loaded:
            if is_leftover(name):
                unload = Query(_UNLOAD, command=f"reg unload HKU\\{name}")
                gone = Query(_GONE, f"HKU\\{name}", filters=KEYS, keys_only=True)
                answers = self._run(section("leftover", unload, gone), name)
                region = answers.region(gone, "", gone.root) if answers else None
                if region is not None and isinstance(region.keys, Absent):
                    self.writes.append(f"unloaded HKU\\{name}, which an earlier run had left")
                else:
                    self.unread.append((f"HKU\\{name}", "an earlier run left it loaded, and it could not be unloaded"))

    def read(self, sid: str, folder: str | None) -> tuple[Region, ...]:
        """The regions of one user who is not logged on, under the user's own SID; none where it did not work."""
        named, absent = (DEFAULT_NAME, "") if sid == DEFAULT_SID else (f"user {sid}", "is not logged on, and ")
        who = named + (f" ({shown(folder)})" if folder else "")
        why = refusal(folder)
        if why:
            self.unread.append((who, absent + why))
            return ()
        mount = new_mount()
        hive = f"{folder}\\NTUSER.DAT"
        load = Query(_LOAD, command=f'reg load HKU\\{mount} "{hive}"')
        there = Query(_LOADED, f"HKU\\{mount}", filters=KEYS, keys_only=True)
        still = Query(_STILL, f"HKU\\{mount}", filters=KEYS, keys_only=True)
        unload = Query(_UNLOAD, command=f"reg unload HKU\\{mount}")
        gone = Query(_GONE, f"HKU\\{mount}", filters=KEYS, keys_only=True)
        self.writes.append(f"loaded {hive} as HKU\\{mount}")
        before, after = section("load", load, there), section("unload", still, unload, gone)
        answers = self._run(before, mount, after)
        if answers is None or not isinstance(answers.region(gone, "", gone.root).keys, Absent):
            self.unread.append((f"HKU\\{mount}", "it may still be loaded; the next run of this kind looks for it"))
        else:
            self.writes[-1] += ", and unloaded it"
        if answers is None:
            self.unread.append((who, f"{absent}its hive could not be read"))
            return ()
        # A hive that is not there answers "absent" to everything: only what stood before and after may be believed.
        if any(lacks_keys(answers.region(query, "", query.root)) for query in (there, still)):
            said = _said(answers.lines(_LOAD))
            self.unread.append((who, f"{absent}its hive could not be loaded: {said}"))
            return ()
        self.users.append(UserHive(DEFAULT_NAME if sid == DEFAULT_SID else sid, f"HKU\\{sid}", folder))
        return user_regions(answers, self.sections, mount, sid)

    def _run(self, before: Section, mount: str, *after: Section) -> Answers | None:
        """One line: ``before``, the user's sections (where ``after`` is given), ``after``."""
        batch = Batch((before, *(self.sections if after else ()), *after), mount)
        token = new_token()
        answers = Answers()
        try:
            if len(batch) > self.shell.limit:
                raise ShellError("the line would be too long")
            output = self.shell.run(batch.text(token))
        except ShellError as error:
            self.unread.append((f"HKU\\{mount}", str(error)))
            return None
        answers.add(decode(output.out, self.codepage), token, batch.sections)
        return answers


def with_default_profile(shell: Shell, snapshot: Snapshot, plan: ReadingPlan) -> Snapshot:
    """The snapshot with the profile that new users start with as one more user.

    :raises ShellError: the connection was lost.
    """
    taken = (*subkeys(snapshot.image, "HKU"), *profile_folders(snapshot.image))
    if DEFAULT_SID in taken:
        why = f"a user of this host has the SID that stands for it here ({DEFAULT_SID})"
        return replace(snapshot, unread=(*snapshot.unread, (DEFAULT_NAME, why)))
    if not isinstance(snapshot.users, tuple):
        return snapshot
    where = section("default profile", Query("OPD", _PROFILE_LIST, filters=_NO_NUMBERS, names=_OF_PROFILES))
    image = Exchange(shell, snapshot.codepage).run((where,))
    loader = HiveLoader(shell, snapshot.codepage, tuple(item for item in plan.sections if item.per_user))
    regions = loader.read(DEFAULT_SID, default_folder(image))
    return replace(
        snapshot,
        image=RegistryImage((*snapshot.image.regions, *regions)),
        users=(*snapshot.users, *loader.users),
        unread=(*snapshot.unread, *loader.unread),
        writes=(*snapshot.writes, *loader.writes),
    )


def lacks_keys(region: Region) -> bool:
    """True where a hive shows no subkey: then it is not there. Every user's hive has some."""
    if isinstance(region.keys, (Absent, Unread)):
        return True
    return not any(key.subkeys for key in region.keys.values())


def _said(lines: tuple[str, ...] | Unread) -> str:
    if isinstance(lines, Unread):
        return lines.why
    return shown(" ".join(" ".join(lines).split())) or "reg load said nothing"
