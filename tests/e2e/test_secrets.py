# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stored password reaches no output, no log and no file, however loud Ansible is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.lab.fleet import Lab
from tests.support.run_ansible import playbook, run

pytestmark = pytest.mark.realdata
WAYS = ({"connection": "mailfleet.client.winrs"}, {"connection": "winrm"}, {"auth": "basic"})


def blob_of(registry: Path) -> str:
    """The hexadecimal digits of the DPAPI blob, read in place."""
    text = registry.read_text("utf-16")
    (found,) = re.findall(r'"POP3 Password"=hex:([0-9a-f,\\\s]+)', text)
    return re.sub(r"[^0-9a-f]", "", found)


def leaks(text: str, blob: str) -> bool:
    """Whether any 16 bytes of the blob are in a text, with or without separators."""
    digits = re.sub(r"[^0-9a-f]", "", text.casefold())
    return any(blob[at : at + 32] in digits for at in range(0, len(blob) - 32, 32))


def test_the_leak_detector_can_find_a_leak() -> None:
    blob = bytes(range(100, 250)).hex()
    assert leaks(f"x {blob} y", blob)
    assert leaks(" ".join(blob[at : at + 2] for at in range(0, len(blob), 2)), blob)
    assert not leaks("nothing of the kind", blob)


def test_the_blob_is_nowhere(realdata: Path, tmp_path: Path) -> None:
    registry = realdata / "hosts" / "win7sp1-shieldbase.reg"
    blob = blob_of(registry)
    assert len(blob) == 2 * 189
    log = tmp_path / "ansible.log"
    fleet = [
        {"name": f"pc{number}", "os": "win7-sp1", "arch": "x86", "registry": [registry], **way}
        for number, way in enumerate(WAYS)
    ]
    with Lab(hosts=fleet) as lab:
        results, done = playbook(lab.inventory, tmp_path / "build", None, "-vvvvvv")
        loud = run(
            "ansible",
            "windows",
            "-i",
            str(lab.inventory),
            "-m",
            "mailfleet.client.mail_tls_audit",
            "-vvvvvv",
            environment={"ANSIBLE_LOG_PATH": str(log), "ANSIBLE_DEBUG": "1"},
        )
    assert all(result["routes"] for result in results.values())
    texts = [done.stdout, done.stderr, loud.stdout, loud.stderr, log.read_text("utf-8", "replace")]
    texts += [file.read_text("utf-8", "replace") for file in (tmp_path / "build").rglob("*") if file.is_file()]
    assert not any(leaks(text, blob) for text in texts)


def test_neither_the_blob_nor_the_key_of_journals_is_anywhere_after_a_fix(realdata: Path, tmp_path: Path) -> None:
    registry = realdata / "hosts" / "win7sp1-shieldbase.reg"
    blob, key = blob_of(registry), "Sesame-Open-77"
    fleet = [
        {"name": f"pc{number}", "os": "win7-sp1", "arch": "x86", "registry": [registry], **way}
        for number, way in enumerate(WAYS)
    ]
    loud = {"ANSIBLE_LOG_PATH": str(tmp_path / "ansible.log"), "ANSIBLE_DEBUG": "1"}
    texts = []
    with Lab(hosts=fleet) as lab:
        for module, more in (("mail_tls_fix", {"policy": "standard"}), ("mail_tls_rollback", {"run": "last"})):
            options = json.dumps({"journal_dir": str(tmp_path / "journals"), "journal_key": key, **more})
            words = ("-m", f"mailfleet.client.{module}", "-a", options, "-vvvvvv", "--diff")
            done = run("ansible", "windows", "-i", str(lab.inventory), *words, environment=loud)
            assert done.stdout.count("CHANGED") == len(WAYS), done.stdout[-3000:]
            texts += [done.stdout, done.stderr]
    texts += [file.read_text("utf-8", "replace") for file in tmp_path.rglob("*") if file.is_file()]
    assert not any(leaks(text, blob) for text in texts)
    assert not any(key in text for text in texts)
