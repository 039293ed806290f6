# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab: many stand-ins, their endpoints, an inventory, and a look at what happened to each.

::

    with Lab([{"name": "old", "os": "xp-sp3", "auth": "basic"}]) as lab:
        run_ansible("-i", lab.inventory, ...)
        assert lab.host("old").counters.writes == 0
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import secrets
import shutil
import tempfile
import threading
import typing as t
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from . import auth, control, inventory, network, ssh, wine
from .auth import Account
from .doors import Doors
from .endpoint import Endpoint
from .entry import EntryError, HostEntry, expand, read_entry
from .host import Counters, SimulatedHost
from .words import codec

#: What an export covers unless told otherwise.
_ROOTS: t.Final = (r"HKLM\SYSTEM", r"HKLM\SOFTWARE", "HKU")

Entry = t.Union[HostEntry, Mapping[str, t.Any]]


@dataclass(slots=True)
class LabHost:
    """One running stand-in: where it listens, and the host behind."""

    name: str
    address: str
    port: int
    entry: HostEntry
    backend: SimulatedHost | wine.WineHost | None
    ssh_port: int = 0

    @property
    def counters(self) -> Counters:
        """What it was asked and did. Raises for an unreachable host, which cannot know."""
        if self.backend is None:
            raise LookupError(f"{self.name} is unreachable: nobody counts there")
        return self.backend.counters

    def run(self, line: str, codepage: int = 0) -> tuple[int, str, str]:
        """(exit code, stdout, stderr) of a line, without the network."""
        assert self.backend is not None
        printed = self.backend.run(line, codepage)
        name = codec(codepage or self.backend.codepage)
        return printed.code, printed.out.decode(name), printed.err.decode(name)

    def export(self, *roots: str) -> dict[str, dict[str, tuple[int, bytes]]]:
        """Long path → {name of value: (type, bytes)} of all keys at and below ``roots``, outside of all counters.

        ``roots``: by default HKLM\\SYSTEM, HKLM\\SOFTWARE and HKU. Two exports of one host can be compared with ``==``.
        Nothing is filtered: what Wine itself rewrites (ComputerName, Tcpip, time zone ...) is in it.
        """
        assert self.backend is not None
        return self.backend.export(*(roots or _ROOTS))


