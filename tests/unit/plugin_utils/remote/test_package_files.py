# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file of a source is the one for a host, whatever else lies there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Update
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import parse_source
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import package_files
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.package_files import Choice, Offers, choose
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError
from tests.support.hosts import KNOWLEDGE, host

XP = "windowsxp-kb4019276-x86-embedded-{}.exe"
ENU = XP.format("enu_3822fc1692076429a7dc051b00213d5e1240ce3d")
KNOWN = "381abded5dd70a02bd54d4e8926e519ca6b306e26cbf10c45bbf1533bf57a026"
X64 = "windows6.1-kb3140245-x64_5b067ffb69a94a6e5f9da89ce88c658e52a0dec0.msu"
X86 = "windows6.1-kb3140245-x86_cdafb409afbe28db07e2254f40047774a0654f18.msu"
SHORT = "windows6.1-kb3140245-x64.msu"
CONSENT = frozenset({"posready"})
SUM = "ab" * 32


def update(kb: str = "KB4019276") -> Update:
    return KNOWLEDGE.updates[kb]


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def lay(folder: Path, *names: str) -> None:
    """Files whose content is their name."""
    for name in names:
        (folder / name).write_bytes(name.encode())


def chosen(
    source: Path | str,
    kb: str = "KB4019276",
    os_id: str = "xp-sp3",
    langid: str | None = "0409",
    sums: dict[str, str] | None = None,
    consents: frozenset[str] = CONSENT,
) -> Choice:
    offers = Offers(parse_source(str(source)), {name.casefold(): one for name, one in (sums or {}).items()})
    return choose(host(os_id), update(kb), offers, consents, langid)


def picked(found: Choice) -> tuple[str, list[str]]:
    """(name of the file, grounds of the objections)."""
    assert found.file is not None
    assert found.check is not None
    return found.file.name, [objection.ground.value for objection in found.check.objections]


def summed(*names: str) -> dict[str, str]:
    return {name: digest(name) for name in names}


@pytest.mark.parametrize(
    ("langid", "name"), [("0407", XP.format("deu")), ("040c", XP.format("fra")), ("0419", XP.format("rus"))]
)
def test_the_language_of_the_host_wins(tmp_path: Path, langid: str, name: str) -> None:
    names = [XP.format(word) for word in ("custom-x", "deu", "fra", "ita", "rus")]
    lay(tmp_path, *names)
    assert picked(chosen(tmp_path, langid=langid, sums=summed(*names))) == (name, [])


def test_a_file_in_the_right_language_without_a_checksum_is_better_than_one_in_another(tmp_path: Path) -> None:
    lay(tmp_path, XP.format("deu"), XP.format("dan"))
    found = chosen(tmp_path, langid="0407", sums=summed(XP.format("dan")))
    assert picked(found) == (XP.format("deu"), ["unverified"])
    assert picked(chosen(tmp_path, langid="0410"))[1] == ["language", "unverified"]


@pytest.mark.parametrize(("names", "best"), [((X64, X86, SHORT), X64), ((X86, SHORT), SHORT)])
def test_the_architecture_of_the_host_wins(tmp_path: Path, names: tuple[str, ...], best: str) -> None:
    lay(tmp_path, *names)
    sums = summed(*names)
    name, found = picked(chosen(tmp_path, "KB3140245", "win7-sp1", None, sums))
    # The SHA-1 in a name is that of the file: these are others.
    assert (name, found) == ((SHORT, []) if SHORT in names else (best, ["checksum"]))


def test_what_is_wrong_with_the_only_file_is_told(tmp_path: Path) -> None:
    lay(tmp_path, X86)
    name, found = picked(chosen(tmp_path, "KB3140245", "win7-sp1", None, summed(X86)))
    assert (name, found) == (X86, ["architecture", "checksum"])
    lay(tmp_path, ENU)
    # Neither the SHA-256 of the table nor the SHA-1 of the name.
    assert picked(chosen(tmp_path))[1] == ["checksum", "checksum"]
    assert picked(chosen(tmp_path, consents=frozenset()))[1] == ["checksum", "checksum", "consent"]
    (tmp_path / ENU).write_bytes(b"")
    assert picked(chosen(tmp_path))[1] == ["truncated"]


def test_what_cannot_be_a_package_is_no_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, "notes %1.txt", 'a"b.exe', "\u00fc.msu", "\u202eexe.msu", "a b.exe", "-x.exe", XP.format("a b"))
    lay(tmp_path, XP.format("..enu"), XP.format("\u212aor"), "sub\nenu.exe", "nul", "windowsxp-kb4019276.exe")
    (tmp_path / XP.format("deu")).mkdir()
    os.mkfifo(tmp_path / XP.format("fra"))
    (tmp_path / XP.format("ita")).symlink_to(tmp_path / "gone")
    (tmp_path / XP.format("dan")).symlink_to(tmp_path)
    offers = Offers(parse_source(str(tmp_path)))
    assert offers.candidates(update()) == ()
    found = choose(host("xp-sp3"), update(), offers)
    assert found.why == f"No file of KB4019276 is in {tmp_path}: put {XP.format('*')} there."
    (tmp_path / "store").mkdir()
    lay(tmp_path / "store", "object")
    (tmp_path / XP.format("enu")).symlink_to("store/object")
    (only,) = Offers(parse_source(str(tmp_path))).candidates(update())
    assert (only.name, only.size, only.sha256) == (XP.format("enu"), 6, digest("object"))


