# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the tables: what the loader gives, and how it refuses what is no table."""

from __future__ import annotations

import copy
import dataclasses
import time
import typing as t
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import loader
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import TableError
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Confidence, Row

FOLDER = Path(loader.__file__).parent
RAW = loader.read_files()
DELETED = object()


def every_row() -> t.Iterator[tuple[str, Row]]:
    knowledge = loader.load()
    for field in dataclasses.fields(knowledge):
        table = getattr(knowledge, field.name)
        for row in table.values() if isinstance(table, dict) else table:
            yield field.name, row


def mutated(file: str, row: str, path: str, value: t.Any) -> loader.RawTables:
    """The raw tables with one thing changed: ``path`` goes into the row, by names and numbers."""
    raw = dict(RAW)
    raw[file] = copy.deepcopy(RAW[file])
    rows = raw[file]["updates"] if file == "updates.yml" else raw[file]
    place: t.Any = next(r for r in rows if str(r.get("id", r.get("port"))) == row)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    for step in steps:
        place = place[step]
    if value is DELETED:
        del place[last]
    else:
        place[last] = value
    return raw


def test_loads_once_and_without_problems() -> None:
    knowledge = loader.load()
    assert loader.check(knowledge) == ()
    assert loader.load() is knowledge


def test_every_row_says_where_it_comes_from_and_how_sure_that_is() -> None:
    rows = list(every_row())
    assert len(rows) > 350
    assert [row for _table, row in rows if not row.source.strip()] == []
    assert {row.confidence for _table, row in rows} == set(t.get_args(Confidence))


def test_unverified_rows_never_claim_a_count_of_sources() -> None:
    """What the source itself calls taken over, inferred or general knowledge is nobody's measurement."""
    telltale = ("general knowledge", "taken as", "inferred from")
    boasting = [
        (table, row.source) for table, row in every_row() if row.confidence != "own" and row.source.startswith(telltale)
    ]
    assert boasting == []


def test_no_key_stands_twice_in_a_mapping() -> None:
    """YAML readers keep the last of two and say nothing."""

    def twice(node: yaml.Node) -> t.Iterator[str]:
        if isinstance(node, yaml.MappingNode):
            names = [key.value for key, _value in node.value]
            yield from (f"line {node.start_mark.line + 1}: {name}" for name in set(names) if names.count(name) > 1)
        for child in node.value if isinstance(node.value, list) else ():
            for part in child if isinstance(child, tuple) else (child,):
                yield from twice(part)

    for path in FOLDER.glob("*.yml"):
        root = yaml.compose(path.read_text(encoding="utf-8"))
        assert root is not None
        assert list(twice(root)) == [], path.name


def test_every_data_file_is_read() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.suffix in (".yml", ".json")} == set(RAW)


def test_reads_the_same_without_the_c_loader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert loader.read_files() == RAW


def test_loading_is_quick() -> None:
    """The parent process of every run pays for it. Measured: about 50 ms."""
    times = []
    for _attempt in range(3):
        start = time.process_time()
        loader.check(loader.build(loader.read_files()))
        times.append(time.process_time() - start)
    assert min(times) < 0.25


def test_words_of_updates_are_defined_beside_them() -> None:
    words = loader.vocabulary()
    assert {"schannel-tls12", "winhttp-mask", "wininet-mask", "sha2-certificates"} <= set(words.capabilities)
    assert words.prerequisites["posready"] == ("5.1",)
    used = {word for update in loader.load().updates.values() for word in update.enables}
    assert used == set(words.capabilities)


