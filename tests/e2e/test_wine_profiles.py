# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines for hives that may have to be loaded, on Wine: its reg.exe loads none, so the user counts as logged on."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryImage,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.lock import FOLDER
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.mounts import Mount, Mounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.touched import touched_keys
from tests.lab.fleet import Lab, LabHost

pytestmark = [pytest.mark.wine, pytest.mark.needs("x86_64-w64-mingw32-gcc")]
SID = "S-1-5-21-0-0-0-1000"
RUN = "20261122T064500Z-1a2b3c4d"
CODEPAGE = 437
NEW = rf"HKU\{SID}\Software\MailFleet Test"
STEPS = (
    RegistryStep("wininet", NEW, "Mask", ABSENT, RegistryValue("Mask", RegistryType.DWORD, 2048), (NEW,)),
    RegistryStep("proxy", NEW, "Blob", ABSENT, RegistryValue("Blob", RegistryType.BINARY, bytes(range(256)) * 5)),
)


@dataclass
class WineShell:
    """Lines straight to a Wine host, as short as over PowerShell."""

    host: LabHost
    limit: int = 2900

    def run(self, line: str) -> Output:
        code, out, err = self.host.run(line, CODEPAGE)
        return Output(code, out.encode(), err.encode())


def carried_out(exchange: Exchange, steps: tuple[Step, ...], run: str | None = RUN) -> RegistryImage:
    mounts = Mounts((Mount(SID, r"C:\users\nobody"),))
    image, left = mounts.settled(exchange.run(mounts.sections(steps, run=run)), touched_keys(steps))
    assert left == ()
    return image


def test_steps_are_carried_out_in_the_users_own_hive_and_undone() -> None:
    with Lab(hosts=[{"name": "wine", "kind": "wine", "os": "win7-sp1"}]) as lab:
        exchange = Exchange(WineShell(lab.host("wine")))
        assert carried_out(exchange, STEPS).key(NEW) is ABSENT, "who does not hold the lock changes nothing"
        lab.host("wine").run(f'md "{FOLDER}\\{RUN}"', CODEPAGE)
        image = carried_out(exchange, STEPS)
        assert [image.value(NEW, step.name) for step in STEPS] == [step.after for step in STEPS]
        back = tuple(inverse(step) for step in reversed(STEPS))
        assert carried_out(exchange, back).key(NEW) is ABSENT
