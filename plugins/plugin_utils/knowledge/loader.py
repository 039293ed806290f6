# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the tables, once per process: plain files beside this one → typed, checked, immutable rows.

Pure data and no surprises: an unknown field, a missing one, a value of another type, a contradiction or a dangling
reference ends in :class:`TableError`, which names file, row and field.
"""

from __future__ import annotations

import functools
import json
import typing as t
from collections.abc import Mapping
from pathlib import Path

import yaml

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import (
    account_rows,
    error_rows,
    install_rows,
    tables,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.consistency import check
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.convert import Wrong, record
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Changeable, Row
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import TableError, Vocabulary

__all__ = ["TableError", "build", "check", "load", "read_files", "vocabulary"]

_FOLDER: t.Final = Path(__file__).parent
_UPDATES: t.Final = "updates.yml"

#: Field of Knowledge → (type of its rows, the field that names a row, files).
_TABLES: t.Final[Mapping[str, tuple[type[Row], str, tuple[str, ...]]]] = {
    "releases": (tables.OsRelease, "id", ("os_releases.yml",)),
    "schannel": (tables.SchannelDefaults, "id", ("schannel_defaults.yml",)),
    "components": (tables.ComponentDefaults, "id", ("component_defaults.yml",)),
    "registry": (tables.RegistryPath, "id", ("registry_paths.yml",)),
    "updates": (tables.Update, "id", (_UPDATES,)),
    "clients": (tables.MailClient, "id", ("mail_clients.yml",)),
    "providers": (tables.Provider, "id", ("providers.yml",)),
    "suites": (tables.SuiteList, "id", ("cipher_suites_legacy.yml", "cipher_suites.json")),
    "ports": (tables.Port, "port", ("ports.yml",)),
    "policies": (tables.Policy, "id", ("policies.yml",)),
    "checks": (tables.Check, "id", ("checks.yml",)),
    "changeable": (Changeable, "id", ("changeable.yml",)),
    "account_stores": (account_rows.AccountStore, "id", ("account_stores.yml",)),
    "installers": (install_rows.Installer, "id", ("installers.yml",)),
    "install_codes": (install_rows.InstallCode, "id", ("install_codes.yml",)),
    "languages": (install_rows.Language, "id", ("languages.yml",)),
    "error_codes": (error_rows.ErrorCode, "id", ("error_codes.yml",)),
}
#: Tables whose rows nobody looks up by name.
_IN_ORDER: t.Final = ("schannel", "components")

#: File name → what the file holds, as YAML or JSON gives it.
RawTables = dict[str, t.Any]


@functools.cache
def load() -> Knowledge:
    """All tables, checked. Read once per process. Raises TableError."""
    knowledge = build(_files())
    problems = check(knowledge)
    if problems:
        raise TableError("", "", "", "\n".join(problems))
    return knowledge


@functools.cache
def vocabulary() -> Vocabulary:
    """The words that updates.yml defines for itself. Raises TableError."""
    return _vocabulary(_files())


def read_files(folder: Path = _FOLDER) -> RawTables:
    """The files as they are, without any check of their content. Raises TableError where one cannot be read."""
    names = dict.fromkeys(name for _row, _key, files in _TABLES.values() for name in files)
    return {name: _read_file(folder / name) for name in names}


@functools.cache
def _files() -> RawTables:
    return read_files()


def _read_file(path: Path) -> t.Any:
    # The C loader is six times as fast; PyYAML without libyaml has only the other one.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        text = path.read_text(encoding="utf-8")
        return json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise TableError(path.name, "", "", f"cannot be read: {error}") from error


def build(raw: RawTables) -> Knowledge:
    """Turn raw tables into typed ones. Raises TableError for anything but a contradiction between rows."""
    words = _vocabulary(raw)
    built: dict[str, t.Any] = {}
    for field, (kind, key, files) in _TABLES.items():
        rows: dict[t.Any, Row] = {}
        for file in files:
            for name, row in _rows(file, kind, key, _list_of(file, raw[file])):
                if name in rows:
                    raise TableError(file, str(name), key, "stands there twice")
                rows[name] = row
        built[field] = tuple(rows.values()) if field in _IN_ORDER else rows
    for update in built["updates"].values():
        _known_words(update, words)
    return Knowledge(**built)


def _list_of(file: str, content: t.Any) -> list[t.Any]:
    rows = content.get("updates") if file == _UPDATES and isinstance(content, dict) else content
    if not isinstance(rows, list) or not rows:
        raise TableError(file, "", "", "must hold a list of rows")
    return rows


def _rows(file: str, kind: type[Row], key: str, raw_rows: list[t.Any]) -> t.Iterator[tuple[t.Any, Row]]:
    for number, raw in enumerate(raw_rows, start=1):
        name = str(raw.get(key, f"row {number}")) if isinstance(raw, dict) else f"row {number}"
        try:
            row = record(kind, raw)
        except Wrong as wrong:
            raise TableError(file, name, wrong.field, wrong.why) from wrong
        if not row.source.strip():
            raise TableError(file, name, "source", "is empty: every row says where it comes from")
        yield getattr(row, key), row


def _vocabulary(raw: RawTables) -> Vocabulary:
    content = raw[_UPDATES]
    try:
        capabilities = {str(name): str(meaning) for name, meaning in content["capabilities"].items()}
        prerequisites = {str(name): tuple(map(str, row["versions"])) for name, row in content["prerequisites"].items()}
    except (AttributeError, KeyError, TypeError) as error:
        why = f"must define capabilities and prerequisites ({type(error).__name__}: {error})"
        raise TableError(_UPDATES, "", "", why) from error
    return Vocabulary(capabilities, prerequisites)


def _known_words(update: tables.Update, words: Vocabulary) -> None:
    for field, used, known in (
        ("enables", update.enables, words.capabilities),
        ("prerequisites", update.prerequisites, words.prerequisites),
    ):
        for word in used:
            if word not in known:
                raise TableError(_UPDATES, update.id, field, f"{word!r} is not defined in {_UPDATES}")
