# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file to a host costs the controller, in a process of its own. ``make bench`` prints it for 100 MB."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import folder_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import PART, text_size
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrs_input import ENVELOPE_KB, chunk_size
from tests.lab.fleet import Lab
from tests.support.sending import Cost, send

SIZE = 8_000_000
#: By the name of the host: what is in its entry. The issue allows 60 MB; less than the file itself must do.
HOSTS: dict[str, dict[str, t.Any]] = {
    "xp-ntlm": {"os": "xp-sp3", "auth": "ntlm"},
    "win10-basic": {"os": "win10-22h2", "auth": "basic"},
    "win10-ntlm-large": {"os": "win10-22h2", "auth": "ntlm", "vars": {"ansible_winrs_envelope_kb": 500}},
}
#: A part is three lines, each started, read and ended; the rest is signing in, the folder, the checksum, and goodbye.
OF_A_PART, ONCE = 9, 25


@pytest.fixture(scope="module")
def costs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Cost]]:
    source = tmp_path_factory.mktemp("source") / "package.msu"
    with source.open("wb") as sparse:
        sparse.truncate(SIZE)
    with Lab([{"name": name, **entry} for name, entry in HOSTS.items()]) as lab:
        yield {name: send(lab, name, source, folder_of("cost"), "package.msu") for name in HOSTS}
        assert [host.counters.refused for host in lab.hosts.values()] == [[], [], []]


@pytest.mark.parametrize("host", HOSTS)
def test_a_file_is_never_in_memory(
    costs: dict[str, Cost], host: str, record_property: t.Callable[[str, object], None]
) -> None:
    above = costs[host].peak - costs[host].idle
    record_property("mib_above_idle", round(above, 1))
    assert 0 <= above < SIZE / 2**20


@pytest.mark.parametrize("host", HOSTS)
def test_no_more_requests_than_the_chunks_promise(costs: dict[str, Cost], host: str) -> None:
    chunk = chunk_size(HOSTS[host].get("vars", {}).get("ansible_winrs_envelope_kb", ENVELOPE_KB))
    parts = [min(PART, SIZE - begin) for begin in range(0, SIZE, PART)]
    sends = sum(-(-text_size(part) // chunk) for part in parts)
    assert sends <= costs[host].requests <= sends + OF_A_PART * len(parts) + ONCE