@pytest.mark.parametrize(
    ("file", "row", "path", "value", "field", "why"),
    [
        ("os_releases.yml", "win7-sp1", "source", DELETED, "source", "is missing"),
        ("os_releases.yml", "win7-sp1", "source", "  ", "source", "is empty"),
        ("os_releases.yml", "win7-sp1", "confidence", DELETED, "confidence", "is missing"),
        ("os_releases.yml", "win7-sp1", "confidence", "sure", "confidence", "must be one of 2+, 1, own"),
        ("os_releases.yml", "win7-sp1", "confidence", 1, "confidence", "must be one of"),
        ("os_releases.yml", "win7-sp1", "nick_name", "seven", "nick_name", "is no field of this table"),
        ("os_releases.yml", "win7-sp1", "version", 6.1, "version", "must be text, is 6.1"),
        ("os_releases.yml", "win7-sp1", "builds", [7601], "builds", "must be a list of 2"),
        ("os_releases.yml", "win7-sp1", "builds/0", True, "builds.0", "must be a whole number, is True"),
        ("os_releases.yml", "win7-sp1", "supported", "yes", "supported", "must be true or false"),
        ("os_releases.yml", "win7-sp1", "product", "phone", "product", "must be one of client, server, any"),
        ("os_releases.yml", "win7-sp1", "id", "win7-rtm", "id", "stands there twice"),
        ("os_releases.yml", "xp-sp3", "service_packs", 3, "service_packs", "must be a list"),
        (
            "schannel_defaults.yml",
            "win7",
            "protocols/TLS 1.2",
            "perhaps",
            "protocols.TLS 1.2",
            "must be one of enabled",
        ),
        ("schannel_defaults.yml", "win7", "protocols", ["TLS 1.2"], "protocols", "must be a mapping"),
        ("component_defaults.yml", "winhttp-win7", "mask", "0xA0", "mask", "must be a whole number"),
        ("component_defaults.yml", "winhttp-win7", "component", "winsock", "component", "must be one of winhttp"),
        ("registry_paths.yml", "schannel", "view", "both", "view", "must be one of native, wow6432, shared"),
        ("updates.yml", "KB3140245", "enables", "winhttp-mask flying", "enables", "'flying' is not defined"),
        ("updates.yml", "KB3140245", "prerequisites", "sp9", "prerequisites", "'sp9' is not defined"),
        ("updates.yml", "KB3140245", "detect/0/kind", "guess", "detect.0.kind", "must be one of file_version"),
        ("updates.yml", "KB3140245", "detect/0/surely", True, "detect.0.surely", "is no field of this table"),
        ("updates.yml", "KB3140245", "packages/0/file", DELETED, "packages.0.file", "is missing"),
        (
            "mail_clients.yml",
            "outlook-2010",
            "detect/0/scope",
            "world",
            "detect.0.scope",
            "must be one of machine, user",
        ),
        ("providers.yml", "gmail", "auth/smtp", 7, "auth.smtp", "must be a list"),
        ("policies.yml", "compat", "schannel/TLS 1.2", True, "schannel.TLS 1.2", "must be text, is True"),
        ("cipher_suites.json", "win7", "suites/0/name", None, "suites.0.name", "must be text"),
        ("cipher_suites.json", "win7", "id", "xp", "id", "stands there twice"),
        ("ports.yml", "587", "port", "587", "port", "must be a whole number"),
        ("checks.yml", "tls.tls12", "severity", DELETED, "severity", "is missing"),
    ],
)
def test_refuses_a_row_of_the_wrong_shape(file: str, row: str, path: str, value: t.Any, field: str, why: str) -> None:
    with pytest.raises(TableError) as caught:
        loader.build(mutated(file, row, path, value))
    assert caught.value.file == file
    assert caught.value.field == field
    assert why in caught.value.why
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("ports.yml", None, "must hold a list of rows"),
        ("ports.yml", {"port": 25}, "must hold a list of rows"),
        ("ports.yml", [], "must hold a list of rows"),
        ("ports.yml", ["25"], "must be a mapping"),
        ("updates.yml", [], "must define capabilities and prerequisites"),
        ("updates.yml", {"capabilities": {}, "prerequisites": {"sp2": {}}}, "must define capabilities and prereq"),
        ("updates.yml", {"capabilities": {}, "prerequisites": {}}, "must hold a list of rows"),
    ],
)
def test_refuses_a_file_of_the_wrong_shape(file: str, content: t.Any, why: str) -> None:
    with pytest.raises(TableError, match=why) as caught:
        loader.build({**RAW, file: content})
    assert caught.value.file == file


def test_names_the_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"os_releases\.yml: cannot be read"):
        loader.read_files(tmp_path)
    (tmp_path / "os_releases.yml").write_text("- id: [unclosed", encoding="utf-8")
    with pytest.raises(TableError, match=r"os_releases\.yml: cannot be read"):
        loader.read_files(tmp_path)


def test_load_raises_on_a_contradiction(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = mutated("os_releases.yml", "win7-rtm", "upgrade_to", "win7-sp9")
    monkeypatch.setattr(loader, "_files", lambda: broken)
    with pytest.raises(TableError, match=r"os_releases\.yml: win7-rtm: upgrade_to: there is no release 'win7-sp9'"):
        loader.load.__wrapped__()


def file_blamed(raw: loader.RawTables) -> str:
    """The file that TableError names; "" where the tables can be built and judged."""
    try:
        loader.check(loader.build(raw))
    except TableError as error:
        return error.file
    return ""


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70000) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_stands_in_a_table_ends_in_a_table_or_in_its_error(data: st.DataObject) -> None:
    """Change one thing, anywhere, to anything: the loader understands it or says where it is wrong, and no more."""
    file = data.draw(st.sampled_from(sorted(RAW)))
    raw = {**RAW, file: copy.deepcopy(RAW[file])}
    place: t.Any = raw
    key: t.Any = file
    while isinstance(place[key], (dict, list)) and place[key] and (place is raw or data.draw(st.booleans())):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place, key=str) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(ANYTHING)
    assert file_blamed(raw) in {"", *RAW}
