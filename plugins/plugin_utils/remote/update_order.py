# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator orders of updates, and what every run of packages is given besides."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource


def _nobody(text: str) -> None:
    """Nobody watches."""


def _always() -> bool:
    """Somebody waits."""
    return True


@dataclass(frozen=True, slots=True)
class UpdateOrder:
    """Which updates, from where, and how far to go.

    ``kbs`` None: those that the audit's plan names. ``checksums``: file name, small letters → SHA-256. ``backup``: so
    that XP can remove it again. ``install_timeout``, ``reboot_timeout``: seconds, of one package and of one restart.
    """

    kbs: tuple[str, ...] | None = None
    verb: Verb = "install"
    source: PackageSource | None = None
    checksums: Mapping[str, str] = field(default_factory=dict)
    backup: bool = True
    install_timeout: int = 3600
    reboot: bool = False
    reboot_timeout: int = 900


@dataclass(frozen=True, slots=True)
class Pace:
    """How a long run spends its time. ``report``: told a line now and then. ``clock``: in seconds, from anywhere.

    ``wanted``: whether anybody still waits for its end.
    """

    report: Callable[[str], None] = _nobody
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wanted: Callable[[], bool] = _always


#: Seconds between two looks at a host: they grow from the first to the second.
FIRST_PAUSE: t.Final = 1.0
LONGEST_PAUSE: t.Final = 15.0
