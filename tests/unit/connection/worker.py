# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The other side of ``Remote``: a process in which Ansible loads the collection as it does in a play.

Ansible finds collections by an import hook of its own, which has to be there before anything of the collection is
imported. In the process of the tests it is not.
"""

from __future__ import annotations

import contextlib
import io
import tracemalloc
import typing as t

from tests.conftest import COLLECTIONS

_CONNECTIONS: dict[int, t.Any] = {}


def start() -> None:
    """Tell Ansible where collections are."""
    from ansible.plugins.loader import init_plugin_loader

    init_plugin_loader([str(COLLECTIONS)])


def guarded(function: str, *args: t.Any, **more: t.Any) -> tuple[str, t.Any]:
    """("", what a function of this module returns), or (class of an error, its text): errors do not travel well."""
    try:
        return "", globals()[function](*args, **more)
    except Exception as error:
        return type(error).__name__, (str(error), getattr(error, "unreachable", None))


def make(told: dict[str, t.Any]) -> int:
    """A connection as the task executor makes it from the variables of a host; returns its number."""
    from ansible import constants
    from ansible.playbook.play_context import PlayContext
    from ansible.plugins.loader import connection_loader

    context = PlayContext()
    context.shell = told.get("ansible_shell_type")
    connection = connection_loader.get(told["ansible_connection"], context)
    known = set(constants.config.get_plugin_vars("connection", connection._load_name))
    extras = {key: value for key, value in told.items() if key.startswith("ansible_winrm_") and key not in known}
    options = {key: value for key, value in told.items() if key in known and value is not None}
    connection.set_options(var_options={**options, "_extras": extras})
    _CONNECTIONS[len(_CONNECTIONS)] = connection
    return len(_CONNECTIONS) - 1


def _found(number: int, path: str) -> t.Any:
    found = _CONNECTIONS[number]
    for name in path.split("."):
        found = getattr(found, name)
    return found


def call(number: int, path: str, *args: t.Any, **more: t.Any) -> t.Any:
    """Call a method of a connection, or of what hangs on it."""
    return _found(number, path)(*args, **more)


def text_of(number: int, path: str) -> str:
    """An attribute of a connection, or of what hangs on it, as text."""
    return str(_found(number, path))


def audit(number: int) -> t.Any:
    """What the reading of an audit gives over a connection."""
    from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    return collect(shell_for(_CONNECTIONS[number]), plan_reading(load()))


def put(number: int, source: str, folder: str, name: str, part: int, traced: bool = False) -> tuple[str, int]:
    """(checksum of a file that was brought to the host, bytes of memory that this took at most, if it was traced)."""
    from pathlib import Path
    from unittest import mock

    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import transfer
    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    if traced:
        tracemalloc.start()
    try:
        with mock.patch.object(transfer, "PART", part):
            digest = transfer.put(shell_for(_CONNECTIONS[number]), Path(source), folder, name)
        return digest, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def log_of(number: int, line: str) -> tuple[bytes, str]:
    """(what a line printed, everything that Ansible logged meanwhile at the highest verbosity)."""
    from ansible.utils.display import Display

    from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shells import shell_for

    display = Display()
    before, display.verbosity = display.verbosity, 6
    logged = io.StringIO()
    try:
        with contextlib.redirect_stdout(logged), contextlib.redirect_stderr(logged):
            output = shell_for(_CONNECTIONS[number]).run(line)
    finally:
        display.verbosity = before
    return output.out, logged.getvalue()
