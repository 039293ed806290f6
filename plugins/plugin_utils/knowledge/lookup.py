# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Access to the tables by release: which rows count, and in which order. No judgement here."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.error_rows import ErrorCode
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import (
    ExitMeaning,
    InstallCode,
    Installer,
    Language,
    Verb,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import vocabulary
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    CipherSuite,
    ComponentDefaults,
    Detection,
    Knowledge,
    MailClient,
    OsRelease,
    Package,
    Provider,
    SchannelDefaults,
    Update,
)

#: HRESULTs that carry a Win32 error code in their lower half: HRESULT_FROM_WIN32, [MS-ERREF] 2.1.2.
_WIN32: t.Final = 0x8007

_Row = t.TypeVar("_Row", SchannelDefaults, ComponentDefaults)
_Coded = t.TypeVar("_Coded", InstallCode, ErrorCode)


def schannel_rows(k: Knowledge, os_id: str) -> tuple[SchannelDefaults, ...]:
    """SCHANNEL defaults of a release: as shipped first, then those after an update, in the order of installation."""
    return _by_update(k, tuple(row for row in k.schannel if os_id in row.os))


def component_rows(
    k: Knowledge, component: t.Literal["winhttp", "wininet"], os_id: str
) -> tuple[ComponentDefaults, ...]:
    """The same for WinHTTP or WinINET."""
    return _by_update(k, tuple(row for row in k.components if row.component == component and os_id in row.os))


def _by_update(k: Knowledge, rows: tuple[_Row, ...]) -> tuple[_Row, ...]:
    return tuple(sorted(rows, key=lambda row: -1 if row.after is None else k.updates[row.after].order))


def suites_of(k: Knowledge, os_id: str) -> tuple[CipherSuite, ...]:
    """The suites of a release, best first, those included that an update has to bring."""
    return k.suites[k.releases[os_id].suites].suites


def updates_for(k: Knowledge, os_id: str, capability: str | None = None) -> tuple[Update, ...]:
    """Updates for a release, in the order of installation; with ``capability`` only those that enable it."""
    rows = (row for row in k.updates.values() if os_id in row.os and capability in (None, *row.enables))
    return tuple(sorted(rows, key=lambda row: row.order))


def superseding(k: Knowledge, update_id: str, os_id: str) -> tuple[str, ...]:
    """Ids of all updates, however many steps away, that carry the same or newer files on that release."""
    found: list[str] = []
    todo = list(k.updates[update_id].superseded_by)
    while todo:
        newer = todo.pop(0)
        if newer not in found and os_id in k.updates[newer].os:
            found.append(newer)
            todo.extend(k.updates[newer].superseded_by)
    return tuple(found)


def detections(update: Update, os_id: str) -> tuple[Detection, ...]:
    """The ways to prove an update on that release, the best first."""
    return tuple(way for way in update.detect if os_id in (way.os or update.os))


def packages(update: Update, os_id: str, architecture: str) -> tuple[Package, ...]:
    """The files that install an update there."""
    return tuple(p for p in update.packages if os_id in p.os and p.architecture == architecture)


def prerequisites(update: Update, release: OsRelease) -> tuple[str, ...]:
    """What has to hold before the update is run, as far as it is a condition on that release at all.

    KB4019276 wants the POSReady flag on XP; the same number on Vista does not know it.
    """
    versions = vocabulary().prerequisites
    return tuple(name for name in update.prerequisites if release.version in versions[name])


def installers(k: Knowledge, suffix: str, version: str) -> tuple[Installer, ...]:
    """The ways to run a file with that suffix ("msu") on a version of NT ("6.1"), the best first."""
    return tuple(way for way in k.installers.values() if suffix in way.files and version in way.versions)


def outcome_of(k: Knowledge, installer: str, code: int, verb: Verb = "install") -> ExitMeaning:
    """What it means that an installer ended with that code, signed or unsigned. A code of no row means "failed".

    :raises KeyError: there is no such installer.
    :raises ValueError: the code does not fit into 32 bits.
    """
    if installer not in k.installers:
        raise KeyError(installer)
    unsigned = _unsigned(code)
    rows = (row for row in k.install_codes.values() if installer in row.installers and verb in row.verbs)
    row = _of_code(rows, unsigned)
    if row is None:
        return ExitMeaning("failed", unsigned, "failed with a code that no table knows")
    return ExitMeaning(row.outcome, unsigned, row.words)


def error_of(k: Knowledge, code: int) -> ErrorCode | None:
    """The error with that code: an HRESULT, signed or unsigned, or the number of a Win32 error. None: not known.

    :raises ValueError: the code does not fit into 32 bits.
    """
    return _of_code(k.error_codes.values(), _unsigned(code))


def _unsigned(code: int) -> int:
    if not -(1 << 31) <= code < 1 << 32:
        raise ValueError(f"{code} is no code of Windows: it has more than 32 bits.")
    return code & 0xFFFFFFFF


def _of_code(rows: Iterable[_Coded], code: int) -> _Coded | None:
    """The row of that unsigned code; where there is none for an HRESULT, that of the Win32 error which it carries."""
    known = {row.code: row for row in rows}
    # S_OK of the facility of Win32 errors does not occur: as a failure it must not be read as 0.
    carries = code >> 16 == _WIN32 and code & 0xFFFF
    return known.get(code) or (known.get(code & 0xFFFF) if carries else None)


def language_of(k: Knowledge, langid: str) -> Language | None:
    """The language of packages for a Windows with that language id, as InstallLanguage holds it ("0409")."""
    wanted = langid.strip().casefold()
    return next((row for row in k.languages.values() if wanted in row.langids), None)


def provider_of(k: Knowledge, host: str) -> Provider | None:
    """The provider whose mail server that is: the whole name first, then the longest suffix."""
    name = host.casefold().rstrip(".")
    best: tuple[int, Provider] | None = None
    for provider in k.providers.values():
        for pattern in provider.hosts:
            if name == pattern:
                return provider
            if pattern.startswith(".") and name.endswith(pattern) and len(pattern) > (best[0] if best else 0):
                best = len(pattern), provider
    return best[1] if best else None


def clients_of(k: Knowledge, account_store: str, account_version: str | None = None) -> tuple[MailClient, ...]:
    """Clients that keep accounts there; with a version only those of that version."""
    rows = (row for row in k.clients.values() if row.account_store == account_store)
    return tuple(row for row in rows if account_version in (None, row.account_version))