class Lab:
    """A fleet of stand-ins. A context manager; :meth:`start` and :meth:`stop` for those who cannot use one."""

    def __init__(
        self,
        hosts: Iterable[Entry],
        folder: str | Path = ".",
        inventory: str | Path | None = None,
        user: str = "audit",
        password: str | None = None,
    ) -> None:
        """``hosts``: entries as in a fleet file, or made; paths in them are relative to ``folder``.

        ``inventory``: where to write the inventory, by default a file that goes away with the lab. Raises EntryError.
        """
        base = Path(folder)
        read = (entry if isinstance(entry, HostEntry) else read_entry(entry, base) for entry in hosts)
        self._entries = expand(read)
        self.account = Account(user, password or secrets.token_urlsafe(15))
        self._wanted = Path(inventory) if inventory else None
        self.hosts: dict[str, LabHost] = {}
        self.control: control.Control | None = None
        self._memory: dict[t.Any, t.Any] = {}
        self._cleanup = contextlib.ExitStack()

    @property
    def inventory(self) -> Path:
        """The inventory file of the running lab."""
        return self._wanted or self._folder / "inventory.yml"

    def host(self, name: str) -> LabHost:
        return self.hosts[name]

    def counters(self) -> dict[str, dict[str, t.Any]]:
        """All counters by host."""
        return {name: host.counters.as_dict() for name, host in self.hosts.items() if host.backend is not None}

    def reset(self) -> None:
        """Sets all counters to zero; shells that are open stay open and counted."""
        for host in self.hosts.values():
            if host.backend is not None:
                host.backend.counters = Counters(shells_open=host.backend.counters.shells_open)

    def __enter__(self) -> Lab:
        self.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when every endpoint listens; raises EntryError, and leaves nothing behind where it fails."""
        network.allow_many_files()
        self._folder = Path(tempfile.mkdtemp(prefix="mailfleet-lab-"))
        self._cleanup.callback(shutil.rmtree, self._folder, ignore_errors=True)
        self._cleanup.callback(auth.forget_accounts)
        self._loop = asyncio.new_event_loop()
        workers = concurrent.futures.ThreadPoolExecutor(max_workers=8, thread_name_prefix="lab")
        self._loop.set_default_executor(workers)
        thread = threading.Thread(target=self._loop.run_forever, name="lab", daemon=True)
        thread.start()
        self._cleanup.callback(self._halt, thread)
        try:
            asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
            self._start_ssh()
            inventory.write(self.inventory, self)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Closes everything; may be called twice."""
        self._cleanup.close()

    def _halt(self, thread: threading.Thread) -> None:
        async def end() -> None:
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._loop.shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(timeout=30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        thread.join(timeout=10)
        self._loop.close()

    def _backend(self, name: str, entry: HostEntry) -> SimulatedHost | wine.WineHost:
        if entry.kind == "wine":
            host = wine.WineHost(name, entry)
            self._cleanup.callback(host.stop)
            return host
        simulated = SimulatedHost(name, entry, self._memory)
        self._cleanup.callback(simulated.stop)
        return simulated

    async def _open(self) -> None:
        backends = await self._backends()
        tls = await asyncio.to_thread(network.server_context, self._folder)
        places = network.addresses()
        for (name, entry), backend in zip(self._entries, backends, strict=True):
            address, plain, secure = network.listen_pair(places)
            https = entry.auth.endswith("https")
            port = network.HTTPS_PORT if https else network.HTTP_PORT
            self.hosts[name] = LabHost(name, address, port, entry, backend)
            if backend is None:
                plain.close()
                secure.close()
                continue
            doors = Doors(Endpoint(backend, self.account), self._loop)
            await doors.open(plain, None)
            await doors.open(secure, tls)
            self._cleanup.callback(self._loop.call_soon_threadsafe, doors.close)
            backend.power.listeners.append(doors.powered)
        self.control = control.Control(self)
        await self.control.open()
        self._cleanup.callback(self.control.close)

    async def _backends(self) -> list[SimulatedHost | wine.WineHost | None]:
        """Wine hosts start side by side in threads; the simulated ones are made at once."""
        results: list[SimulatedHost | wine.WineHost | None] = []
        starting = []
        for name, entry in self._entries:
            host = None if entry.unreachable else self._backend(name, entry)
            results.append(host)
            if isinstance(host, wine.WineHost):
                starting.append(asyncio.to_thread(host.start))
        await asyncio.gather(*starting)
        return results

    def _start_ssh(self) -> None:
        for host in self.hosts.values():
            if host.entry.connection == "ssh" and host.backend is not None:
                assert self.control is not None
                server = ssh.SshServer(host.name, host.address, self._folder, self.control.url)
                self._cleanup.callback(server.stop)
                host.ssh_port = server.start()
                host.backend.power.listeners.append(server.powered)

    @property
    def ssh_key(self) -> Path:
        """The private key that every ssh endpoint of the lab accepts."""
        return self._folder / "client_key"


def read_fleet(path: Path) -> list[HostEntry]:
    """The entries of a fleet file: a mapping with ``hosts``, or the list itself; raises EntryError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(path.read_text("utf-8"), Loader=loader)
    except yaml.YAMLError as error:
        raise EntryError(f"{path}: not YAML: {error}") from None
    entries = raw.get("hosts") if isinstance(raw, dict) else raw
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise EntryError(f"{path}: a list of hosts is wanted, each a mapping")
    return [read_entry(one, path.parent) for one in entries]
