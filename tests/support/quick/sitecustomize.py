# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A controller whose time flies while it sleeps: with this folder on PYTHONPATH, a pause of a second or more takes a
twentieth of it, and the clock is set forward by the rest.

Lab hosts restart in milliseconds; who waits for real ones looks every five seconds, and a fleet of tests cannot.
"""

from __future__ import annotations

import time

_TIMES = 20
_sleep, _monotonic = time.sleep, time.monotonic
_saved = 0.0


def _short_sleep(seconds: float) -> None:
    global _saved
    if seconds < 1:
        _sleep(seconds)
        return
    _sleep(seconds / _TIMES)
    _saved += seconds - seconds / _TIMES


def _clock() -> float:
    return _monotonic() + _saved


time.sleep, time.monotonic = _short_sleep, _clock
