# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in the hives of users who are not logged on: loaded, changed, read again and unloaded within one line.

Nobody can know whether such a user logs on before the line arrives. So the line tries to load the hive, and what is to
be done stands in a loop over two names, the one under which we load it and the user's own SID: it is done where a hive
is. A hive is never left loaded from one line to the next, since its user could not log on meanwhile.
"""

from __future__ import annotations

import typing as t
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    Region,
    RegistryImage,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import commands, hives, lock, stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import (
    PART,
    Group,
    Query,
    Section,
    joined,
    section,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import KEYS
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.touched import (
    Place,
    touched,
    touched_keys,
    touched_places,
)

_USERS: t.Final = "HKU\\"
#: Characters of commands and of queries in one load: with all that is around them they fit into a line over PowerShell.
_TOGETHER: t.Final = 1500
#: What a query costs besides its key.
_QUERY: t.Final = 30
#: Stands for the name of the hive in the loop over its two names.
_NAME: t.Final = "%u"


@dataclass(frozen=True, slots=True)
class Mount:
    """One hive that may have to be loaded. ``folder``: of the profile, fit for a command; ``name``: below HKU."""

    sid: str
    folder: str
    name: str = field(default_factory=hives.new_mount)

    def __post_init__(self) -> None:
        if why := hives.refusal(self.folder):
            raise ValueError(f"no profile folder for a command: {why}")

    @property
    def names(self) -> tuple[str, ...]:
        """The names below HKU under which the hive may be while a line runs. Nobody logs on as the default profile."""
        return (self.name,) if self.sid == hives.DEFAULT_SID else (self.name, self.sid)

    @property
    def absence(self) -> str:
        """Why nothing could be read, where there was a hive under none of the names."""
        return _absence(self.sid, f"the registry in {shown(self.folder)} could not be loaded")

    def block(self, code: str, body: Iterable[str], places: Iterable[Place]) -> Section:
        """Load, carry the body out, read, unload.

        :param code: begins the codes of the marks.
        :param body: what is done in the hive; the hive is called ``%u`` there.
        :param places: to be read, below HKU.
        """
        there, still = (Query(f"{code}{end}", _USERS + PART, filters=KEYS, keys_only=True) for end in "TS")
        reads = (
            Query(f"{code}K{number}", self._loaded(place.key, PART), place.name) for number, place in enumerate(places)
        )
        name = f"HKU\\{self.name}"
        load = Query(f"{code}L", command=f'reg load {name} "{self.folder}\\NTUSER.DAT"')
        unload = Query(f"{code}U", command=f"reg unload {name}")
        gone = Query(f"{code}G", name, filters=KEYS, keys_only=True)
        work = "&".join(body)
        groups = (
            Group((load, *((Query(f"{code}W", command=work),) if work else ()))),
            Group((there, *reads, still), self.names),
            Group((unload, gone)),
        )
        return Section(f"the registry of {self.sid}", groups)

    def work(self, step: RegistryStep, folder: str) -> tuple[str, ...]:
        """The commands of a step, with ``%u`` for the name of the hive. ``folder``: for staged files."""
        here = replace(
            step,
            key=self._loaded(step.key, self.name),
            creates=tuple(self._loaded(key, self.name) for key in step.creates),
            removes=tuple(self._loaded(key, self.name) for key in step.removes),
        )
        # The name is random, so it stands nowhere but in keys. Within the list of another loop not every cmd.exe puts a
        # variable in (Wine's does not), so such a command is there for each name; it does nothing without a hive.
        return tuple(
            command.replace(self.name, name)
            for command in commands.commands(here, folder)
            for name in (self.names if command.startswith("(for ") else (_NAME,))
        )

    def where_loaded(self, body: str) -> str:
        """The body, carried out for each of the names under which there is a hive."""
        names = " ".join(self.names)
        return f"(for {_NAME} in ({names}) do (reg query HKU\\{_NAME} >nul&(if not errorlevel 1 ({body}))))"

    def _loaded(self, key: str, name: str) -> str:
        return f"{_USERS}{name}{key[len(_USERS) + len(self.sid) :]}"

    def read(self, regions: Iterable[Region]) -> tuple[tuple[Region, ...], bool]:
        """What the blocks of this hive read, under the user's own SID, and whether the hive is surely unloaded."""
        found: list[Region] = []
        gone = True
        waiting = list(regions)
        while waiting:
            chosen: list[Region] | None = None
            for name in self.names:
                end = next(n for n, one in enumerate(waiting) if n and one.keys_only)
                there, *read, still = waiting[: end + 1]
                del waiting[: end + 1]
                present = not hives.lacks_keys(there) and not hives.lacks_keys(still)
                if present and chosen is None:
                    chosen = [self._settled(one, name) for one in read]
            # Without a hive every key looks absent: only what stood before and after the reading may be believed.
            lost = (replace(self._settled(one, name), keys=Unread(self.absence)) for one in read)
            found += lost if chosen is None else chosen
            gone = isinstance(waiting.pop(0).keys, Absent) and gone
        return tuple(found), gone

    def _settled(self, region: Region, name: str) -> Region:
        """The region under the SID. ``name``: under which it was read."""
        behind = len(_USERS) + len(name)
        keys = region.keys
        if not isinstance(keys, (Absent, Unread)):
            paths = {key: f"{_USERS}{self.sid}{one.path[behind:]}" for key, one in keys.items()}
            keys = {path.casefold(): replace(keys[key], path=path) for key, path in paths.items()}
        return replace(region, root=f"{_USERS}{self.sid}{region.root[behind:]}", keys=keys)


