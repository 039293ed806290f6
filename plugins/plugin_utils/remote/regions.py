# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the parts of answers to regions of the registry. What did not come back is Unread, never absent."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    Region,
    RegistryKey,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_query import absent_words, parse
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.transcript import Part, split
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import account_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.pack import CANARY, FILTERED
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import USERS_CODE, Query, Section, by_code
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.sections import (
    HIDDEN_CODE,
    HIVES_CODE,
    OUTLOOK_CODE,
    PACKAGES_CODE,
)

_CUT: t.Final = "the host's answer was cut off"
_DEAF: t.Final = "the host's answer is empty, and errors do not come past filters there"
_FORGED: t.Final = "ambiguous: a mark of the answer stands in it more than once"


@dataclass(slots=True)
class Answers:
    """All parts that came back, by code and argument, with the words for "absent" of the line they came in.

    ``deaf``: parts of lines in which errors did not come past filters; there an empty answer may be an error.
    """

    parts: dict[tuple[str, str], Part] = field(default_factory=dict)
    words: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    deaf: set[tuple[str, str]] = field(default_factory=set)

    def add(self, text: str, token: str, sections: Sequence[Section]) -> int:
        """Take in the answer to one line.

        :returns: how many marks it held.
        """
        codes = {*by_code(sections), CANARY, FILTERED, USERS_CODE}
        parts = _tainted(split(text, token, codes), sections)
        words, filtered = (_words(parts, code) for code in (CANARY, FILTERED))
        for part in parts:
            slot = (part.code, part.argument)
            # Twice within one answer: split() has marked both as ambiguous, and the first will do.
            self.parts.setdefault(slot, part)
            self.words.setdefault(slot, words)
            if not filtered:
                self.deaf.add(slot)
        return len(parts)

    def lines(self, code: str, argument: str = "") -> tuple[str, ...] | Unread:
        """The lines of one part, or why they may not be believed."""
        part = self.parts.get((code, argument))
        if part is None or not part.complete:
            return Unread(_CUT)
        return Unread(_FORGED) if part.ambiguous else part.lines

    def doubt_one_answer_for_all(self) -> None:
        """Trust no words for "absent" that were also said of HKEY_USERS, which is never absent.

        A policy against registry tools makes reg.exe answer everything alike, the key that cannot exist included.
        """
        part = self.parts.get((HIVES_CODE, ""))
        if part is not None and part.usable and not any(line.startswith("HKEY_USERS\\") for line in part.lines):
            self.words = dict.fromkeys(self.words, ())

    def region(self, query: Query, argument: str, root: str, lines: tuple[str, ...] | Unread | None = None) -> Region:
        """What one query read. ``lines``: instead of those that came back."""
        found = self.lines(query.code, argument) if lines is None else lines
        deaf = bool(query.filters) and (query.code, argument) in self.deaf
        if deaf and not isinstance(found, Unread) and not any(map(str.strip, found)):
            found = Unread(_DEAF)
        if file_of(root) is not None:
            return account_files.region(root, found)
        if isinstance(found, Unread):
            lists = not query.values_only
            return Region(root, query.recursive, found, query.asked, query.keys_only, lists)
        return parse(
            found,
            root,
            recursive=query.recursive,
            absent_words=self.words[query.code, argument],
            names=query.asked,
            keys_only=query.keys_only,
            values_only=query.values_only,
        )

    def arguments(self, codes: Iterable[str]) -> tuple[str, ...]:
        """The first words of the arguments of all parts of those codes, without repetition, in order."""
        wanted = frozenset(codes)
        return tuple(dict.fromkeys(arg.partition(" ")[0] for code, arg in self.parts if code in wanted))


