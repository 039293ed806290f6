# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exit codes of installers, ways to run packages, languages: what is known, and what the tables refuse."""

from __future__ import annotations

import copy
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import loader, lookup
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import ExitOutcome

K = loader.load()
RAW = loader.read_files()
EVERY = ("update_exe", "dism", "pkgmgr", "wusa")


@pytest.mark.parametrize(
    ("installer", "code", "outcome"),
    [
        *((installer, 0, "installed") for installer in EVERY),
        *((installer, 3010, "needs_reboot") for installer in EVERY),
        *((installer, 1641, "needs_reboot") for installer in EVERY),
        *((installer, 5, "access_denied") for installer in EVERY),
        *((installer, 0x80070005, "access_denied") for installer in EVERY),
        *((installer, 87, "failed") for installer in EVERY),
        *((installer, 0x80070057, "failed") for installer in EVERY),
        *((installer, 112, "disk_full") for installer in EVERY),
        *((installer, 0x80070070, "disk_full") for installer in EVERY),
        *((installer, 1618, "busy") for installer in EVERY),
        ("wusa", 2359301, "needs_reboot"),
        ("wusa", 2359302, "already_installed"),
        ("wusa", 2149842967, "not_applicable"),
        ("wusa", -2145124329, "not_applicable"),
        ("wusa", 2147942405, "access_denied"),
        ("wusa", 0x41301, "running"),
        ("wusa", 0x41303, "running"),
        ("wusa", 0x41306, "failed"),
        ("dism", 0x800F081E, "not_applicable"),
        ("dism", -2146498530, "not_applicable"),
        ("pkgmgr", 0x800F081E, "not_applicable"),
        ("dism", 0x800F0823, "missing_prerequisite"),
        ("dism", -2146498525, "missing_prerequisite"),
        ("dism", 2359302, "failed"),  # a code of wusa says nothing about dism
        ("update_exe", 0x800F081E, "failed"),
        ("update_exe", 1, "failed"),
        ("update_exe", 0x80070000, "failed"),  # a failure without an error is not 0
        ("update_exe", -1, "failed"),
    ],
)
def test_what_a_code_means(installer: str, code: int, outcome: str) -> None:
    assert lookup.outcome_of(K, installer, code).outcome == outcome


@pytest.mark.parametrize(
    ("installer", "code", "outcome"),
    [
        ("wusa", 2359302, "failed"),  # the same number that says "installed already" for the other verb
        ("wusa", 0, "removed"),
        ("update_exe", 0, "removed"),
        ("dism", 3010, "needs_reboot"),
        ("wusa", 0x80240017, "failed"),
    ],
)
def test_removing_has_meanings_of_its_own(installer: str, code: int, outcome: str) -> None:
    assert lookup.outcome_of(K, installer, code, "remove").outcome == outcome


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (0, "0"),
        (3010, "3010"),
        (2359302, "0x00240006, 2359302"),
        (-2145124329, "0x80240017, -2145124329"),
        (0x80240017, "0x80240017, -2145124329"),
        (61444, "61444"),
    ],
)
def test_codes_in_words(code: int, text: str) -> None:
    assert lookup.outcome_of(K, "wusa", code).code_text == text


def test_an_unknown_code_is_a_failure_that_says_so() -> None:
    found = lookup.outcome_of(K, "update_exe", 61444)
    assert (found.outcome, found.good) == ("failed", False)
    assert "no table knows" in found.words


@given(code=st.integers(-(1 << 31), (1 << 32) - 1), installer=st.sampled_from(EVERY), remove=st.booleans())
def test_every_code_means_something_and_the_same_signed_and_unsigned(code: int, installer: str, remove: bool) -> None:
    verb: t.Any = "remove" if remove else "install"
    found = lookup.outcome_of(K, installer, code, verb)
    assert found.outcome in t.get_args(ExitOutcome)
    assert lookup.outcome_of(K, installer, code % (1 << 32), verb) == found
    # Only codes that stand in the table can be good.
    assert not found.good or found.code in {row.code for row in K.install_codes.values()} | {
        0x80070000 | row.code for row in K.install_codes.values() if row.code < 0x10000
    }


@pytest.mark.parametrize("code", [1 << 32, -(1 << 31) - 1])
def test_codes_of_more_bits_are_refused(code: int) -> None:
    with pytest.raises(ValueError, match="more than 32 bits"):
        lookup.outcome_of(K, "dism", code)


def test_an_unknown_installer_is_refused() -> None:
    with pytest.raises(KeyError):
        lookup.outcome_of(K, "setup", 0)


