# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restarts by the real connections: the endpoint goes away, comes back, and no connection hangs on to the old one."""

from __future__ import annotations

import concurrent.futures
import contextlib
import multiprocessing
import socket
import typing as t
from collections.abc import Callable, Iterator

import pytest

from tests.e2e import restart_worker
from tests.lab.fleet import Lab
from tests.lab.host import SimulatedHost
from tests.lab.inventory import variables
from tests.unit.connection import worker

#: The first requests over Basic. A reading of our own: Create, Command, Receive; Delete. The restart: Create, Command,
#: Receive for the look, Command, Receive for the line that restarts.
LOOK, REQUEST, ANSWER = 6, 8, 9
#: Those of the first looks after the host came back.
BACK = 10
QUICK: dict[str, t.Any] = {"os": "xp-sp3", "second_ms": 1, "restart_ms": 400}

WAYS: dict[str, dict[str, t.Any]] = {
    "basic": {"auth": "basic"},
    "ntlm": {"auth": "ntlm"},
    "https": {"auth": "ntlm-https", "os": "win10-1709"},
    "builtin": {"connection": "winrm", "os": "win7-sp1"},
    "ssh": {"connection": "ssh", "os": "win10-1709"},
}


def fault(at: int, kind: str, **more: t.Any) -> dict[str, t.Any]:
    return {"at": at, "kind": kind, **more}


RUDE = [fault(BACK + n, kind) for n, kind in enumerate(("http500", "garbage", "denied", "reset"))]
CASES: dict[str, dict[str, t.Any]] = {
    "rude": {"faults": RUDE},
    "unheard": {"faults": [fault(REQUEST, "drop")]},
    "lost": {"faults": [fault(REQUEST, "lost")]},
    "lost-answer": {"faults": [fault(ANSWER, "lost")]},
    "reset-answer": {"faults": [fault(ANSWER, "reset")]},
    "lost-look": {"faults": [fault(LOOK, "lost")]},
    "silent": {"faults": [fault(BACK, "timeout", seconds=1)]},
}
FAILURES: dict[str, tuple[dict[str, t.Any], str, bool]] = {
    "denied": ({"writes": "deny"}, "refused to restart: access is denied", False),
    "deaf": ({"ignores_shutdown": True}, "did not go down within 20 seconds: some program or update", True),
    "gone": ({"never_returns": True}, "did not come back within 20 seconds of its restart", True),
}
Act = Callable[..., restart_worker.Told]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    hosts = [{"name": name, **QUICK, **way} for name, way in WAYS.items()]
    hosts += [{"name": name, **QUICK, "auth": "basic", **case} for name, case in CASES.items()]
    hosts += [{"name": "very-rude", **QUICK, "auth": "basic", "faults": RUDE}]
    hosts += [
        {"name": f"{name}-{way}", **QUICK, **WAYS[way], **case[0]}
        for name, case in FAILURES.items()
        for way in ("ntlm", "builtin", "ssh")
    ]
    with Lab(hosts) as running:
        yield running


@pytest.fixture(scope="module")
def pool() -> Iterator[concurrent.futures.ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=context, initializer=worker.start) as started:
        yield started


@pytest.fixture
def act(lab: Lab, pool: concurrent.futures.ProcessPoolExecutor) -> Act:
    """A function (host, seconds) → what became of its restart."""

    def restart(name: str, seconds: int = 120) -> restart_worker.Told:
        told = {"ansible_user": lab.account.user, "inventory_hostname": name, **variables(lab.host(name), lab)}
        return pool.submit(restart_worker.restart, told, seconds, 0.04).result(timeout=120)

    return restart


def backend(lab: Lab, name: str) -> SimulatedHost:
    found = lab.host(name).backend
    assert isinstance(found, SimulatedHost)
    return found


@pytest.mark.needs("sshd", "ssh", "ssh-keygen")
@pytest.mark.parametrize("name", [*WAYS, *CASES])
def test_a_host_goes_away_and_comes_back(lab: Lab, act: Act, name: str) -> None:
    told = act(name)
    assert told.error == ""
    assert told.new
    assert told.new != told.boot
    assert backend(lab, name).power.restarts == 1
    assert "Version" in told.after
    assert told.options[0] == told.options[1]
    assert told.said[-1].startswith("the host is back after ")
    assert max(told.tries) < 10
    counters = lab.host(name).counters
    assert counters.written == ["shutdown /r /t 5 /f"]
    assert counters.refused == []
    assert counters.shells_open == 0
    assert counters.shells_most <= 2


@pytest.mark.needs("sshd", "ssh", "ssh-keygen")
@pytest.mark.parametrize("way", ["ntlm", "builtin", "ssh"])
@pytest.mark.parametrize("name", FAILURES)
def test_what_goes_wrong_is_told(lab: Lab, act: Act, name: str, way: str) -> None:
    told = act(f"{name}-{way}", seconds=20)
    _entry, words, asked = FAILURES[name]
    assert words in told.error
    assert told.asked is asked
    assert told.new == ""
    assert told.options[0] == told.options[1]
    assert told.seconds < 15
    assert "Traceback" not in told.error


def test_a_host_that_is_rude_at_first_is_asked_until_it_makes_sense(lab: Lab, act: Act) -> None:
    told = act("very-rude")
    assert told.error == ""
    assert lab.host("very-rude").counters.requests > BACK + 4
    away = [words for words in told.said if "does not answer" in words]
    assert len(away) == 1


# --- nobody answers --------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def black_hole(accepts: bool) -> Iterator[tuple[str, int]]:
    """An address that answers nothing: packets to it vanish, or (``accepts``) it takes connections and is silent."""
    with socket.socket() as listening, contextlib.ExitStack() as full:
        listening.bind(("127.0.0.1", 0))
        listening.listen(16 if accepts else 0)
        place = listening.getsockname()
        for _unused in range(0 if accepts else 4):
            # Linux drops what comes when the queue is full.
            filling = full.enter_context(socket.socket())
            filling.setblocking(False)
            filling.connect_ex(place)
        yield place


#: (connection, whether connections are taken) → seconds for one try, where the host may be silent for one.
SILENT = {("mailfleet.client.winrs", False): 14, ("winrm", True): 14, ("ssh", False): 6, ("ssh", True): 6}


@pytest.mark.needs("ssh")
def test_an_address_that_answers_nothing_is_given_up_soon(pool: concurrent.futures.ProcessPoolExecutor) -> None:
    every = []
    with contextlib.ExitStack() as holes:
        for connection, accepts in SILENT:
            address, port = holes.enter_context(black_hole(accepts))
            told: dict[str, t.Any] = {
                "ansible_connection": connection,
                "ansible_host": address,
                "ansible_port": port,
                "ansible_user": "u",
                "ansible_password": None if connection == "ssh" else "p",
                "ansible_winrm_scheme": "http",
                # Who does not answer is not asked again by another transport.
                "ansible_winrm_transport": ["ntlm", "basic"] if "winrs" in connection else ["ntlm"],
                "ansible_winrs_allow_basic_over_http": True,
                "ansible_winrm_connection_timeout": 300,
                "ansible_ssh_common_args": "-F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null",
                "ansible_shell_type": "cmd",
            }
            every.append(told)
        tries = pool.submit(restart_worker.first_tries, every, 1).result(timeout=100)
    for (connection, accepts), (why, seconds) in zip(SILENT, tries, strict=True):
        assert why
        assert 0.9 < seconds < SILENT[connection, accepts], (connection, accepts, why)
