# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Is that file the right one for this host, and is it what it should be? Each reason against it is its own sentence."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import (
    Ground,
    PackageCheck,
    PackageFile,
    check,
    language_in,
)
from tests.support.hosts import KNOWLEDGE, host

ENU = "windowsxp-kb4019276-x86-embedded-enu_3822fc1692076429a7dc051b00213d5e1240ce3d.exe"
DEU = "windowsxp-kb4019276-x86-embedded-deu_0123456789abcdef0123456789abcdef01234567.exe"
KNOWN = "381abded5dd70a02bd54d4e8926e519ca6b306e26cbf10c45bbf1533bf57a026"
OTHER = "ab" * 32
X64 = "windows6.1-kb3140245-x64_5b067ffb69a94a6e5f9da89ce88c658e52a0dec0.msu"
X86 = "windows6.1-kb3140245-x86_cdafb409afbe28db07e2254f40047774a0654f18.msu"
CONSENT = frozenset({"posready"})


def xp(os_id: str = "xp-sp3", **fields: t.Any) -> Context:
    return host(os_id, **fields)


def looked_at(
    ctx: Context, kb: str, name: str, langid: str | None = None, consents: frozenset[str] = CONSENT, **about: t.Any
) -> PackageCheck:
    given: dict[str, t.Any] = {"size": 500_000, "sha256": OTHER, "given": OTHER, **about}
    return check(ctx, KNOWLEDGE.updates[kb], PackageFile(name, **given), consents, langid)


def grounds(found: PackageCheck) -> list[str]:
    return [objection.ground.value for objection in found.objections]


def test_the_known_file_on_xp_needs_nothing_but_the_consent() -> None:
    found = looked_at(xp(), "KB4019276", ENU, "0409", sha256=KNOWN, given=None)
    assert (found.objections, found.remarks) == ((), ())
    assert found.package is not None
    assert found.package.language == "enu"
    asked = looked_at(xp(), "KB4019276", ENU, "0409", frozenset(), sha256=KNOWN, given=None)
    (objection,) = asked.objections
    assert (objection.ground, objection.consent) == (Ground.CONSENT, "posready")
    assert r"HKLM\SYSTEM\WPA\PosReady\Installed" in objection.why


def test_posready_itself_asks_for_no_consent() -> None:
    assert not looked_at(xp("posready-2009"), "KB4019276", ENU, "0409", frozenset(), sha256=KNOWN).objections[1:]


@pytest.mark.parametrize(
    ("os_id", "kb", "name", "ground", "words"),
    [
        ("win7-sp1", "KB3140245", "setup.exe", "name", "is no package of KB3140245: its files are named windows6.1-kb"),
        ("win7-sp1", "KB3140245", ENU, "name", "is no package of KB3140245"),
        ("win7-sp1", "KB3140245", "..\\" + X64, "name", "is no package of KB3140245"),
        ("win7-sp1", "KB3140245", X64 + "\u202etxt", "name", "\\u202e"),
        # Another SHA-1 at the end than that of the known file: another file.
        ("win7-sp1", "KB3140245", X64.replace("_5b", "_5c"), "name", "is no package of KB3140245"),
        ("win7-sp1", "KB3140245", X86, "architecture", "is for 32-bit (x86) Windows, and this one is 64-bit (x64)"),
        ("server-2012", "KB3140245", X64, "os", "is for Windows 7 SP1, Windows Server 2008 R2 SP1, and this host has"),
        ("server-2003-sp2", "KB4019276", ENU, "os", "KB4019276 is for Windows XP SP3,"),
        ("xp-x64-sp2", "KB4019276", ENU, "os", "KB4019276 is for Windows XP SP3,"),
        ("xp-sp2", "KB4019276", ENU, "os", "KB4019276 needs Windows XP SP3, and this host has Windows XP SP2."),
        ("win7-rtm", "KB3140245", X64, "os", "KB3140245 needs Windows 7 SP1"),
        ("win10-22h2", "KB3140245", X64, "os", "KB3140245 is for Windows 7 SP1"),
    ],
)
def test_wrong_files_and_wrong_hosts(os_id: str, kb: str, name: str, ground: str, words: str) -> None:
    found = looked_at(host(os_id), kb, name)
    assert grounds(found)[:1] == [ground]
    assert words in found.objections[0].why
    assert ground == "os" or len(found.objections) == 1
    assert found.package is None


def test_a_windows_of_no_table_gets_nothing() -> None:
    ctx = host("win7-sp1")
    unknown = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, release=None, os="unknown", why="odd"))
    assert "odd" in looked_at(unknown, "KB3140245", X64).objections[0].why


def test_an_unread_architecture_is_an_objection() -> None:
    ctx = host("win7-sp1")
    unknown = dataclasses.replace(ctx, host=dataclasses.replace(ctx.host, architecture="unknown"))
    (objection,) = looked_at(unknown, "KB3140245", X64).objections
    assert objection.ground is Ground.ARCHITECTURE
    assert "could not be read" in objection.why


