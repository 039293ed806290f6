# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holding the lock of a host for longer than one exchange: taken, renewed while work goes on, given back.

An installation may outlast the time after which others take a lock for dead, so its owner says again and again that he
lives. After a restart the lock names the new boot, or others would break it at once.
"""

from __future__ import annotations

import contextlib
import datetime
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryImage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import host_journal, lock
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.own import (
    boot,
    identity_section,
    lock_section,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError, restart
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Desk, Refusal, new_run
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transaction import insist_on_lock, stale_locks
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder

#: A lock is renewed before this part of its time is over.
_PART: t.Final = 3


@dataclass(slots=True)
class Hold:
    """The lock of one host in the hands of one run. ``boot``: of the host, "" where nothing tells.

    ``broken``: a sentence per stale lock that was broken for it.
    """

    exchange: Exchange
    desk: Desk
    run: str
    boot: str = ""
    broken: tuple[str, ...] = ()
    _renewed: float = 0

    def take(self) -> None:
        """Take the lock.

        :raises Refusal: somebody else has it.
        :raises ShellError: the connection was lost.
        """
        image = self.exchange.run((identity_section(with_name=False), lock_section()))
        stale = stale_locks(image, self.desk)
        self.broken += tuple(f"the lock of run {one.run} was broken: {why}" for one, why in stale.items() if one.owner)
        self.boot, self._renewed = boot(image), self.desk.clock()
        taking = lock.taking(self.run, self.boot, int(self._renewed), tuple(stale))
        insist_on_lock(self.exchange.run((*taking, lock_section())), self.run, self.desk.timeout)

    def renew(self, *, always: bool = False) -> None:
        """Say that this run lives, and see which boot of the host this is, if neither was done for a while.

        :param always: now, however short that is ago.
        :raises Refusal: somebody has broken the lock.
        :raises ShellError: the connection was lost.
        """
        now = self.desk.clock()
        # A clock that was set back must not end the lock.
        if not always and abs(now - self._renewed) < self.desk.timeout / _PART:
            return
        self._renewed = now
        found = self._renewed_at(now)
        if boot(found) != self.boot:
            # The host was restarted: others may break a lock that names another boot.
            self.boot = boot(found)
            found = self._renewed_at(now)
        if lock.holds(found, self.run) is not True:
            raise Refusal(
                "Another run has taken the lock of the host, which counts as dead"
                f" {self.desk.timeout} seconds after it was renewed (lock_timeout); run again when that run has ended."
            )

    def _renewed_at(self, now: float) -> RegistryImage:
        renewing = lock.renewing(self.run, self.boot, int(now))
        return self.exchange.run((renewing, lock_section(), identity_section(with_name=False)))

    def release(self) -> None:
        """Give the lock back, and leave no empty key of ours."""
        empty = Query("JX", command=host_journal.commands_to_remove((), last=True))
        self.exchange.run((lock.releasing(self.run), section("leave nothing", empty)))


@contextlib.contextmanager
def holding(exchange: Exchange, desk: Desk) -> Iterator[Hold]:
    """The lock of a host while this lasts. A lost connection leaves it there: the next run of ours breaks it.

    :raises Refusal: somebody else has it.
    :raises ShellError: the connection was lost.
    """
    hold = Hold(exchange, desk, new_run(datetime.datetime.fromtimestamp(desk.clock(), tz=datetime.UTC)))
    with desk.under_way(hold.run):
        hold.take()
        try:
            yield hold
        except Exception as error:
            if isinstance(error, ShellError) or (isinstance(error, RestartError) and error.asked):
                # Nobody answers; after a restart the lock counts for nothing.
                raise
            with contextlib.suppress(ShellError):
                hold.release()
            raise
        hold.release()


def insist_on_being_wanted(pace: Pace) -> None:
    """Go on only while somebody waits for the end: nobody's run must not install or restart anything.

    :raises Refusal: nobody does.
    """
    if not pace.wanted():
        raise Refusal("The Ansible that began this run is gone, so its worker stops here; run again.")


def restart_held(shell: FileShell, hold: Hold, order: UpdateOrder, pace: Pace) -> None:
    """Restart a host whose lock we have, and keep the lock.

    :raises RestartError: it did not restart, or nobody knows.
    :raises Refusal: somebody took the lock meanwhile, or nobody waits for the end of this run.
    :raises ShellError: the connection was lost.
    """
    insist_on_being_wanted(pace)
    restart(
        shell,
        hold.boot,
        seconds=order.reboot_timeout,
        report=pace.report,
        codepage=hold.exchange.codepage,
        clock=pace.clock,
        sleep=pace.sleep,
    )
    hold.renew(always=True)
