# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of restarts let a process do in which Ansible has loaded the collection."""

from __future__ import annotations

import concurrent.futures
import time
import typing as t
from dataclasses import dataclass, field

from tests.unit.connection import worker


@dataclass(slots=True)
class Told:
    """What became of a restart. ``tries``: seconds that each line took; ``options``: of the connection, before, after.

    ``after``: what a line said when all was over.
    """

    boot: str = ""
    new: str = ""
    error: str = ""
    asked: bool | None = None
    said: list[str] = field(default_factory=list)
    tries: list[float] = field(default_factory=list)
    seconds: float = 0.0
    options: tuple[dict[str, str], dict[str, str]] = field(default_factory=lambda: ({}, {}))
    after: str = ""


def _timed(shell: t.Any, tries: list[float]) -> None:
    run = shell.run

    def timed(line: str) -> t.Any:
        begun = time.monotonic()
        try:
            return run(line)
        finally:
            tries.append(time.monotonic() - begun)

    shell.run = timed


def _options(connection: t.Any) -> dict[str, str]:
    return {name: str(value) for name, value in connection._options.items() if "password" not in name}


def restart(variables: dict[str, t.Any], seconds: int, pace: float) -> Told:
    """Restart a host over its connection. ``pace``: how long a second of our sleep takes."""
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.boots import IDENTITY, boot_in
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.restart import RestartError, restart
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    connection = worker._CONNECTIONS[worker.make(variables)]
    told, shell = Told(), shell_for(connection)
    told.boot = str(boot_in(Exchange(shell).run((IDENTITY,))))
    before = _options(connection)
    _timed(shell, told.tries)
    begun = time.monotonic()
    try:
        told.new = restart(
            shell,
            told.boot,
            seconds=seconds,
            report=told.said.append,
            sleep=lambda wanted: time.sleep(wanted * pace),
        )
    except RestartError as error:
        told.error, told.asked = str(error), error.asked
    told.seconds = time.monotonic() - begun
    told.options = before, _options(connection)
    try:
        told.after = shell.run("ver").out.decode()
    except ShellError as error:
        told.after = str(error)
    shell.renew()
    return told


def first_tries(every: list[dict[str, t.Any]], patience: int) -> list[tuple[str, float]]:
    """(why no line could be run, seconds until that was known) of hosts that may be silent for so many seconds each."""
    with concurrent.futures.ThreadPoolExecutor(len(every)) as threads:
        return list(threads.map(lambda variables: _first_try(variables, patience), every))


def _first_try(variables: dict[str, t.Any], patience: int) -> tuple[str, float]:
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    shell = shell_for(worker._CONNECTIONS[worker.make(variables)])
    shell.renew(patience)
    begun, why = time.monotonic(), ""
    try:
        shell.run("ver")
    except ShellError as error:
        why = str(error)
    return why, time.monotonic() - begun
