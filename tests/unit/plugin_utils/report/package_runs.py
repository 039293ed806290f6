# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of packages, for the tests of what is told of them."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import ABSENT
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.installation import InstallationStep, StepKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import PackageRun, Seen, Updated
from tests.support.hosts import KNOWLEDGE, PROTOCOLS, host, value

FLAG = KNOWLEDGE.registry["posready"].key
POSREADY = RegistryStep("updates", FLAG, "Installed", ABSENT, value("Installed", 1), creates=(FLAG,))
CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
SETTING = RegistryStep("tls", CLIENT, "DisabledByDefault", ABSENT, value("DisabledByDefault", 0))
FILE = "windowsxp-kb4019276-x86-embedded-enu.exe"
TLS = PackageRun("KB4019276", "install", "needs_reboot", "KB4019276 is done but for a reboot.", FILE, "3010")
OTHER = InstallationStep(StepKind.SUPERSEDED, "KB4316682", "KB4316682 is left out.", "KB4493435")
RUN = "20261122T064500Z-1a2b3c4d"
HOSTILE = "\x1b[2J\u202ea\nb\x00"


def seen(os_id: str = "xp-sp3") -> Seen:
    ctx = host(os_id)
    return Seen(ctx, audit(ctx))


BEFORE = seen()
FINE = seen("win11-24h2")


def done(**more: t.Any) -> Updated:
    return Updated(**{"before": BEFORE, "after": BEFORE, **more})
