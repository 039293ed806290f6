# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""May a journal be followed on this very host? Only if each entry is something that a plan could have done here.

A journal is input: whoever can write to a host, or to the controller's folder, could have made it. So each of its
places must be one of the table of changeable values, or an outbound rule of the local firewall; what a fix wrote must
be what a plan writes; only keys that a plan may create may be removed; and nothing in it is ever a command.

One side of a step of a rollback is what was there before we came, so it may be anything. A rollback that undoes a
rollback writes what a plan writes, and takes away what was there before: so one side that could be planned is enough.
Mail accounts are judged more strictly, see ``account_places``: both sides must be servers, ports and known settings;
and so are roots, see ``relay_root``: no journal places or removes a certificate that no plan places.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Changeable
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    HostIdentity,
    Journal,
    RegistryStep,
    RuleStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import account_places, plannable, relay_root
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Users that log on; accounts of services have fewer groups.
_SID: t.Final = re.compile(r"S-1-\d{1,15}(?:-\d{1,10}){2,15}", re.ASCII)
_USERS: t.Final = "hku\\"
_THUMBPRINT: t.Final = re.compile(r"\\[0-9a-f]{40}")
_WOW: t.Final = ("hklm\\software\\", "hklm\\software\\wow6432node\\")

#: Stands in such a key for the thumbprint of a certificate.
_ANY_THUMBPRINT: t.Final = "\\{thumbprint}"

#: (in the hive of a user, key in small letters and relative to that hive, name of the value) → what may be there.
_Places = Mapping[tuple[bool, str, str], Changeable]


@dataclass(frozen=True, slots=True)
class _Trust:
    """All that an entry is judged by."""

    knowledge: Knowledge
    journal: Journal
    sids: Container[str]
    places: _Places


def objections(knowledge: Knowledge, journal: Journal, host: HostIdentity, sids: Container[str]) -> tuple[str, ...]:
    """Why the journal may not be followed: a sentence for each entry that no plan could have made here.

    :param host: the host as it was just read.
    :param sids: users of this host, as the host spells them, whether they are logged on or not; and the SID that stands
        for the default profile.
    :returns: empty: the journal may be followed.
    """
    found = [why for why in (_other_host(journal.host, host),) if why]
    trust = _Trust(knowledge, journal, sids, _places(knowledge))
    seen: set[tuple[str, str]] = set()
    for number, step in enumerate(journal.steps, 1):
        why = _objection(trust, step)
        if why is None and step.place in seen:
            why = "stands there twice"
        seen.add(step.place)
        if why is not None:
            found.append(f"Entry {number} ({_named(step)}) {why}.")
    return tuple(found)


def _named(step: Step) -> str:
    return shown(f"{step.key}\\{step.name}" if isinstance(step, RegistryStep) else f"firewall rule {step.name}", 200)


def _other_host(told: HostIdentity, host: HostIdentity) -> str | None:
    if told.name.casefold() != host.name.casefold():
        return f"The journal is of the host '{shown(told.name)}', and this one is '{shown(host.name)}'."
    if told.machine and host.machine and told.machine.casefold() != host.machine.casefold():
        return f"The journal is of another machine of the same name, '{shown(host.name)}': their MachineGuid differ."
    if not host.name and not (told.machine and host.machine):
        return "Neither the journal nor the host says which host it is."
    return None


def _places(knowledge: Knowledge) -> _Places:
    found: dict[tuple[bool, str, str], Changeable] = {}
    for row in knowledge.changeable.values():
        for path in (knowledge.registry[one] for one in row.paths):
            key = path.key.casefold()
            key += _ANY_THUMBPRINT if row.thumbprints else ""
            keys = (key, key.replace(*_WOW, 1)) if row.twin else (key,)
            for name in row.values or (path.value or "",):
                found.update({(path.per_user, one, name.casefold()): row for one in keys})
    return found


def _objection(trust: _Trust, step: Step) -> str | None:
    """Why no plan could have made this entry, as the rest of a sentence; None: it could."""
    if isinstance(step, RuleStep):
        if step.key.casefold() != trust.knowledge.registry["firewall-rules"].key.casefold() or not step.key.isascii():
            return "is not a rule of the local firewall"
        return plannable.rule_objection(step, trust.journal)
    names = (step.name, *(side.name for side in (step.before, step.after) if isinstance(side, RegistryValue)))
    if not all(text.isascii() for text in (step.key, *names)):
        # Other letters may fold to ours: a long s is an s to casefold, and another key to Windows.
        return "is no place that a plan changes"
    per_user, key, why = _relative(step.key, trust.sids)
    row = trust.places.get((per_user, _any_thumbprint(key), step.name.casefold()))
    if why is not None:
        return why
    if row is None:
        return account_places.step_objection(trust.knowledge, step, trust.journal.kind)
    if row.family != step.family:
        return f"is of the family {row.family}, not {shown(step.family)}"
    return next(_key_objections(row, step, trust.journal.kind), None) or _data_objection(trust, row, step)


def _any_thumbprint(key: str) -> str:
    """The key as the table of places has it."""
    return key[:-41] + _ANY_THUMBPRINT if _THUMBPRINT.fullmatch(key[-41:]) else key


def _relative(path: str, sids: Container[str]) -> tuple[bool, str, str | None]:
    """Whether a key is in the hive of a user, the key as the table has it, and why it is not to be touched."""
    if not path.casefold().startswith(_USERS):
        return False, path.casefold(), None
    sid, _slash, rest = path[len(_USERS) :].partition("\\")
    if not _SID.fullmatch(sid):
        return True, "", "is not in the hive of a user"
    if sid not in sids:
        return True, "", "is in the hive of a user whom this host does not have"
    return True, rest.casefold(), None


def _key_objections(row: Changeable, step: RegistryStep, kind: str) -> Iterator[str]:
    if kind == "fix" and step.removes:
        yield "says that keys are removed, which no fix does"
    if step.creates and step.removes:
        yield "says that keys come and go at once"
    allowed = set()
    key = step.key.casefold()
    for _level in range(row.levels):
        allowed.add(key)
        key = key.rpartition("\\")[0]
    for keys in (step.creates, step.removes):
        for one in keys:
            if not one.isascii() or one.casefold() not in allowed:
                yield f"says that the key {shown(one, 200)} comes or goes with it, which no plan does"
        if len({one.casefold() for one in keys}) != len(keys):
            yield "names a key twice"


def _data_objection(trust: _Trust, row: Changeable, step: RegistryStep) -> str | None:
    if row.thumbprints:
        return relay_root.step_objection(step, trust.journal.kind)
    why = plannable.data_objection(trust.knowledge, row, step.after, step.before)
    if why is None or trust.journal.kind == "fix":
        return why
    return plannable.data_objection(trust.knowledge, row, step.before, step.after) and why
