# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The script for XP: what echo can write, and its SHA-256 in a real JScript (Wine's, which lacks the rest)."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_script import NAME, SCRIPT
from tests.lab.entry import read_entry
from tests.lab.wine import WineHost

#: From the constants to where streams begin.
SUM = SCRIPT[SCRIPT.index("var k=[],h=[],w=[],n,i,j;") : SCRIPT.index("function sum(name,at,count,state){")]
#: The padding as the script does it, for what fits into one text.
PADDED = (
    "t+='80';for(;t.length-Math.floor(t.length/128)*128-112;)t+='00';",
    "blocks(t+hex(0)+hex(bytes*8));for(i=0,t='';i<8;i++)t+=hex(h[i]);WScript.Echo(t)",
)


def test_echo_can_write_it_in_a_few_lines() -> None:
    commands = stage.written(stage.folder_of("x"), NAME, SCRIPT)
    assert max(map(len, commands)) < 800
    assert sum(map(len, commands)) < 3500


@pytest.mark.wine
def test_the_sum_is_right_in_a_real_jscript(tmp_path: Path) -> None:
    host = WineHost("pc", read_entry({"name": "pc", "os": "win7-sp1", "kind": "wine"}, tmp_path))
    host.start()
    try:
        for size in (0, 55, 56, 1000):
            raw = random.Random(size).randbytes(size)
            script = tmp_path / "sum.js"
            script.write_text("\r\n".join((*SUM, f"var t='{raw.hex()}',bytes={size};", *PADDED)))
            done = host._call("cscript", "//nologo", f"Z:{str(script).replace(os.sep, chr(92))}")
            assert done.stdout.decode().strip() == hashlib.sha256(raw).hexdigest()
    finally:
        host.stop()
