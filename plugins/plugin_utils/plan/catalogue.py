# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the audits of a fleet to the files that an operator has to fetch, and not one more.

The results may come from files: of each only the plan and the few words about its host count, and what files there are
is said by the tables.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge, Package, Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_RELAY: t.Final = "needs_relay"
_LONGEST: t.Final = 200


@dataclass(frozen=True, slots=True)
class WantedFile:
    """One file to fetch. ``file``: a name, or a pattern where ``exact`` is False; ``language``: "" for any.

    ``hosts``: those that need it, ``optional_for``: those on which no mail depends on it. Of files that differ only by
    language a host needs one: which, its audit does not say.
    """

    kb: str
    title: str
    order: int
    file: str
    exact: bool
    architecture: str
    language: str
    sha1: str | None
    sha256: str | None
    size: int | None
    prerequisites: tuple[str, ...]
    hosts: tuple[str, ...]
    optional_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """What these hosts would need and no file of the tables brings. ``why``: one sentence."""

    what: str
    why: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``files`` in the order of installation. ``hosts``: how many audits were looked at."""

    files: tuple[WantedFile, ...]
    missing: tuple[Missing, ...]
    hosts: int


@dataclass(slots=True)
class _Wish:
    """One package of one update, while the hosts are gone through."""

    update: Update
    package: Package
    prerequisites: tuple[str, ...]
    hosts: dict[str, None]
    optional_for: dict[str, None]


class _Gathering:
    """Collects what each host adds."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._wishes: dict[tuple[str, str, str], _Wish] = {}
        self._missing: dict[tuple[str, str], dict[str, None]] = {}

    def miss(self, host: str, what: str, why: str) -> None:
        self._missing.setdefault((what, why), {})[host] = None

    def host(self, host: str, result: t.Any) -> None:
        if not isinstance(result, Mapping) or "verdict" not in result:
            self.miss(host, "audit", "The host was not audited: what it needs is not known.")
            return
        about = result.get("host")
        about = about if isinstance(about, Mapping) else {}
        plan = result.get("plan")
        plan = [change for change in plan if isinstance(change, Mapping)] if isinstance(plan, list) else []
        os_id = str(about.get("os"))
        for change in plan:
            if change.get("kind") == "update" and "release" in change:
                # Updates that come after a service pack are for the release that it leads to.
                os_id = str(change["release"])
                name = self._knowledge.releases[os_id].name if os_id in self._knowledge.releases else shown(os_id)
                self.miss(host, name, "A service pack is not installed from here: install it first, then audit again.")
            elif change.get("kind") == "update":
                self._update(host, os_id, str(about.get("architecture")), change)
        if result["verdict"] == "unknown":
            self.miss(host, "audit", "The audit could not tell everything: the host may need more than is listed.")
        if result["verdict"] == _RELAY:
            self.miss(host, "mail", "No package makes all its mail work: it needs a relay, too.")

    def _update(self, host: str, os_id: str, architecture: str, change: Mapping[str, t.Any]) -> None:
        kb = shown(str(change.get("kb")))
        update, release = self._knowledge.updates.get(kb), self._knowledge.releases.get(os_id)
        if update is None or release is None:
            self.miss(host, kb, "It is in no table here: the audit was made with others.")
            return
        kinds = release.architectures if architecture == "unknown" else (architecture,)
        found = [package for kind in kinds for package in lookup.packages(update, os_id, kind)]
        if not found:
            self.miss(host, kb, f"There is no package of it for {release.name} on {shown(architecture)}.")
        for package in found:
            key = (kb, package.file, package.architecture)
            needs = lookup.prerequisites(update, release)
            wish = self._wishes.setdefault(key, _Wish(update, package, needs, {}, {}))
            wish.prerequisites = tuple(dict.fromkeys((*wish.prerequisites, *needs)))
            (wish.optional_for if change.get("optional") else wish.hosts)[host] = None

    def catalogue(self, hosts: int) -> Catalogue:
        missing = [Missing(what, why, _sorted(names)) for (what, why), names in self._missing.items()]
        wishes = sorted(self._wishes.values(), key=_place)
        return Catalogue(tuple(map(_wanted, wishes)), tuple(sorted(missing, key=lambda m: (m.what, m.why))), hosts)


def catalogue(knowledge: Knowledge, results: Mapping[str, t.Any]) -> Catalogue:
    """The files that these hosts need; ``results``: host name → audit result, as JSON gives it.

    Results that are none, or of hosts that could not be audited, are counted as such and never raise.
    """
    gathering = _Gathering(knowledge)
    for host, result in results.items():
        gathering.host(shown(str(host), _LONGEST), result)
    return gathering.catalogue(len(results))


def _place(wish: _Wish) -> tuple[int, str, str, bool, str, str]:
    package = wish.package
    pattern = "*" in package.file
    return (wish.update.order, wish.update.id, package.architecture, pattern, package.language or "", package.file)


def _wanted(wish: _Wish) -> WantedFile:
    package, update = wish.package, wish.update
    return WantedFile(
        kb=update.id,
        title=update.title,
        order=update.order,
        file=package.file,
        exact="*" not in package.file,
        architecture=package.architecture,
        language=package.language or "",
        sha1=package.sha1,
        sha256=package.sha256,
        size=package.size,
        prerequisites=wish.prerequisites,
        hosts=_sorted(wish.hosts),
        optional_for=_sorted(wish.optional_for),
    )


def _sorted(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(names))
