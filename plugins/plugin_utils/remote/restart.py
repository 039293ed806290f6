# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Restart a host and wait until it runs again, by its boot identity alone: no text of Windows is ever read for that."""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import HostIdentity
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.boots import (
    IDENTITY,
    REQUEST,
    Reply,
    boot_in,
    request,
    said,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell, ShellError

#: Seconds between two looks at the host, and between two words about a host that keeps us waiting.
_PAUSE, _SILENCE = 5, 60
#: Seconds that the host may leave a request without an answer meanwhile.
_PATIENCE: t.Final = 15
#: Seconds that one look may take at most by the clock; a clock that ran further was set, or its machine slept.
_STEP: t.Final = 120
#: Seconds after which a host that nobody asked, and that answers all the time, is not about to go down but was back.
_SETTLED: t.Final = 60


class RestartError(Exception):
    """The host is not known to have restarted. The message is one sentence, safe to print.

    ``asked``: the host was asked to restart, or may have been, by us or by somebody else: it may still do so.
    """

    def __init__(self, message: str, *, asked: bool = False) -> None:
        super().__init__(message)
        self.asked = asked


def restart(
    shell: FileShell,
    boot: str,
    *,
    seconds: int,
    report: Callable[[str], None],
    codepage: int | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Restart the host, unless it has left that boot already or is about to, and wait until it is back.

    :param boot: identity of the boot that is to end, as the host told it before (``own.boot``).
    :param seconds: for all of it. What is under way then still ends: up to a minute where nobody answers.
    :param report: gets a line of progress.
    :param codepage: of the shell; None: the host is asked.
    :param clock: seconds; it may jump.
    :returns: identity of the boot that runs now.
    :raises RestartError: it did not restart, or nobody knows.
    """
    if not boot:
        raise RestartError(_nothing_done("it has neither a BootId nor a ShutdownTime"))
    shell.renew(_PATIENCE)
    try:
        return _Restart(shell, Exchange(shell, codepage), boot, seconds, report, _Watch(clock, sleep)).run()
    finally:
        # A host that is away must not cost minutes at each try; one that is back is given its time again.
        shell.renew()


class _Watch:
    """Seconds since it was made. Where the clock stands still or runs back, what was slept counts; leaps do not."""

    def __init__(self, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._clock, self._sleep = clock, sleep
        self._last = clock()
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self._sleep(seconds)
        self.look(seconds)

    def look(self, least: float = 0.0) -> None:
        now = self._clock()
        self.seconds += max(min(now - self._last, _STEP), least)
        self._last = now


class _Asked(Enum):
    """What became of the request. LOST: its answer never arrived. ELSEWHERE: somebody else had made one before."""

    NO = auto()
    LOST = auto()
    TAKEN = auto()
    ELSEWHERE = auto()


class _State(Enum):
    """What a look found. LEAVING: the boot that is to end, its shutdown stamped. UNTOLD: an answer without a boot."""

    OLD = auto()
    LEAVING = auto()
    NEW = auto()
    AWAY = auto()
    UNTOLD = auto()
    STRANGER = auto()


@dataclass(frozen=True, slots=True)
class _Look:
    """``boot``: where one was read; ``why``: what stands in the way, in words; ``image``: what was read."""

    state: _State
    boot: str = ""
    why: str = ""
    image: RegistryImage | None = None


class _Restart:
    """One restart of one host."""

    def __init__(
        self,
        shell: FileShell,
        exchange: Exchange,
        boot: str,
        limit: int,
        report: Callable[[str], None],
        watch: _Watch,
    ) -> None:
        self._shell, self._exchange, self._boot = shell, exchange, boot
        self._limit, self._report, self._watch = limit, report, watch
        self._asked = _Asked.NO
        self._machine: HostIdentity | None = None
        self._away = False
        self._stamped: float | None = None
        self._spoke = 0.0

    def run(self) -> str:
        """The new boot; raises RestartError."""
        while True:
            look = self._look()
            self._watch.look()
            if look.state is _State.NEW:
                self._report(f"the host is back after {self._watch.seconds:.0f} seconds")
                return look.boot
            if look.state is _State.UNTOLD and self._asked is _Asked.NO:
                raise RestartError(_nothing_done(look.why))
            if look.state is _State.OLD and look.image and self._asked in (_Asked.NO, _Asked.LOST):
                self._ask(look.image)
                self._watch.look()
            self._tell(look.state)
            left = self._limit - self._watch.seconds
            if left <= 0:
                raise RestartError(self._failure(look), asked=self._asked is not _Asked.NO)
            self._watch.sleep(min(_PAUSE, left))

    def _look(self) -> _Look:
        try:
            image = self._exchange.run((IDENTITY,))
        except ShellError as error:
            self._shell.renew(_PATIENCE)
            return _Look(_State.AWAY, why=str(error).rstrip("."))
        boot, machine = boot_in(image), own.identity(image)
        if isinstance(machine, HostIdentity) and machine.machine:
            self._machine = self._machine or machine
            if machine.machine != self._machine.machine:
                return _Look(_State.STRANGER, why=shown(machine.name, 40))
        if isinstance(boot, Unread):
            return _Look(_State.UNTOLD, why=shown(boot.why, 200).rstrip("."))
        return _Look(self._state(boot), boot, image=image)

    def _state(self, boot: str) -> _State:
        if boot == self._boot:
            # It was only the way to the host that failed.
            self._away, self._stamped = False, None
            return _State.OLD
        if self._away or not own.may_be_leaving(self._boot, boot):
            return _State.NEW
        self._stamped = self._watch.seconds if self._stamped is None else self._stamped
        settled = self._asked is _Asked.NO and self._watch.seconds - self._stamped >= _SETTLED
        return _State.NEW if settled else _State.LEAVING

    def _ask(self, image: RegistryImage) -> None:
        """Ask for the end of that very boot."""
        if self._asked is _Asked.NO:
            self._report("the host is asked to restart")
        try:
            self._exchange.run((request(image),))
        except ShellError:
            self._asked = _Asked.LOST
            self._shell.renew(_PATIENCE)
            return
        answer = said(self._exchange.answers.lines(REQUEST))
        if answer.reply is Reply.TAKEN:
            self._asked = _Asked.TAKEN
        elif answer.reply is Reply.UNDER_WAY:
            # After a lost answer it is our own.
            self._asked = _Asked.ELSEWHERE if self._asked is _Asked.NO else _Asked.TAKEN
            self._report("a restart of the host is under way already")
        elif answer.reply is Reply.DENIED:
            raise RestartError(
                "The host refused to restart: access is denied; the account needs the right to shut the system down."
            )
        elif answer.reply is Reply.FAILED:
            words = answer.words.rstrip(".") or "nothing"
            raise RestartError(f"The host did not take the request to restart; its shutdown.exe said: {words}.")

    def _tell(self, state: _State) -> None:
        now = self._watch.seconds
        if state is _State.AWAY and not self._away:
            self._away, self._spoke = True, now
            self._report(f"the host does not answer after {now:.0f} seconds; waiting for it")
        elif now - self._spoke >= _SILENCE:
            self._spoke = now
            self._report(f"{_WAITING[state]} after {now:.0f} seconds")

    def _failure(self, look: _Look) -> str:
        words = _FAILURES.get((look.state, self._asked)) or _FAILURES[look.state, None]
        return words.format(limit=self._limit, why=look.why)


def _nothing_done(why: str) -> str:
    return (
        f"The host does not tell which boot it runs ({why}), so nobody could tell whether it has restarted;"
        " nothing was done: restart it by hand."
    )


_WAITING: t.Final = {
    _State.OLD: "the host has not gone down yet",
    _State.LEAVING: "the host is still going down",
    _State.AWAY: "the host is still away",
    _State.UNTOLD: "the host does not yet tell which boot it runs",
    _State.STRANGER: "another machine still answers in its place",
}
#: What the last look found and what had become of the request (None: anything else) → the end of it.
_FAILURES: t.Final[dict[tuple[_State, _Asked | None], str]] = {
    (_State.OLD, None): (
        "The host took the request to restart and did not go down within {limit} seconds: some program or update holds"
        " it up, so look at its screen."
    ),
    (_State.OLD, _Asked.NO): "The host was not ready to be restarted within {limit} seconds: restart it by hand.",
    (_State.OLD, _Asked.LOST): (
        "The host lost the connection each time it was asked to restart, and did not go down within {limit} seconds:"
        " restart it by hand."
    ),
    (_State.OLD, _Asked.ELSEWHERE): (
        "Somebody else had scheduled a restart or a shutdown of the host, which did not go down within {limit} seconds:"
        " let it happen, or call it off (shutdown /a)."
    ),
    (_State.LEAVING, None): (
        "The host began to shut down and did not go down within {limit} seconds: look at its screen."
    ),
    (_State.AWAY, None): (
        "The host did not come back within {limit} seconds of its restart: look at its screen (the last try: {why})."
    ),
    (_State.AWAY, _Asked.NO): (
        "The host could not be asked to restart, because it did not answer within {limit} seconds: {why}."
    ),
    (_State.UNTOLD, None): (
        "The host was asked to restart and answers, but does not tell within {limit} seconds which boot it runs: {why}."
    ),
    (_State.STRANGER, None): (
        "The host did not come back within {limit} seconds: another machine ({why}) answers at its address, so correct"
        " ansible_host."
    ),
}
