# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a host: lines out, answers in, one :class:`Snapshot`. Changes nothing there unless ``profiles`` is "all"."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    Region,
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion, Snapshot, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.versions import file_versions, ver_text
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import hives
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.account_files import account_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.decode import codec_of, codepage_of, decode
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import Batch, new_token, pack
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import ReadingPlan
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.regions import (
    Answers,
    machine_regions,
    user_regions,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import USERS_CODE, Section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import (
    CODEPAGE,
    ENVIRONMENT,
    FILE_VERSIONS,
    HIVES_CODE,
    VERSION,
    package_states,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import SURE_FILE

#: More than any honest answer; the rest is not looked at.
_ENOUGH: t.Final = 16 * 1024 * 1024
#: How many keys that went unread for the same reason are named.
_NAMED: t.Final = 3
#: SIDs of people: local and domain accounts, and accounts of Entra ID.
_PERSON: t.Final = re.compile(r"S-1-(?:5-21|12-1)(?:-[0-9]{1,10}){3,5}")
_SHARED: t.Final = (
    "HKLM\\SOFTWARE\\Wow6432Node\\",
    "HKLM\\SOFTWARE\\Policies\\",
    "HKLM\\SOFTWARE\\Microsoft\\SystemCertificates\\",
    "HKLM\\SOFTWARE\\Microsoft\\EnterpriseCertificates\\",
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList",
)
_CURRENT_VERSION: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_NOT_HERE: t.Final = "file versions are only read on Vista to 8.1"
_OEM: t.Final = (r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage", "OEMCP")


class _Host:
    """One reading under way."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        self.answers = Answers()
        self.codepage: int | None = None
        self.unread: list[tuple[str, str]] = []

    def run(self, batch: Batch) -> None:
        """Send one line and take its answer in.

        :raises ShellError: nothing of use came back.
        """
        token = new_token()
        output = self.shell.run(batch.text(token))
        data = output.out[:_ENOUGH]
        if self.codepage is None:
            self.codepage = codepage_of(data, token, CODEPAGE)
        text = decode(data, self.codepage)
        if not self.answers.add(text, token, batch.sections):
            if output.cut:
                raise ShellError(output.cut, unreachable=True)
            said = decode(output.out[:400] or output.err[:400], self.codepage)
            said = shown(" ".join(said.split())) or "nothing at all"
            raise ShellError(f"The host does not answer as cmd.exe of Windows does; it said: {said}.")
        if output.cut or len(output.out) > _ENOUGH:
            self.unread.append(("the end of an answer", output.cut or "it was longer than any honest answer"))

    def run_rest(self, batches: Iterable[Batch]) -> None:
        """Send more lines; what fails now leaves its sections unread."""
        for batch in batches:
            try:
                self.run(batch)
            except ShellError as error:
                names = ", ".join(item.name for item in batch.sections)
                self.unread.append((names, str(error)))


def collect(shell: Shell, plan: ReadingPlan) -> Snapshot:
    """Read one host.

    :raises ShellError: the host could not be reached, or is no Windows. Anything less is in ``Snapshot.unread``.
    """
    host = _Host(shell)
    first, *rest = plan.batches(shell.limit)
    host.run(first)
    host.run_rest(rest)
    host.answers.doubt_one_answer_for_all()
    machine = machine_regions(host.answers, plan.sections)
    machine += _package_states(host, machine)
    environment = _environment(host.answers)
    if isinstance(environment, Mapping) and "PROCESSOR_ARCHITEW6432" in environment:
        machine = tuple(_through_32_bit_view(region) for region in machine)
    sids = _loaded_users(host.answers, plan.sections)
    known = sids if isinstance(sids, tuple) else ()
    regions = machine + tuple(r for sid in known for r in user_regions(host.answers, plan.sections, sid))
    image = RegistryImage(regions)
    users = tuple(UserHive(sid, f"HKU\\{sid}", hives.profile_folder(image, sid)) for sid in known)
    snapshot = Snapshot(
        image=image,
        environment=environment,
        ver=_version(host.answers),
        files=_files(host.answers, plan.files),
        users=users if isinstance(sids, tuple) else sids,
        codepage=host.codepage,
    )
    if isinstance(sids, tuple):
        snapshot = _account_files(host, _absent_users(host, plan, snapshot))
    return replace(snapshot, unread=_all_unread(host, snapshot))


def _absent_users(host: _Host, plan: ReadingPlan, snapshot: Snapshot) -> Snapshot:
    """Users with a profile who are not logged on: named, or their hives loaded one by one."""
    present = {user.sid for user in snapshot.users} if isinstance(snapshot.users, tuple) else set()
    folders = hives.profile_folders(snapshot.image)
    waiting = {sid: path for sid, path in folders.items() if _PERSON.fullmatch(sid) and sid not in present}
    if plan.profiles != "all":
        why = "is not logged on; the settings of such users are read with profiles: all"
        host.unread += [(f"user {sid}" + (f" ({shown(path)})" if path else ""), why) for sid, path in waiting.items()]
        return snapshot
    loader = hives.HiveLoader(host.shell, host.codepage, tuple(item for item in plan.sections if item.per_user))
    loader.clean(hives.subkeys(snapshot.image, "HKU"))
    read = [loader.read(sid, path) for sid, path in waiting.items()]
    host.unread += loader.unread
    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    return replace(
        snapshot,
        image=RegistryImage(snapshot.image.regions + tuple(region for regions in read for region in regions)),
        users=users + tuple(loader.users),
        writes=tuple(loader.writes),
    )


def _account_files(host: _Host, snapshot: Snapshot) -> Snapshot:
    """With the accounts that users keep in files: further lines, only where a user's registry names such a store."""

    def run(sections: Sequence[Section]) -> None:
        host.run_rest(pack(sections, host.shell.limit))

    users = snapshot.users if isinstance(snapshot.users, tuple) else ()
    unread, sections = account_files(run, host.answers.lines, snapshot.image, users)
    run(sections)
    regions = (*snapshot.image.regions, *unread, *machine_regions(host.answers, sections))
    return replace(snapshot, image=RegistryImage(regions))


def _package_states(host: _Host, machine: tuple[Region, ...]) -> tuple[Region, ...]:
    """The states of the packages that were found by name. Windows 10 and later are judged by their build instead."""
    image = RegistryImage(machine)
    if isinstance(image.value(_CURRENT_VERSION, "CurrentMajorVersionNumber"), RegistryValue):
        return ()
    lists = [r for r in machine if r.keys_only and not r.lists_subkeys and isinstance(r.keys, Mapping)]
    names = [name for region in lists for key in region.keys.values() for name in key.subkeys]  # type: ignore[union-attr]
    sections = package_states(names)
    host.run_rest(pack(sections, host.shell.limit))
    return machine_regions(host.answers, sections)


def _loaded_users(answers: Answers, sections: tuple[Section, ...]) -> tuple[str, ...] | Unread:
    """The SIDs of the people who are logged on."""
    codes = set()
    for item in sections:
        if not item.per_user:
            continue
        codes |= {query.code for query in item.queries}
        lines = answers.lines(USERS_CODE, item.name)
        if isinstance(lines, Unread):
            return Unread(f"the users that are logged on: {lines.why}")
        said = " ".join(" ".join(lines).split())
        if said:
            return Unread(f"the users that are logged on could not be listed: {shown(said)}")
    found = tuple(sid for sid in answers.arguments(codes) if _PERSON.fullmatch(sid))
    listed = answers.lines(HIVES_CODE)
    if isinstance(listed, Unread):
        return Unread(f"the users that are logged on: {listed.why}")
    names = [line.rpartition("\\")[2] for line in listed]
    missing = [name for name in names if _PERSON.fullmatch(name) and name not in found]
    if missing:
        return Unread(f"the answer leaves out {missing[0]}, who is logged on")
    strange = [sid for sid in found if sid not in names]
    return Unread(f"the answer tells of {strange[0]}, who is not logged on") if strange else found


def _environment(answers: Answers) -> Mapping[str, str] | Unread:
    lines = answers.lines(ENVIRONMENT)
    if isinstance(lines, Unread):
        return lines
    pairs = [line.partition("=") for line in lines if line.upper().startswith("PROCESSOR_ARCH")]
    found = {name.upper(): value.strip() for name, separator, value in pairs if separator}
    return found or Unread("the host names no processor architecture")


def _version(answers: Answers) -> str | Unread:
    lines = answers.lines(VERSION)
    return lines if isinstance(lines, Unread) else ver_text(lines)


def _files(answers: Answers, names: tuple[str, ...]) -> Mapping[str, FileVersion | Absent] | Unread:
    """File versions: those of the list that wmic does not name do not exist, provided that it names schannel.dll."""
    lines = answers.lines(FILE_VERSIONS)
    if isinstance(lines, Unread):
        return lines
    # The first line is that of ver, by which the host was found to be one of those that are asked.
    heading, *table = [line for line in lines if line.strip()] or [""]
    if not heading:
        return Unread(_NOT_HERE)
    found = file_versions(table)
    if isinstance(found, Unread) or SURE_FILE not in found:
        return Unread(f"wmic did not answer: {found.why if isinstance(found, Unread) else 'no ' + SURE_FILE}")
    return {name: found.get(name, ABSENT) for name in names}


def _through_32_bit_view(region: Region) -> Region:
    """In a 32-bit process, HKLM\\SOFTWARE shows the settings of 32-bit programs instead, apart from shared keys.

    https://learn.microsoft.com/windows/win32/winprog64/shared-registry-keys
    """
    root = region.root.casefold() + "\\"
    redirected = root.startswith("hklm\\software\\") and not root.startswith(tuple(s.casefold() for s in _SHARED))
    if not redirected or isinstance(region.keys, Unread):
        return region
    return replace(region, keys=Unread("the connection's shell is a 32-bit process and sees another view of this key"))


def _gathered(unread: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Many keys of one part of the registry that went unread for one reason as one entry."""
    groups: dict[tuple[str, str], list[str]] = {}
    for root, why in unread:
        groups.setdefault(("\\".join(root.split("\\")[:2]), why), []).append(root)
    found = []
    for (top, why), roots in groups.items():
        some = ", ".join(roots[:_NAMED])
        whole = [f"{len(roots)} keys below {top}, such as {some}"] if len(roots) > _NAMED else roots
        found += [(what, why) for what in whole]
    return found


def _all_unread(host: _Host, snapshot: Snapshot) -> tuple[tuple[str, str], ...]:
    """Everything that could not be read, in words for people."""
    found = list(host.unread)
    for what, value in (
        ("processor architecture", snapshot.environment),
        ("version", snapshot.ver),
        ("users", snapshot.users),
        ("file versions", snapshot.files),
    ):
        if isinstance(value, Unread) and value.why != _NOT_HERE:
            found.append((what, value.why))
    found += _gathered(snapshot.image.unread())
    if codec_of(host.codepage) is None:
        named = "names no code page" if host.codepage is None else f"uses code page {host.codepage}, unknown here"
        found.append(("text that is not ASCII", f"the host {named}"))
    else:
        oem = snapshot.image.value(*_OEM)
        own = oem.data if isinstance(oem, RegistryValue) else str(host.codepage)
        if own != str(host.codepage) and host.codepage != 65001 and isinstance(own, str) and own.isdigit():
            why = f"the shell used code page {host.codepage}, the host's own is {own} (ansible_winrs_codepage: {own})"
            found.append(("letters outside the code page", why))
    return tuple(dict.fromkeys(found))
