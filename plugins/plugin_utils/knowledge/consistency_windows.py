# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do releases, SCHANNEL defaults, component defaults and cipher suites hang together?"""

from __future__ import annotations

import itertools
import re
import typing as t
from collections.abc import Iterable, Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    ComponentDefaults,
    Knowledge,
    OsRelease,
    SchannelDefaults,
    SuiteList,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import (
    ARCHITECTURES,
    MASK_BITS,
    PROTOCOLS,
)

_ID: t.Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_SUITE_NAME: t.Final = re.compile(r"(?:TLS|SSL_CK)_[A-Z0-9_]+")
_CURVE: t.Final = re.compile(r"_P(?:256|384|521)$")


def releases(k: Knowledge) -> Iterator[str]:
    """Each release on its own, and no two that one host could be."""
    for row in k.releases.values():
        for field, why in _release(k, row):
            yield f"os_releases.yml: {row.id}: {field}: {why}"
    for one, other in itertools.combinations(k.releases.values(), 2):
        if _same_host(one, other):
            yield f"os_releases.yml: {other.id}: builds: a host that fits {one.id} fits this one too"


def _release(k: Knowledge, row: OsRelease) -> Iterator[tuple[str, str]]:
    if not _ID.fullmatch(row.id):
        yield "id", "must be lower-case words joined by hyphens or dots"
    if not re.fullmatch(r"\d+\.\d+", row.version):
        yield "version", f"must be major.minor, is {row.version!r}"
    if row.builds[0] > row.builds[1]:
        yield "builds", "the first is greater than the last"
    if not row.architectures or set(row.architectures) - ARCHITECTURES:
        yield "architectures", f"must be some of {', '.join(sorted(ARCHITECTURES))}"
    if row.suites not in k.suites:
        yield "suites", f"there is no list {row.suites!r}"
    if row.supported != (row.upgrade_to is None):
        yield "upgrade_to", "must name the newer release where supported is false, and only there"
    newer = k.releases.get(row.upgrade_to or row.id)
    if newer is None:
        yield "upgrade_to", f"there is no release {row.upgrade_to!r}"
    elif row.upgrade_to and (newer.version, newer.product) != (row.version, row.product):
        yield "upgrade_to", f"{newer.id} is another Windows, not another service pack"
    elif not newer.supported:
        yield "upgrade_to", f"{newer.id} is not supported either"


def _same_host(one: OsRelease, other: OsRelease) -> bool:
    # The architecture tells nothing apart here: it may be unread. The POSReady flag does.
    return (
        one.version == other.version
        and one.builds[0] <= other.builds[1]
        and other.builds[0] <= one.builds[1]
        and ("any" in (one.product, other.product) or one.product == other.product)
        and (
            one.service_packs is None
            or other.service_packs is None
            or bool(set(one.service_packs) & set(other.service_packs))
        )
        and one.posready == other.posready
    )


def schannel(k: Knowledge) -> Iterator[str]:
    """One row of defaults for each release as shipped, at most one for each update."""
    file = "schannel_defaults.yml"
    yield from _coverage(k, file, k.schannel)
    for row in k.schannel:
        if tuple(row.protocols) != PROTOCOLS:
            yield f"{file}: {row.id}: protocols: must be exactly {', '.join(PROTOCOLS)}, in this order"


def components(k: Knowledge) -> Iterator[str]:
    """The same for WinHTTP and for WinINET."""
    file = "component_defaults.yml"
    for component in ("winhttp", "wininet"):
        yield from _coverage(k, file, tuple(row for row in k.components if row.component == component), component)
    for row in k.components:
        if row.mask & ~MASK_BITS or not row.mask:
            yield f"{file}: {row.id}: mask: {row.mask:#x} has bits that mean no protocol, or none at all"


def _coverage(
    k: Knowledge, file: str, rows: Iterable[SchannelDefaults | ComponentDefaults], component: str = ""
) -> Iterator[str]:
    subject = f" of {component}" if component else ""
    first: dict[tuple[str, str | None], str] = {}
    for row in rows:
        yield from (f"{file}: {row.id}: {problem}" for problem in _after(k, row.os, row.after))
        for os in row.os:
            if os not in k.releases:
                yield f"{file}: {row.id}: os: there is no release {os!r}"
            elif (os, row.after) in first:
                state = f"after {row.after}" if row.after else "as shipped"
                yield f"{file}: {row.id}: os: {os} {state} stands in {first[(os, row.after)]} too"
            first.setdefault((os, row.after), row.id)
    for os in k.releases:
        if (os, None) not in first:
            yield f"{file}: {os}: no row{subject} says what this release does as shipped"


def _after(k: Knowledge, os_ids: tuple[str, ...], update_id: str | None) -> Iterator[str]:
    """An update that changes a release must be one of that release."""
    if not os_ids:
        yield "os: names no release"
    if update_id is None:
        return
    update = k.updates.get(update_id)
    if update is None:
        yield f"after: there is no update {update_id!r}"
    elif set(os_ids) - set(update.os):
        yield f"after: {update_id} is not for {', '.join(os for os in os_ids if os not in update.os)}"


def suites(k: Knowledge) -> Iterator[str]:
    """Every list is used, has no suite twice, and its updates are for all releases that use it."""
    for row in k.suites.values():
        for why in _suite_list(k, row):
            yield f"cipher_suites: {row.id}: {why}"


def _suite_list(k: Knowledge, row: SuiteList) -> Iterator[str]:
    users = tuple(release.id for release in k.releases.values() if release.suites == row.id)
    if not users:
        yield "id: no release uses this list"
    if not row.suites:
        yield "suites: is empty"
    seen: set[str] = set()
    for suite in row.suites:
        if not _SUITE_NAME.fullmatch(suite.name) or _CURVE.search(suite.name):
            yield f"suites: {suite.name!r} is not the name of a suite without its curve"
        if suite.name in seen:
            yield f"suites: {suite.name} stands there twice"
        seen.add(suite.name)
        if not suite.protocols or set(suite.protocols) - set(PROTOCOLS):
            yield f"suites: {suite.name} has protocols that are none: {', '.join(suite.protocols)}"
        if users:
            yield from (f"suites: {suite.name}: {problem}" for problem in _after(k, users, suite.after))
