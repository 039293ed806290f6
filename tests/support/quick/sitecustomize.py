# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller that sleeps fast: with this folder on PYTHONPATH, a pause of a second or more takes a twentieth of it.

Lab hosts restart in milliseconds; who waits for real ones looks every five seconds, and a fleet of tests cannot.
"""

from __future__ import annotations

import time

_TIMES = 20
_sleep = time.sleep


def _short(seconds: float) -> None:
    _sleep(seconds / _TIMES if seconds >= 1 else seconds)


time.sleep = _short