def _tainted(parts: Sequence[Part], sections: Iterable[Section]) -> tuple[Part, ...]:
    """The parts whose marks were asked for. One that was not is forged, and ended the part before it too early."""
    plain, users = {(CANARY, ""), (FILTERED, "")}, set()
    for item in sections:
        if item.per_user:
            plain.add((USERS_CODE, item.name))
            users |= {(query.code, argument) for query, argument, _root in item.marks()}
        else:
            plain |= {(query.code, argument) for query, argument, _root in item.marks()}
    kept: list[Part] = []
    for part in parts:
        if (part.code, part.argument) in plain or (part.code, part.argument.partition(" ")[2]) in users:
            kept.append(part)
        elif kept:
            kept[-1] = replace(kept[-1], ambiguous=True)
    return tuple(kept)


def _words(parts: Iterable[Part], code: str) -> tuple[str, ...]:
    """The words for "absent" that the part of that code holds."""
    part = next((part for part in parts if part.code == code and part.usable), None)
    return absent_words(part.lines) if part else ()


def machine_regions(answers: Answers, sections: Iterable[Section]) -> tuple[Region, ...]:
    """The regions of all sections that are not about users."""
    regions = []
    for item in sections:
        if not item.per_user:
            read = [answers.region(q, argument, root) for q, argument, root in item.marks() if q.root]
            packages = item.queries[0].code == PACKAGES_CODE
            regions += [merged(read)] if packages else read
    return tuple(regions)


def user_regions(
    answers: Answers, sections: Iterable[Section], user: str, root: str | None = None
) -> tuple[Region, ...]:
    """The regions of one user.

    :param user: the key below HKU that was read.
    :param root: the key below HKU that it stands for, where it is another one (a hive loaded under a random name).
    """
    regions: list[Region] = []
    hidden: dict[str, bool] = {}
    for item in sections:
        if not item.per_user:
            continue
        for (query, argument, _root), (_query, _argument, key) in zip(
            item.marks(user), item.marks(root or user), strict=True
        ):
            lines = _renamed(answers.lines(query.code, argument), user, root)
            if query.code == HIDDEN_CODE:
                hidden[argument] = isinstance(lines, Unread) or any(line.startswith("HKEY_") for line in lines)
            else:
                regions.append(answers.region(query, argument, key, lines))
    roots = {
        key.casefold()
        for item in sections
        for (query, argument, _root), (_query, _argument, key) in zip(
            item.marks(user), item.marks(root or user), strict=True
        )
        if query.code == OUTLOOK_CODE and hidden.get(argument, True)
    }
    return tuple(_withheld(region) if region.root.casefold() in roots else region for region in regions)


def _withheld(region: Region) -> Region:
    if not isinstance(region.keys, Mapping):
        return region
    why = Unread('a key there has "password" in its path, and such lines are never read')
    return replace(region, keys=why)


def _renamed(lines: tuple[str, ...] | Unread, user: str, root: str | None) -> tuple[str, ...] | Unread:
    """Header lines under the name that stays when the hive is unloaded."""
    if root is None or isinstance(lines, Unread):
        return lines
    loaded, stays = f"HKEY_USERS\\{user}", f"HKEY_USERS\\{root}"
    return tuple(stays + line[len(loaded) :] if line.startswith(loaded) else line for line in lines)


def merged(regions: list[Region]) -> Region:
    """Several filtered listings of one key's subkeys as one region, which knows that it lists only some of them."""
    first = replace(regions[0], lists_subkeys=False)
    keys: list[RegistryKey] = []
    absent: Absent | None = None
    for region in regions:
        if isinstance(region.keys, Unread):
            return replace(first, keys=region.keys)
        if isinstance(region.keys, Absent):
            absent = ABSENT
        else:
            keys += [key for key in region.keys.values() if key.path.casefold() == first.root.casefold()]
    if not keys:
        return replace(first, keys=absent or {first.root.casefold(): RegistryKey(first.root)})
    names = tuple(dict.fromkeys(name for key in keys for name in key.subkeys))
    return replace(first, keys={first.root.casefold(): RegistryKey(keys[0].path, (), names)})
