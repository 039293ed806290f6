# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Load on relays: idle IMAP sessions, messages in a steady stream, and the same beside it without any relay.

One relay carries the IMAP sessions, among them one that fetches each message as it comes; another one the messages,
each over a connection of its own, as mail clients send them. Both are real, and so are the servers behind them.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import re
import resource
import ssl
import statistics
import time
import typing as t
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import unit
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import parse_facts
from tests.support.mail_clients import BODY, PATIENCE, Session, Way, send
from tests.support.mail_servers import DOMAIN, USER, MailServers
from tests.support.relays import FACTS, Running, running
from tests.support.tls_servers import Authority

#: Mailboxes beside the one that all mail comes to: for sessions that idle, and for the fetches that are timed.
IDLE, QUIET = "idle", "quiet"
#: Sessions that are being opened at a time, and timed fetches in a second.
_OPENING, _FETCHES = 20, 10
#: One of so many messages goes straight to the server as well.
DIRECT_SHARE = 5
_ID = re.compile(rb"(?im)^message-id: *<([^>]*)>")


@dataclass(frozen=True)
class Ways:
    """The way of messages and the way to the mailbox."""

    smtp: Way
    imap: Way


@dataclass
class Load:
    """What came of it. Times in seconds; ``direct`` and ``relayed`` by protocol."""

    sent: set[str] = field(default_factory=set)
    failed: list[str] = field(default_factory=list)
    fetched: collections.Counter[str] = field(default_factory=collections.Counter)
    delivered: collections.Counter[str] = field(default_factory=collections.Counter)
    idle: int = 0
    alive: int = 0
    direct: dict[str, list[float]] = field(default_factory=lambda: {"smtp": [], "imap": []})
    relayed: dict[str, list[float]] = field(default_factory=lambda: {"smtp": [], "imap": []})

    @property
    def lost(self) -> set[str]:
        """What the server took and nobody can read, or that could not be fetched through the relay."""
        return {one for one in self.sent if not self.delivered[one] or not self.fetched[one]}

    @property
    def doubled(self) -> set[str]:
        """What lies there more than once."""
        return {one for one, times in self.delivered.items() if times > 1}


async def _stream(load: Load, ways: dict[str, Ways], rate: int, seconds: float) -> None:
    """So many messages a second through the relay, and some without it; nobody waits for the one before."""

    async def one(way: str, number: int, after: float = 0) -> None:
        await asyncio.sleep(after)
        identity = f"{way}-{number}@{DOMAIN}"
        try:
            getattr(load, way)["smtp"].append(await send(ways[way].smtp, identity))
            load.sent.add(identity)
        except (OSError, TimeoutError) as problem:
            load.failed.append(f"{identity}: {problem!r}")

    start, tasks = time.monotonic(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(one("relayed", number)))
        if number % DIRECT_SHARE == 0:
            # Amid two of the others: at the same moment each would make the other slower.
            tasks.append(asyncio.create_task(one("direct", number, 0.5 / rate)))
    await asyncio.gather(*tasks)


async def _timed_fetches(load: Load, ways: dict[str, Ways]) -> None:
    """One and the same message again and again, in turns without and with the relay, until cancelled."""
    sessions = {way: await Session.open(ways[way].imap, QUIET) for way in ("direct", "relayed")}
    try:
        while True:
            for way, session in sessions.items():
                start = time.monotonic()
                await session.ask(b"FETCH 1 (BODY.PEEK[])")
                getattr(load, way)["imap"].append(time.monotonic() - start)
            await asyncio.sleep(1 / _FETCHES)
    finally:
        for session in sessions.values():
            session.close()


async def _fetch_all(load: Load, way: Way, *, done: asyncio.Event) -> None:
    """Fetch each message as it comes; after the last one was sent, as long as one that was taken is missing."""
    session, seen, end = await Session.open(way, USER), 0, None
    while end is None or (time.monotonic() < end and load.sent - set(load.fetched)):
        if done.is_set() and end is None:
            end = time.monotonic() + PATIENCE
        await asyncio.sleep(0.1)
        await session.ask(b"NOOP")
        heard = await session.ask(b"UID FETCH %d:* (UID BODY.PEEK[])" % (seen + 1))
        # "*" is the last message, even where it is not a new one.
        uids = [int(one) for one in re.findall(rb"(?m)^\* \d+ FETCH \(UID (\d+) ", heard)]
        if any(uid > seen for uid in uids):
            load.fetched.update(one.decode() for one in _ID.findall(heard))
            seen = max(uids)
    session.close()