@pytest.mark.parametrize(
    ("suffix", "version", "ways"),
    [
        ("exe", "5.1", ["update_exe"]),
        ("exe", "5.2", ["update_exe"]),
        ("exe", "6.1", []),
        ("msu", "5.1", []),
        ("msu", "6.0", ["pkgmgr", "wusa"]),
        ("msu", "6.1", ["dism", "wusa"]),
        ("cab", "6.0", ["pkgmgr"]),
        ("cab", "6.3", ["dism"]),
        ("msi", "6.1", []),
    ],
)
def test_ways_to_run_a_file(suffix: str, version: str, ways: list[str]) -> None:
    assert [way.id for way in lookup.installers(K, suffix, version)] == ways


@pytest.mark.parametrize(
    ("langid", "language"),
    [("0409", "enu"), ("0407", "deu"), ("040A", "esn"), ("0c0a", "esn"), ("0411", "jpn"), ("0804", "chs")],
)
def test_languages(langid: str, language: str) -> None:
    found = lookup.language_of(K, langid)
    assert found is not None
    assert found.id == language


@pytest.mark.parametrize("langid", ["", "409", "ffff", "deu", "0409 & echo"])
def test_what_is_no_known_language(langid: str) -> None:
    assert lookup.language_of(K, langid) is None


@pytest.mark.parametrize(
    ("row", "confidence"),
    [
        ("cbs-not-applicable", "2+"),
        ("wusa-already-installed", "2+"),
        ("wusa-not-applicable", "1"),
        ("disk-full", "own"),
    ],
)
def test_how_sure_a_code_is(row: str, confidence: str) -> None:
    assert K.install_codes[row].confidence == confidence


@pytest.mark.parametrize(
    ("file", "row", "field", "value", "problem"),
    [
        ("install_codes.yml", "ok", "code", -1, "code: must be unsigned"),
        ("install_codes.yml", "ok", "code", 1 << 32, "code: must be unsigned"),
        ("install_codes.yml", "ok", "code", 3010, "ok says what it means for update_exe (install) already"),
        ("install_codes.yml", "ok", "installers", "setup", "installers: must name installers"),
        ("install_codes.yml", "ok", "installers", [], "installers: must name installers"),
        ("install_codes.yml", "ok", "verbs", [], "verbs: is empty"),
        ("install_codes.yml", "ok", "words", "is in.", "words: must be a clause"),
        ("installers.yml", "dism", "install", "dism {path}", "install: knows no path"),
        ("installers.yml", "dism", "remove", "dism {cab}", "remove: knows no cab"),
        ("installers.yml", "dism", "install", "dism & echo", "holds characters that may not stand in a command"),
        ("installers.yml", "dism", "install", [], "install: is empty"),
        ("installers.yml", "dism", "files", "msi", "'msi' is no suffix of a package"),
        ("installers.yml", "dism", "remove_versions", ["5.1"], "must be among its versions"),
        ("installers.yml", "update_exe", "versions", ["5.2"], "no installer takes .exe on Windows 5.1"),
        ("languages.yml", "enu", "id", "english", "must be three lower-case letters"),
        ("languages.yml", "enu", "id", "eng", "there is no language 'enu'"),
        ("languages.yml", "deu", "langids", ["0409"], "0409 belongs to enu too"),
        ("languages.yml", "deu", "langids", ["407"], "must be four hex digits"),
        ("updates.yml", "KB4230450", "requires", "KB4316682", "KB4316682 supersedes this one"),
        ("updates.yml", "KB4467770", "after_reboot_of", "KB3140245", "KB3140245 is not among what it requires"),
    ],
)
def test_names_the_defect(file: str, row: str, field: str, value: t.Any, problem: str) -> None:
    raw = {**RAW, file: copy.deepcopy(RAW[file])}
    rows = raw[file]["updates"] if file == "updates.yml" else raw[file]
    next(one for one in rows if one["id"] == row)[field] = value
    found = loader.check(loader.build(raw))
    assert any(problem in line for line in found), found


@pytest.mark.parametrize(
    ("number", "field", "value", "problem"),
    [
        (0, "size", 0, "size: must be a number of bytes"),
        (0, "language", "xyz", "there is no language 'xyz'"),
        (3, "size", 1000, "a pattern cannot have a hash or a size"),
    ],
)
def test_names_the_defect_of_a_package(number: int, field: str, value: t.Any, problem: str) -> None:
    raw = {**RAW, "updates.yml": copy.deepcopy(RAW["updates.yml"])}
    row = next(one for one in raw["updates.yml"]["updates"] if one["id"] == "KB4019276")
    row["packages"][number][field] = value
    found = loader.check(loader.build(raw))
    assert any(problem in line for line in found), found


@pytest.mark.parametrize("kb", ["KB4019276", "KB4467770", "KB4230450", "KB4316682", "KB4493435"])
def test_packages_for_xp_have_a_pattern_for_every_language(kb: str) -> None:
    names = [p.file for p in lookup.packages(K.updates[kb], "xp-sp3", "x86")]
    assert names[-1].endswith(f"{kb.casefold()}-x86-embedded-*.exe")
    assert all("*" not in name for name in names[:-1])
