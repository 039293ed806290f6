# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real connections of Ansible to hosts of the lab."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible.errors import AnsibleConnectionFailure, AnsibleError

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import Snapshot
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import PART, TransferError
from tests.lab.fleet import Lab
from tests.lab.inventory import variables
from tests.unit.connection import worker

_ERRORS: dict[str, type[Exception]] = {
    "AnsibleError": AnsibleError,
    "AnsibleConnectionFailure": AnsibleConnectionFailure,
    "TransferError": TransferError,
}
Pool = concurrent.futures.ProcessPoolExecutor


class Remote:
    """A connection in the worker process."""

    def __init__(self, pool: Pool, told: dict[str, t.Any]) -> None:
        self._pool = pool
        self._number = self._do("make", told)

    def _do(self, function: str, *args: t.Any, **more: t.Any) -> t.Any:
        error, value = self._pool.submit(worker.guarded, function, *args, **more).result(timeout=120)
        if error == "ShellError":
            raise ShellError(value[0], unreachable=value[1])
        if error:
            raise _ERRORS[error](value[0])
        return value

    def call(self, path: str, *args: t.Any, **more: t.Any) -> t.Any:
        """Call a method, such as ``exec_command`` or ``_shell.mkdtemp``; raises what it raises."""
        return self._do("call", self._number, path, *args, **more)

    def run(self, line: str) -> tuple[int, bytes, bytes]:
        """Run a line."""
        answer: tuple[int, bytes, bytes] = self.call("exec_command", line)
        return answer

    def text_of(self, path: str) -> str:
        """An attribute, as text."""
        return str(self._do("text_of", self._number, path))

    def audit(self) -> Snapshot:
        """What the reading of an audit gives."""
        snapshot: Snapshot = self._do("audit", self._number)
        return snapshot

    def put(self, source: Path, folder: str, name: str, part: int = PART, traced: bool = False) -> tuple[str, int]:
        """Bring a file to the host, in parts of so many bytes: its checksum, and the memory that it took, if traced."""
        done: tuple[str, int] = self._do("put", self._number, str(source), folder, name, part, traced)
        return done

    def log_of(self, line: str) -> tuple[bytes, str]:
        """What a line printed, and what Ansible logged."""
        answer: tuple[bytes, str] = self._do("log_of", self._number, line)
        return answer

    def close(self) -> None:
        """Close it."""
        self.call("close")


Connect = Callable[..., Remote]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """The worker process."""
    context = multiprocessing.get_context("spawn")
    with Pool(1, mp_context=context, initializer=worker.start) as started:
        yield started


@pytest.fixture
def connect(pool: Pool) -> Iterator[Connect]:
    """A function (lab, name of a host, more variables) → connection; closed at the end."""
    made: list[Remote] = []

    def make(lab: Lab, name: str, **more: t.Any) -> Remote:
        told = {"ansible_user": lab.account.user, "inventory_hostname": name, **variables(lab.host(name), lab), **more}
        made.append(Remote(pool, told))
        return made[-1]

    yield make
    for connection in made:
        connection.close()