def test_files_are_hashed_once_and_only_those_that_are_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(tmp_path, ENU, X64, X86)
    measured: list[str] = []
    real = package_files._measured

    def counted(path: Path) -> tuple[int, str, str]:
        measured.append(path.name)
        return real(path)

    monkeypatch.setattr(package_files, "_measured", counted)
    offers = Offers(parse_source(str(tmp_path)))
    for _unused in range(2):
        (file,) = offers.candidates(update())
    assert measured == [ENU]
    raw = ENU.encode()
    assert (file.size, file.sha256, file.sha1) == (len(raw), digest(ENU), hashlib.sha1(raw).hexdigest())


def test_a_folder_or_a_file_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen(tmp_path / "no").why == f"{tmp_path}/no cannot be read here (No such file or directory)."
    lay(tmp_path, ENU)
    assert chosen(tmp_path / ENU).why == f"{tmp_path}/{ENU} cannot be read here (Not a directory)."
    offers = Offers(parse_source(str(tmp_path)))
    offers._names = (XP.format("enu"), ENU)
    with pytest.raises(TransferError, match=r"enu\.exe cannot be read here \(No such file or directory\)\.$"):
        offers.candidates(update())
    os.mkfifo(tmp_path / XP.format("enu"))
    with pytest.raises(TransferError, match="is no plain file any more"):
        offers.candidates(update())


@pytest.mark.parametrize("source", ["http://srv/pkg", r"C:\pkg", r"\\srv\pkg"])
def test_of_other_sources_names_come_from_the_tables_and_the_checksums(source: str) -> None:
    offers = Offers(parse_source(source), {XP.format("deu"): SUM, "readme.txt": SUM, X64: SUM})
    found = {file.name: file for file in offers.candidates(update())}
    assert {name for name in found if "_" not in name} == {XP.format("deu")}
    assert {name.split("-")[-1][:3] for name in found} == {"chs", "deu", "enu", "jpn"}
    enu, deu = found[ENU], found[XP.format("deu")]
    assert (enu.size, enu.sha256, enu.given) == (None, KNOWN, None)
    assert (deu.size, deu.sha256, deu.given) == (None, SUM, SUM)
    assert picked(chosen(source)) == (ENU, [])
    assert picked(chosen(source, langid="0407", sums={XP.format("deu"): SUM})) == (XP.format("deu"), [])
    assert picked(chosen(source, langid="0411"))[1] == ["unverified"]
    assert picked(chosen(source, langid="0407"))[1][0] == "language"
    assert picked(chosen(source, sums={ENU: SUM}))[1] == ["checksum"]


def test_names_that_nobody_can_know() -> None:
    vista = chosen("http://srv/pkg", os_id="vista-sp2", langid=None)
    # The files of XP are known by name, and are no files for Vista.
    assert picked(vista)[1][0] == "os"
    given = chosen("http://srv/pkg", os_id="vista-sp2", sums={"windows6.0-kb4019276-x64.msu": SUM})
    assert picked(given) == ("windows6.0-kb4019276-x64.msu", [])


@pytest.mark.parametrize(
    ("source", "os_id", "words"),
    [
        (None, "xp-sp3", f"Nothing says where packages are: set source to a folder in which {XP.format('*')} is."),
        ("http://srv/x", "xp-sp3", "cannot be seen from here: give its name"),
        ("http://srv/x", "server-2003-sp2", "There is no package of KB4019276 for Windows Server 2003"),
    ],
)
def test_why_there_is_none(source: str | None, os_id: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    offers = Offers(parse_source(source) if source else None)
    monkeypatch.setattr(Offers, "candidates", lambda self, update: ())
    found = choose(host(os_id), update(), offers)
    assert (found.file, found.check) == (None, None)
    assert words in found.why
    assert found.why.endswith(".")


def test_every_row_of_the_tables_is_a_file_that_can_be_sent() -> None:
    """Its stars filled in: names of msu files are long."""
    for row in KNOWLEDGE.updates.values():
        for package in row.packages:
            name = package.file.replace("*.", "_" + "ab" * 20 + ".").replace("*", "-v2")
            found = Offers(parse_source(r"C:\x"), {name.casefold(): SUM}).candidates(row)
            assert name.casefold() in {file.name.casefold() for file in found}