@dataclass(frozen=True, slots=True)
class Mounts:
    """All hives that a run may have to load. ``refused``: SIDs of those that it may not, each with the reason."""

    found: tuple[Mount, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)

    def sections(self, steps: Iterable[Step], more: Iterable[str] = (), run: str | None = None) -> tuple[Section, ...]:
        """Sections that read the places of these steps, and further keys, wherever they are.

        :param run: the run that is to carry out the steps in these hives, as long as it holds the lock; None: they are
            only read.
        """
        done, asked = tuple(steps), tuple(more)
        places = touched_places(done, asked)
        read = touched(self.others(done), [key for key in asked if self.sid_of(key) is None])
        blocks = []
        for number, mount in enumerate(self.found):
            mine = [place for place in places if self.sid_of(place.key) == mount.sid]
            if mine:
                work = _work(mount, done, run) if run is not None else ()
                for part, (body, some) in enumerate(_portions(work, mine)):
                    guarded = (lock.guarded(run, mount.where_loaded(joined(body))),) if run and body else ()
                    blocks.append(mount.block(f"H{number}P{part}", guarded, some))
        return (*read, *blocks)

    def others(self, steps: Iterable[Step]) -> tuple[Step, ...]:
        """The steps whose places can be reached without loading anything."""
        return tuple(step for step in steps if not isinstance(step, RegistryStep) or self.sid_of(step.key) is None)

    def read(self, exchange: Exchange, steps: Iterable[Step], more: Iterable[str] = ()) -> RegistryImage:
        """The places of these steps, and further keys, as they are now.

        :raises ShellError: an answer is not complete.
        """
        done, keys = tuple(steps), tuple(more)
        sections = self.sections(done, keys)
        image = exchange.run(sections) if sections else RegistryImage()
        return self.settled(image, touched_keys(done, keys))[0]

    def settled(self, image: RegistryImage, keys: Iterable[str]) -> tuple[RegistryImage, tuple[str, ...]]:
        """What was read in loaded hives, under the SIDs of their users; a sentence for each that may still be loaded.

        :param keys: all that were to be read: those in hives that may not be loaded are unread.
        """
        found: list[Region] = []
        left = []
        names = [name for mount in self.found for name in mount.names]
        others = [region for region in image.regions if not _below(region.root, names)]
        for mount in self.found:
            regions, gone = mount.read(region for region in image.regions if _below(region.root, mount.names))
            found += regions
            if not gone:
                left.append(f"HKU\\{mount.name} may still be loaded; the next run with these profiles looks for it")
        sids = [(key, self.sid_of(key)) for key in keys]
        refused = [Region(key, False, Unread(self.refused[sid])) for key, sid in sids if sid and sid in self.refused]
        return RegistryImage((*others, *found, *refused)), tuple(left)

    def sid_of(self, key: str) -> str | None:
        """The user of ours in whose hive that key is."""
        sids = (*(mount.sid for mount in self.found), *self.refused)
        return next((sid for sid in sids if _below(key, (sid,))), None)


def _below(key: str, names: Iterable[str]) -> bool:
    """Whether the key is in one of these hives; files of their users are not."""
    return file_of(key) is None and f"{key}\\".casefold().startswith(
        tuple(f"{_USERS}{name}\\".casefold() for name in names)
    )


def _absence(sid: str, why: str) -> str:
    return f"{hives.DEFAULT_NAME}: {why}" if sid == hives.DEFAULT_SID else f"the user {sid} is not logged on, and {why}"


def _work(mount: Mount, steps: Iterable[Step], run: str) -> tuple[str, ...]:
    folder = stage.folder_of(run)
    mine = (step for step in steps if isinstance(step, RegistryStep) and _below(step.key, (mount.sid,)))
    return tuple(command for step in mine for command in mount.work(step, folder))


def _portions(work: Iterable[str], places: Iterable[Place]) -> Iterator[tuple[list[str], list[Place]]]:
    """Commands, then places to read, in portions for one load each."""
    body: list[str] = []
    some: list[Place] = []
    length = 0
    everything: tuple[str | Place, ...] = (*work, *places)
    for one in everything:
        cost = len(one) if isinstance(one, str) else len(one.key) + len(one.name or "") + _QUERY
        if length and length + cost > _TOGETHER:
            yield body, some
            body, some, length = [], [], 0
        if isinstance(one, str):
            body.append(one)
        else:
            some.append(one)
        length += cost
    yield body, some


def mounts_for(
    steps: Iterable[Step], loaded: Container[str], folders: Mapping[str, str | None], *, check: bool = False
) -> Mounts:
    """The hives that are needed for these steps and not loaded.

    :param loaded: names below HKU.
    :param folders: profile folders by SID, as the host tells them; that of the default profile under DEFAULT_SID.
    :param check: nothing may be loaded, since that writes.
    """
    keys = [key for key in touched_keys(steps) if _below(key, folders)]
    sids = dict.fromkeys(key.split("\\")[1] for key in keys)
    waiting = {sid: folders[sid] for sid in sids if sid in folders and sid not in loaded}
    whys = {sid: "check mode loads no registry" if check else hives.refusal(path) for sid, path in waiting.items()}
    refused = {sid: _absence(sid, why) for sid, why in whys.items() if why is not None}
    found = tuple(Mount(sid, folder) for sid, folder in waiting.items() if folder is not None and sid not in refused)
    return Mounts(found, refused)


def cleaning(loaded: Iterable[str]) -> tuple[Section, ...]:
    """Unload what a run that died left behind. ``loaded``: names below HKU."""
    names = [name for name in loaded if hives.is_leftover(name)]
    return tuple(
        section("leftovers", Query(f"HX{number}", command=f"reg unload HKU\\{name}"))
        for number, name in enumerate(names)
    )
