# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script that downloads: what echo can write, and its requests by a real JScript and WinHTTP (Wine's)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.download_script import NAME, SCRIPT
from tests.lab.entry import read_entry
from tests.lab.wine import WineHost
from tests.support.web_folder import WebFolder

#: The lines that write the file: Wine's ADODB.Stream cannot.
WRITING = SCRIPT.index("if(h.Status==200||h.Status==206){")


def test_echo_can_write_it_in_a_few_lines() -> None:
    commands = stage.written(stage.folder_of("x"), NAME, SCRIPT)
    assert max(map(len, commands)) < 800
    assert sum(map(len, commands)) < 1000


@pytest.mark.wine
def test_its_requests_by_a_real_winhttp(tmp_path: Path) -> None:
    script = tmp_path / "d.js"
    script.write_text("\r\n".join((*SCRIPT[:WRITING], *SCRIPT[WRITING + 3 :])))
    host = WineHost("pc", read_entry({"name": "pc", "os": "win7-sp1", "kind": "wine"}, tmp_path))
    host.start()
    try:
        with WebFolder({"a": bytes(10_000)}) as web:

            def says(name: str, *numbers: str) -> str:
                path = f"Z:{str(script).replace(os.sep, chr(92))}"
                return (
                    host._call("cscript", "//nologo", path, f"{web.url}/{name}", "x", *numbers).stdout.decode().strip()
                )

            assert says("a", "2", "3") == "MFT 206 0 10000"
            assert says("a", "10000", "3") == "MFT 416 0 0"
            assert says("none", "0", "3") == "MFT 404 0 0"
            assert web.asked == ["bytes=2-4", "bytes=10000-10002", "bytes=0-2"]
            web.ranges = False
            assert says("a", "2", "3") == "MFT 200 0 0"
    finally:
        host.stop()
