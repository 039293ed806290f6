# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of packages as data and as lines."""

from __future__ import annotations

import dataclasses
import json

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.catalogue import Catalogue, Missing, WantedFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.catalogue import as_data, lines

ENU = WantedFile(
    kb="KB4019276",
    title="TLS 1.1 and TLS 1.2 for SCHANNEL",
    order=30,
    file="windowsxp-kb4019276-x86-embedded-enu_3822fc1692076429a7dc051b00213d5e1240ce3d.exe",
    exact=True,
    architecture="x86",
    language="enu",
    sha1="3822fc1692076429a7dc051b00213d5e1240ce3d",
    sha256="ab" * 32,
    size=None,
    prerequisites=("posready", "sp3"),
    hosts=("a", "b", "c", "d", "e", "f", "g"),
    optional_for=(),
)
ANY = dataclasses.replace(ENU, file="windowsxp-kb4019276-x86-embedded-*.exe", exact=False, language="", sha256=None)
MASK = dataclasses.replace(
    ENU,
    kb="KB3140245",
    title="DefaultSecureProtocols for WinHTTP",
    order=40,
    file="windows6.1-kb3140245-x64.msu",
    architecture="amd64",
    language="",
    sha256=None,
    size=1234,
    prerequisites=(),
    hosts=(),
    optional_for=("z",),
)
MISSING = Missing("mail", "No package makes all its mail work.", ("old-1", "old-2"))


def test_lines_for_people() -> None:
    assert lines(Catalogue((ENU, ANY, MASK), (MISSING,), 10)) == [
        "Packages for 10 hosts, in the order of installation:",
        "",
        "KB         FOR    LANGUAGE  HOSTS  FILE",
        f"KB4019276  x86    enu       7      {ENU.file}",
        "KB4019276  x86    any       7      windowsxp-kb4019276-x86-embedded-*.exe",
        "KB3140245  amd64  any       (1)    windows6.1-kb3140245-x64.msu",
        "",
        "KB4019276: TLS 1.1 and TLS 1.2 for SCHANNEL",
        "  before it: posready, sp3",
        "  for: a, b, c, d, e and 2 more",
        f"  SHA-256 {'ab' * 32}  {ENU.file}",
        "  windowsxp-kb4019276-x86-embedded-*.exe: a pattern; give the SHA-256 of the file that you fetch",
        "KB3140245: DefaultSecureProtocols for WinHTTP",
        "  not for mail itself: z",
        "  windows6.1-kb3140245-x64.msu, 1234 bytes: its SHA-256 is not known here; give it",
        "",
        "What cannot be had, or is not known:",
        "  mail: No package makes all its mail work. 2 hosts: old-1, old-2",
    ]


def test_nothing_to_fetch() -> None:
    assert lines(Catalogue((), (), 1)) == ["No package is needed (1 host)."]
    assert lines(Catalogue((), (MISSING,), 2))[0] == "No package is needed (2 hosts)."


def test_data_holds_every_host_and_counts_them() -> None:
    data = as_data(Catalogue((ENU, MASK), (MISSING,), 10))
    assert data == json.loads(json.dumps(data))
    assert (data["schema"], data["hosts"]) == ("1.0", 10)
    assert [(file["kb"], file["count"], len(file["hosts"])) for file in data["files"]] == [
        ("KB4019276", 7, 7),
        ("KB3140245", 0, 0),
    ]
    assert data["files"][0]["sha256"] == "ab" * 32
    assert data["missing"][0]["hosts"] == ["old-1", "old-2"]


def test_names_of_hosts_cannot_act_on_a_console() -> None:
    hostile = dataclasses.replace(ENU, hosts=("evil\x1b[2J\u202e",))
    shown = "\n".join(lines(Catalogue((hostile,), (dataclasses.replace(MISSING, what="a\x07"),), 1)))
    assert "evil\\x1b[2J\\u202e" in shown
    assert not {"\x1b", "\u202e", "\x07"} & set(shown)


def test_columns_are_aligned_and_file_names_whole() -> None:
    table = lines(Catalogue((ENU, ANY, MASK), (), 3))[2:6]
    starts = {line.index(name) for line, name in zip(table, ("FILE", "windows", "windows", "windows"), strict=True)}
    assert len(starts) == 1
    assert table[1].endswith(ENU.file)
