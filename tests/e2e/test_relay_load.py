# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load of ``make bench`` for some seconds, for what does not depend on the machine: nothing is lost, all live."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.relay_load import limit, relays, run

pytestmark = pytest.mark.needs("stunnel", "postfix", "dovecot")

SESSIONS, RATE, SECONDS = 500, 50, 8


@pytest.mark.parametrize(("version", "inbound"), [("1.2", "clear"), ("1.3", "legacy_tls")])
def test_nothing_is_lost_and_every_session_lives(tmp_path: Path, version: str, inbound: str) -> None:
    with relays(tmp_path, version, inbound) as both:
        load, memory = run(both, SESSIONS, RATE, SECONDS)
        assert [one.process.poll() for one in (both.smtp, both.imap)] == [None, None]
    assert load.failed == []
    assert sum(one.startswith("relayed-") for one in load.sent) == RATE * SECONDS
    assert (load.lost, load.doubled) == (set(), set())
    assert load.alive == SESSIONS
    # The unit has room for twice as much.
    idle = memory["idle"]["imap"]
    assert SESSIONS < idle.threads < limit("TasksMax") / 2
    assert idle.rss * 2**20 < limit("MemoryMax") / 2
