# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a relay costs beside the direct connection: memory of its stunnel, and time for a message and for a fetch.

500 IMAP sessions idle, and 50 messages a second come and are fetched. One of five messages goes without the relay as
well, and fetches are timed in turns, so both have the same server under the same load. Direct clients speak TLS
themselves, and pay for it; so do those of a relay with ``legacy_tls``, and those of one with ``clear`` do not.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "collections"))

from tests.support.relay_load import Load, Memory, limit, milliseconds, relays, run

_SESSIONS, _RATE = 500, 50
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])


def relayed(seconds: float) -> dict[str, object]:
    """The table, for both kinds of clients."""
    missing = [program for program in ("stunnel", "postfix", "dovecot") if not shutil.which(program, path=_PATH)]
    if missing or os.geteuid() != 0:
        return {"not_run": "it needs root, stunnel, Postfix and Dovecot (scripts/system-packages)"}
    found: dict[str, object] = {"idle_sessions": _SESSIONS, "messages_per_s": _RATE, "seconds": seconds}
    for inbound in ("clear", "legacy_tls"):
        with tempfile.TemporaryDirectory() as folder, relays(Path(folder), inbound=inbound) as both:
            load, memory = run(both, _SESSIONS, _RATE, seconds)
        found[inbound] = {**_counts(load), **_times(load), "stunnel": _memory(memory)}
    return found


def _counts(load: Load) -> dict[str, int]:
    return {
        "sent": len(load.sent),
        "lost": len(load.lost),
        "doubled": len(load.doubled),
        "failed": len(load.failed),
        "sessions_alive": load.alive,
    }


def _times(load: Load) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for protocol in ("smtp", "imap"):
        direct, through = milliseconds(load.direct[protocol]), milliseconds(load.relayed[protocol])
        added = {name: round(through[name] - direct[name], 2) for name in direct}
        found[protocol] = {"direct": direct, "relayed": through, "added": added}
    return found


def _memory(stages: dict[str, dict[str, Memory]]) -> dict[str, float]:
    """Of the relay that carries the sessions, and what its unit lets it have."""
    before, idle, busy = (stages[name]["imap"] for name in ("before", "idle", "busy"))
    return {
        "empty_rss_mib": round(before.rss, 1),
        "idle_rss_mib": round(idle.rss, 1),
        "idle_pss_mib": round(idle.pss, 1),
        "busy_rss_mib": round(busy.rss, 1),
        "rss_kib_per_session": round(1024 * (idle.rss - before.rss) / _SESSIONS, 1),
        "threads": busy.threads,
        "most_threads": limit("TasksMax"),
        "most_mib": limit("MemoryMax") / 2**20,
    }
