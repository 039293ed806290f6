# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A simulated host that is restarted in a time of our own."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.boots import IDENTITY, boot_in
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError, restart
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.lab.entry import read_entry
from tests.lab.host import SimulatedHost
from tests.lab.power import stamp_shutdown

NEVER = 1e9


def boot_of(exchange: Exchange) -> str | Unread:
    """What a host says of its boot."""
    return boot_in(exchange.run((IDENTITY,)))


class Story:
    """A host, and a shell on it, whose time is ours; seconds all.

    ``going``: from the end of the delay until it answers no more; ``stamped``: how long before that its shutdown is
    written down. ``away``: until it answers again; ``garbage``: for which its answers then make no sense. ``line``:
    how long each line takes, ``silence``: and each try while it is away. ``lost``: the answers to this many requests to
    restart do not arrive; ``unheard``: nor do the requests.
    """

    limit = 8000
    feeds = False

    def __init__(self, host: SimulatedHost, **more: float) -> None:
        self.host, self.now, self.asked = host, 0.0, 0
        told = {"going": 10, "stamped": 0, "away": 60, "garbage": 0, "line": 0.1, "silence": 3, "lost": 0, "unheard": 0}
        assert not more.keys() - told.keys()
        self.times = told | more
        self.due: float | None = None
        self.restarts = 0
        self.stamp = False
        self.lines: list[str] = []
        self.said: list[str] = []
        #: Called with each line before the host does what it says.
        self.before: Callable[[str], None] = lambda _line: None
        host.power.schedule = self._schedule  # type: ignore[method-assign]

    def _schedule(self, seconds: float) -> bool:
        if self.due is not None:
            return False
        self.due = self.now + seconds
        return True

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert 0 < seconds <= 5
        self.now += seconds

    @property
    def _down(self) -> float:
        return (NEVER if self.due is None else self.due) + self.times["going"]

    def run(self, line: str) -> Output:
        assert len(line) <= 2900
        self.lines.append(line)
        self._live()
        self.before(line)
        if self.now >= self._down:
            self.now += self.times["silence"]
            raise ShellError("cannot connect (No route to host).", unreachable=True)
        self.now += self.times["line"]
        asks = "shutdown /r" in line
        if asks and self.times["unheard"]:
            self.times["unheard"] -= 1
            raise ShellError("the connection was lost.", unreachable=True)
        printed = self.host.run(line, 437)
        assert self.host.counters.refused == []
        if asks and self.times["lost"]:
            self.times["lost"] -= 1
            raise ShellError("the connection was lost.", unreachable=True)
        if self.restarts and self.now < self.garbage_until:
            return Output(0, b"Service starting\r\n", b"")
        return Output(printed.code, printed.out, printed.err)

    def _live(self) -> None:
        if self.now >= self._down - self.times["stamped"] and not self.stamp and self.due is not None:
            self.stamp = True
            stamp_shutdown(self.host.registry)
        if self.now >= self._down + self.times["away"]:
            self.garbage_until = self._down + self.times["away"] + self.times["garbage"]
            self.due, self.stamp = None, False
            self.restarts += 1
            self.host.restart()

    def boot(self) -> str:
        found = boot_of(Exchange(self, 437))
        assert isinstance(found, str)
        return found

    def feed(self, line: str, chunks: Iterable[bytes]) -> Output:
        raise AssertionError((line, chunks))

    def carry(self, source: Path, target: str) -> None:
        raise AssertionError((source, target))

    def renew(self, patience: int | None = None) -> None:
        """There is no connection."""

    def restart(self, boot: str | None = None, seconds: int = 600, **more: t.Any) -> str:
        more = {"clock": self.clock, "sleep": self.sleep, "codepage": 437, **more}
        return restart(self, self.boot() if boot is None else boot, seconds=seconds, report=self.said.append, **more)

    def fails(self, boot: str | None = None, seconds: int = 600, **more: t.Any) -> RestartError:
        with pytest.raises(RestartError) as failure:
            self.restart(boot, seconds, **more)
        text = str(failure.value)
        assert text.startswith(("The host ", "Somebody else "))
        assert text.endswith(".")
        assert not text.endswith("..")
        assert ". " not in text
        assert len(text) < 400
        return failure.value


def story_on(folder: Path, os: str = "xp-sp3", entry: dict[str, t.Any] | None = None, **times: float) -> Story:
    """A story of a host of that entry."""
    told = read_entry({"name": "pc", "os": os, "restart_ms": 0, **(entry or {})}, folder)
    return Story(SimulatedHost("pc", told, {}), **times)


Tell = t.Callable[..., Story]