@dataclass(frozen=True)
class Memory:
    """Of a process, in MiB, and its threads. PSS: its own pages and its share of those that others have too."""

    rss: float
    pss: float
    threads: int

    @classmethod
    def of(cls, pid: int) -> Memory:
        """What it has now."""
        kib = dict(re.findall(r"(?m)^(Rss|Pss): +(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")))
        return cls(int(kib["Rss"]) / 1024, int(kib["Pss"]) / 1024, len(list(Path(f"/proc/{pid}/task").iterdir())))


@dataclass(frozen=True)
class Relays:
    """Two relays of one pair of servers, and how their clients and others get to these."""

    smtp: Running
    imap: Running
    servers: MailServers
    ways: dict[str, Ways]


def limit(name: str) -> int:
    """What the unit of a relay sets for that, in bytes where it is memory."""
    found = re.search(rf"(?m)^{name}=(\d+)([MG]?)$", unit.template(parse_facts(FACTS)))
    assert found, name
    return int(found.group(1)) * {"": 1, "M": 2**20, "G": 2**30}[found.group(2)]


@contextlib.contextmanager
def _files_as_in_the_unit() -> t.Iterator[None]:
    """stunnel makes its own bounds from this limit when it starts."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit("LimitNOFILE"), max(before[1], limit("LimitNOFILE"))))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextlib.contextmanager
def relays(folder: Path, version: str = "1.2", inbound: str = "clear") -> t.Iterator[Relays]:
    """Servers and relays; those run with the files that their unit lets them have."""
    authority = Authority(folder)
    issued, front = authority.issue("server"), authority.issue("front", names=("relay.example.test",))
    fields: dict[str, t.Any] = {"ca_file": str(authority.root.chain), "inbound": inbound}
    old = None
    if inbound != "clear":
        fields |= {"certificate": str(front.chain), "key": str(front.key)}
        old = ssl.create_default_context()
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    trusting = ssl.create_default_context(cafile=authority.root.chain)
    with MailServers(issued, version) as servers, contextlib.ExitStack() as stack:
        fields["addresses"] = [servers.address]
        with _files_as_in_the_unit():
            smtp = stack.enter_context(running(port=servers.ports["submission"], **fields))
            fields |= {"protocol": "imap", "upstream_security": "implicit"}
            imap = stack.enter_context(running(port=servers.ports["imaps"], **fields))
        at = {name: (servers.address, port) for name, port in servers.ports.items()}
        direct = Ways(Way(at["submission"], trusting, starttls=True), Way(at["imaps"], trusting))
        relayed = Ways(Way(smtp.address, old), Way(imap.address, old))
        yield Relays(smtp, imap, servers, {"direct": direct, "relayed": relayed})


async def _idle(way: Way, sessions: int) -> list[Session]:
    gate = asyncio.Semaphore(_OPENING)

    async def one() -> Session:
        async with gate:
            session = await Session.open(way, IDLE)
            await session.idle()
            return session

    return await asyncio.gather(*(one() for _number in range(sessions)))


async def _run(on: Relays, sessions: int, rate: int, seconds: float, memory: t.Callable[[str], None]) -> Load:
    load, done = Load(idle=sessions), asyncio.Event()
    on.servers.put(b"Message-ID: <quiet@example.test>\r\n\r\n" + BODY, QUIET)
    memory("before")
    idle = await _idle(on.ways["relayed"].imap, sessions)
    memory("idle")
    fetching = asyncio.create_task(_fetch_all(load, on.ways["relayed"].imap, done=done))
    timing = asyncio.create_task(_timed_fetches(load, on.ways))
    await _stream(load, on.ways, rate, seconds)
    memory("busy")
    done.set()
    await fetching
    timing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await timing
    on.servers.put(b"Message-ID: <wake@example.test>\r\n\r\n", IDLE)
    load.alive = sum(await asyncio.gather(*(session.wakes() for session in idle)))
    for session in idle:
        session.close()
    load.delivered = on.servers.message_ids()
    return load


def run(on: Relays, sessions: int, rate: int, seconds: float) -> tuple[Load, dict[str, dict[str, Memory]]]:
    """The load, and what both relays had at each of its stages: before, idle, busy."""
    found: dict[str, dict[str, Memory]] = {}

    def memory(stage: str) -> None:
        found[stage] = {"smtp": Memory.of(on.smtp.process.pid), "imap": Memory.of(on.imap.process.pid)}

    return asyncio.run(_run(on, sessions, rate, seconds, memory)), found


def milliseconds(times: t.Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile."""
    return {
        "median_ms": round(1000 * statistics.median(times), 2),
        "p99_ms": round(1000 * statistics.quantiles(times, n=100)[98], 2),
    }
