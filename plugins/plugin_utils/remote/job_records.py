# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
r"""What a host keeps of a package that is sent to it or run there, so that whoever comes next can go on with it.

One key for each update, ``...\MailFleet\Updates\KB4019276``, and one value in it that holds all of the record: a
registry value is there whole or not at all, so a record is never half of one and half of the next. It names what is run
as SYSTEM; so administrators only may write it, and still nothing of it is believed that does not have the exact form.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryImage,
    RegistryKey,
    RegistryType,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_names import FILE_NAME
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import removal_of_empty
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import BOOT, ROOT, access_commands
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, Section, section

UPDATES: t.Final = load().registry["own-updates"].key

_CODE: t.Final = "OWU"
_VALUE: t.Final = "Job"
_KB: t.Final = re.compile(r"KB[0-9]{6,7}")
#: In this order in the value, with blanks between them; what is empty is a dash.
_FIELDS: t.Final[Mapping[str, re.Pattern[str]]] = {
    "verb": re.compile("install|remove"),
    "installer": re.compile(r"[a-z][a-z_]{0,31}"),
    "folder": re.compile(r"MailFleet-[0-9a-f]{16}"),
    "file": re.compile(f"(?:{FILE_NAME.pattern})?", FILE_NAME.flags),
    "sha256": re.compile(r"(?:[0-9a-f]{64})?"),
    "boot": re.compile(f"(?:{BOOT.pattern})?"),
    "run": RUN,
}
_NOTHING: t.Final = "-"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One package on one host.

    ``kb``: of the update; ``installer``: id in installers.yml. ``folder``: staging folder, which also names the task.
    ``file``: in the folder, and ``sha256`` what it must have, in small hex digits; both "" where an update is
    removed. ``boot``: of the host when the record was written, "" where nothing tells. ``run``: that wrote it, and held
    the lock.
    """

    kb: str
    verb: Verb
    installer: str
    folder: str
    file: str
    sha256: str
    boot: str
    run: str


def records_section() -> Section:
    """All records of the host."""
    return section("packages under way", Query(_CODE, UPDATES, recursive=True))


def records(image: RegistryImage) -> tuple[JobRecord, ...] | Unread:
    """The records on the host; Unread where one has not exactly the form in which they are written.

    A key without a record is none: whoever was about to write one broke off, and nothing had been begun.
    """
    keys = image.below(UPDATES)
    if isinstance(keys, Unread):
        return keys
    found = []
    for key in keys if isinstance(keys, tuple) else ():
        record = _record(key)
        if isinstance(record, Unread):
            return record
        if record is not None:
            found.append(record)
    return tuple(found)


def _record(key: RegistryKey) -> JobRecord | Unread | None:
    above, _unused, name = key.path.rpartition("\\")
    if above.casefold() != UPDATES.casefold() or not _KB.fullmatch(name):
        return Unread(f"{UPDATES} holds {shown(name)}, which is no update of ours; look at it and delete that key")
    value = key.get(_VALUE)
    if value is None:
        return None
    text = value.data if value.type is RegistryType.SZ and isinstance(value.data, str) else ""
    parts = ["" if part == _NOTHING else part for part in text.split(" ")]
    if len(parts) == len(_FIELDS):
        fields: dict[str, t.Any] = dict(zip(_FIELDS, parts, strict=True))
        record = JobRecord(name, **fields)
        if objection(record) is None:
            return record
    return Unread(
        f"{UPDATES}\\{name} holds {shown(str(value.data))}, which is no record of ours; look at it, and at the folders"
        " MailFleet-* of Windows, and delete that key"
    )


def objection(record: JobRecord) -> str | None:
    """The name of a field that is not as it has to be, None where all are."""
    if not _KB.fullmatch(record.kb):
        return "kb"
    for name, form in _FIELDS.items():
        if not form.fullmatch(getattr(record, name)):
            return name
    if {bool(record.file), bool(record.sha256)} != {record.verb == "install"}:
        return "file"
    return None


def insist(record: JobRecord) -> None:
    """Raises ValueError where a field does not have the form that :func:`records` wants."""
    if (field := objection(record)) is not None:
        raise ValueError(f"This is no record of a package: {field} is {shown(str(getattr(record, field)))!r}")


def write(record: JobRecord) -> str:
    """The command that makes the record, for administrators only, or writes it anew. Its exit code says nothing.

    The staging folder of the run is used for it, not that of the record. Who sends it while others may take the lock
    puts ``lock.guarded`` around it.

    :raises ValueError: as :func:`insist`.
    """
    insist(record)
    key = _key(record.kb)
    text = " ".join(getattr(record, name) or _NOTHING for name in _FIELDS)
    parts = (
        # With a value: of a key without one some say that reg.exe sets the default value.
        f"reg add {key} /v Run /t REG_SZ /d {record.run} /f",
        *access_commands(stage.folder_of(record.run), (ROOT, UPDATES, key)),
        f"reg add {key} /v {_VALUE} /t REG_SZ /d {quote(text)} /f",
    )
    return "&".join(parts)


def forget(kb: str) -> str:
    """The command that removes a record, and the key of all of them with the last one.

    :raises ValueError: that is no update.
    """
    return f"reg delete {_key(kb)} /f&{removal_of_empty((UPDATES,))}"


def _key(kb: str) -> str:
    if not _KB.fullmatch(kb):
        raise ValueError(f"This is no update: {shown(kb)}")
    return rf"{UPDATES}\{kb}"