@pytest.mark.parametrize(
    ("name", "langid", "objections", "remark"),
    [
        (ENU, "0409", [], ""),
        (ENU, "0407", ["language"], ""),
        (DEU, "0407", [], ""),
        (DEU, "0409", ["language"], ""),
        (DEU, None, [], "is German; the language of this Windows was not read"),
        (DEU, "ffff", [], "in no table"),
        ("WindowsXP-KB4019276-x86-Embedded-DEU.exe", "0409", ["language"], ""),
        ("windowsxp-kb4019276-x86-embedded-custom.exe", "0409", [], "does not tell its language"),
    ],
)
def test_languages_of_packages_for_xp(name: str, langid: str | None, objections: list[str], remark: str) -> None:
    digest = KNOWN if name == ENU else OTHER
    found = looked_at(xp(), "KB4019276", name, langid, sha256=digest, given=digest)
    assert grounds(found) == objections
    assert remark in " ".join(found.remarks)
    assert bool(remark) is bool(found.remarks)


def test_the_language_that_is_needed_is_named() -> None:
    (objection,) = looked_at(xp(), "KB4019276", ENU, "0407", sha256=KNOWN, given=None).objections
    assert objection.why.endswith(
        "is the package for English Windows, and this one is German: get the one for it (-deu)."
    )


def test_packages_from_vista_on_are_for_every_language() -> None:
    found = looked_at(host("win7-sp1"), "KB3140245", X64, "0407")
    assert (found.objections, found.remarks) == ((), ())


@pytest.mark.parametrize(
    ("about", "ground", "words"),
    [
        ({"given": None}, "unverified", "no package runs unverified"),
        ({"given": ""}, "unverified", "no package runs unverified"),
        ({"given": "1234"}, "unverified", "is no SHA-256"),
        ({"given": "cd" * 32}, "checksum", f"has the SHA-256 {OTHER} instead of {'cd' * 32}"),
        ({"size": 0}, "truncated", "is empty"),
        ({"sha1": "00" * 20}, "checksum", "its SHA-1 is not the one at the end of its name"),
        ({"sha1": "5b067ffb69a94a6e5f9da89ce88c658e52a0dec0"}, "", ""),
        ({"given": OTHER.upper()}, "", ""),
    ],
)
def test_what_cannot_be_verified_is_refused(about: dict[str, t.Any], ground: str, words: str) -> None:
    found = looked_at(host("win7-sp1"), "KB3140245", X64, **about)
    assert grounds(found) == ([ground] if ground else [])
    assert not ground or words in found.objections[0].why


@pytest.mark.parametrize(
    ("size", "ground", "words"),
    [
        (600_000, Ground.TRUNCATED, "is truncated: it has 500000 of 600000 bytes"),
        (400_000, Ground.CHECKSUM, "has 500000 bytes instead of 400000"),
    ],
)
def test_one_fault_one_sentence(size: int, ground: Ground, words: str) -> None:
    """A file of another size than the table has differs in its checksum as well."""
    update = KNOWLEDGE.updates["KB3140245"]
    sized = tuple(dataclasses.replace(package, size=size) for package in update.packages)
    file = PackageFile(X64, 500_000, OTHER, given="cd" * 32)
    (objection,) = check(host("win7-sp1"), dataclasses.replace(update, packages=sized), file).objections
    assert objection.ground is ground
    assert words in objection.why


@pytest.mark.parametrize(
    ("sha256", "given", "words"),
    [
        (OTHER, None, f"instead of {KNOWN}"),
        (OTHER, OTHER, "is not the one that is known"),
        (KNOWN, OTHER, "is not the one that is known"),
    ],
)
def test_no_checksum_given_outweighs_the_known_one(sha256: str, given: str | None, words: str) -> None:
    (objection,) = looked_at(xp(), "KB4019276", ENU, "0409", sha256=sha256, given=given).objections
    assert objection.ground is Ground.CHECKSUM
    assert words in objection.why


def test_the_known_checksum_counts_without_the_sha1_in_the_name() -> None:
    short = "WindowsXP-KB4019276-x86-Embedded-ENU.exe"
    assert looked_at(xp(), "KB4019276", short, "0409", sha256=KNOWN, given=None).objections == ()
    assert grounds(looked_at(xp(), "KB4019276", short, "0409", given=None)) == ["checksum"]


def test_a_known_size_is_compared() -> None:
    update = KNOWLEDGE.updates["KB4019276"]
    sized = dataclasses.replace(update, packages=(dataclasses.replace(update.packages[0], size=1000),))
    (objection,) = check(xp(), sized, PackageFile(ENU, 999, OTHER), CONSENT).objections
    assert "999 of 1000 bytes" in objection.why


def test_several_faults_are_all_said_and_each_once() -> None:
    found = looked_at(xp(), "KB4467770", "windowsxp-kb4467770-x86-embedded-deu.exe", "0409", frozenset(), given=None)
    assert grounds(found) == ["language", "unverified", "prerequisite", "consent"]
    assert len({objection.why for objection in found.objections}) == 4


@pytest.mark.parametrize(
    ("name", "language"),
    [(ENU, "enu"), ("WindowsXP-KB1-x86-DEU.exe", "deu"), (X64, None), ("a-enu.msu", None), ("windowsxp-x86.exe", None)],
)
def test_language_in_a_name(name: str, language: str | None) -> None:
    assert language_in(name) == language
