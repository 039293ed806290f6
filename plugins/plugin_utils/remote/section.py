# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a section of the reading is made of, and how it becomes text for cmd.exe.

A *query* is one command whose output stands between two marks. *Groups* of queries share a loop over constant parts,
*sections* are what the packer moves as a whole. Only constants ever stand in these commands, except in the one loop
over the SIDs of logged-on users (``findstr /x`` lets nothing else through) and, for ``profiles: all``, a random name.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

#: Placeholders in templates: the part of the loop over constants, and the key of a user below HKU.
PART: t.Final = "{part}"
USER: t.Final = "{user}"

#: The loop over the users that are logged on. Hives of services (S-1-5-18 ...) have fewer groups and do not match.
USER_LOOP: t.Final = (
    r'for /f "tokens=2 delims=\" %s in '
    r"""('reg query HKU^|findstr /r /x /c:"HKEY_USERS.S-1-[0-9]*-[0-9]*-[0-9-]*"')"""
)
#: Begins every mark: a loop variable of the line, which stands for the random token and a colon.
MARK: t.Final = "%t"
#: Opens every user loop: words that stand between it and the first user are an error of the loop itself.
USERS_CODE: t.Final = "USR"


_PLAIN: t.Final = re.compile(r"[\w\\.{}~-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """One command, and what its answer covers.

    ``code``: of the mark. ``root``: the key that is read, a template; "" where nothing of the image is. ``command``:
    the whole of it where it is no reg query. ``value``: the one value asked for. ``filters``: what the answer is piped
    through.
    ``names``, ``keys_only``, ``values_only``: as in ``read.reg_query.parse``. ``needs``: why it is read, for people.
    """

    code: str
    root: str = ""
    value: str | None = None
    recursive: bool = False
    filters: tuple[str, ...] = ()
    names: frozenset[str] | None = None
    keys_only: bool = False
    values_only: bool = False
    needs: str = ""
    command: str = ""

    @property
    def asked(self) -> frozenset[str] | None:
        """Casefolded names of the values that the answer covers; None: all."""
        return frozenset({self.value.casefold()}) if self.value is not None else self.names

    def text(self, quoted: bool) -> str:
        """The command, still with its placeholders. ``quoted``: a part of it needs quotes."""
        if self.command:
            return self.command
        key = f'"{self.root}"' if quoted else _quoted(self.root)
        switch = " /s" if self.recursive else ""
        if self.value is not None:
            switch += f" /v {_quoted(self.value)}"
        return "|".join((f"reg query {key}{switch}", *self.filters))


@dataclass(frozen=True, slots=True)
class Group:
    """Queries that share a loop over ``parts``; no parts: no loop."""

    queries: tuple[Query, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """What the packer moves as a whole. ``per_user``: its groups run for each user that is logged on."""

    name: str
    groups: tuple[Group, ...]
    per_user: bool = False

    @property
    def queries(self) -> tuple[Query, ...]:
        """Every query once, in order."""
        return tuple(query for group in self.groups for query in group.queries)

    def marks(self, user: str = "") -> Iterator[tuple[Query, str, str]]:
        """Query, argument of its mark, key that it reads: for every mark of a complete answer, for one user."""
        for group in self.groups:
            for part in group.parts or ("",):
                argument = " ".join(filter(None, (user, part)))
                for query in group.queries:
                    yield query, argument, _filled(query.root, part, user)


def section(name: str, *queries: Query, parts: tuple[str, ...] = ()) -> Section:
    """A section of one group."""
    return Section(name, (Group(queries, parts),))


def _filled(template: str, part: str, user: str) -> str:
    return template.replace(PART, part).replace(USER, user)


def commands(item: Section, user: str | None = None) -> tuple[str, ...]:
    """A section as commands for cmd.exe, to be joined with others.

    :param user: for a section per user: the one key below HKU to read; None: all users that are logged on.
    """
    name = ("%s" if user is None else user) if item.per_user else ""
    body = tuple(command for group in item.groups for command in _group(group, name))
    if item.per_user and user is None:
        return (f"echo {MARK}{USERS_CODE} {item.name}", f"{USER_LOOP} do ({joined(body)})")
    return body


def joined(parts: Sequence[str]) -> str:
    """Commands one after the other. A "for" takes all that follows it into its body, hence brackets around it there."""
    return "&".join(
        f"({part})" if part.startswith("for ") and position < len(parts) - 1 else part
        for position, part in enumerate(parts)
    )


def _group(group: Group, user: str) -> tuple[str, ...]:
    quoted = any(_quoted(part) != part for part in group.parts)
    arguments = " ".join(filter(None, (user, "%~k" if group.parts else "")))
    body = tuple(
        f"echo {MARK}{query.code} {arguments}".rstrip() + "&" + _filled(query.text(quoted), "%~k", user)
        for query in group.queries
    )
    if not group.parts:
        return body
    constants = " ".join(map(_quoted, group.parts))
    return (f"for %k in ({constants}) do ({joined(body)})",)


def _quoted(text: str) -> str:
    """In quotes where cmd.exe or reg.exe would split it, or take a bracket for its own."""
    return text if _PLAIN.fullmatch(text) else f'"{text}"'


def by_code(sections: Iterable[Section]) -> Mapping[str, Query]:
    """All queries by the code of their mark.

    :raises ValueError: two different queries share a code.
    """
    found: dict[str, Query] = {}
    for item in sections:
        for query in item.queries:
            if found.setdefault(query.code, query) != query:
                raise ValueError(f"two queries have the code {query.code}")
    return found
