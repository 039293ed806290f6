# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Relay or upstream is killed in mid-message, 100 times: nothing that the relay has taken is lost.

A message may come twice (RFC 1047) where one of both died after the upstream had taken it and before the relay knew.
Needs root, as all tests with a Postfix of their own do.
"""

from __future__ import annotations

import collections
import functools
import itertools
import random
import socket
import threading
import time
import uuid
from pathlib import Path

import pytest

from tests.support.postfix_pair import Pair
from tests.support.tls_servers import Authority
from tests.support.waiting import wait

KILLS = 100
SENDERS = 5
#: Postfix leaves out the vowels, so that no name is a word.
DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
#: Queues that a message waits in.
KEPT = ("maildrop", "incoming", "active", "deferred")
PHASES = ("connect", "envelope", "text", "after the final dot")


class Sender(threading.Thread):
    """Sends one message after the other, each once. ``sent``: those that were taken; ``open``: those that were not."""

    def __init__(self, address: tuple[str, int], stop: threading.Event, seed: int) -> None:
        super().__init__(daemon=True)
        self._address, self._stop_now, self._random = address, stop, random.Random(seed)
        self.sent: set[str] = set()
        self.open: set[str] = set()
        self.phase = "connect"

    def run(self) -> None:
        while not self._stop_now.is_set():
            name = str(uuid.uuid4())
            self.open.add(name)
            try:
                self._send(name)
            except OSError:
                time.sleep(0.01)
            else:
                self.open.remove(name)
                self.sent.add(name)
            self.phase = "connect"

    def _send(self, name: str) -> None:
        with socket.create_connection(self._address, 10) as connection, connection.makefile("rb") as answers:

            def say(words: bytes) -> None:
                connection.sendall(words)
                while (line := answers.readline())[3:4] == b"-":
                    pass
                if line[:1] not in (b"2", b"3"):
                    raise ConnectionError(line)

            say(b"")
            self.phase = "envelope"
            for words in (b"EHLO c.example.test", b"MAIL FROM:<a@example.test>", b"RCPT TO:<b@example.test>", b"DATA"):
                say(words + b"\r\n")
            self.phase = "text"
            connection.sendall(b"X-Test-Id: %s\r\nMessage-Id: <%s@t>\r\n\r\n" % (name.encode(), name.encode()))
            for _part in range(self._random.randrange(6)):
                connection.sendall(b"some words\r\n" * self._random.randrange(300))
                time.sleep(self._random.random() / 200)
            connection.sendall(b"\r\n.\r\n")
            self.phase = "after the final dot"
            say(b"")


def kill_again_and_again(
    pair: Pair, senders: list[Sender], chance: random.Random, kills: list[float]
) -> collections.Counter[str]:
    """What was killed, and in which phases senders were then; ``kills`` gets the times."""
    seen: collections.Counter[str] = collections.Counter()
    for _number in range(KILLS):
        name, victim = chance.choice([("relay", pair.relay), ("upstream", pair.upstream)])
        time.sleep(0.05 + chance.random() * 0.25)
        seen[name] += 1
        seen.update({sender.phase for sender in senders})
        victim.kill()
        kills.append(time.time())
        victim.start()
    return seen


def created(queue_id: str) -> float:
    """When the upstream began a queue file, by its long name: seconds, microseconds, "z", inode; to the base of 52.

    The times may hold a "z", too, the inode may not. https://www.postfix.org/postconf.5.html#enable_long_queue_ids
    """
    moment = queue_id.rpartition("z")[0]
    seconds, micro = (
        functools.reduce(lambda n, c: n * 52 + DIGITS.index(c), text, 0) for text in (moment[:-4], moment[-4:])
    )
    return seconds + micro / 1e6


def unexplained(kills: list[float], copies: list[tuple[str, str]]) -> list[str]:
    """Messages of which the upstream has two copies though nobody was killed between the one and the other."""
    by_message = collections.defaultdict(list)
    for message, queue_id in copies:
        by_message[message].append(created(queue_id))
    return [
        message
        for message, times in by_message.items()
        for before, after in itertools.pairwise(sorted(times))
        if not any(before < kill < after for kill in kills)
    ]


@pytest.mark.needs("postfix")
def test_nothing_is_lost_when_one_of_both_is_killed(tmp_path: Path) -> None:
    begun = time.monotonic()
    kills: list[float] = []
    authority = Authority(tmp_path)
    stop = threading.Event()
    with Pair(authority.issue("mail"), authority.root.chain) as pair:
        senders = [Sender(pair.relay.address, stop, seed) for seed in range(SENDERS)]
        for sender in senders:
            sender.start()
        seen = kill_again_and_again(pair, senders, random.Random(5), kills)
        stop.set()
        for sender in senders:
            sender.join(30)
        # Where smtpd dies before it can tell qmgr, the message waits for qmgr's next look: in a minute, or at its start
        pair.relay.kill()
        kills.append(time.time())
        pair.relay.start()
        # What a dying smtp still held is "skipped, still being delivered", and put off for five minutes.
        wait(lambda: not pair.relay.queued(*KEPT), 10)
        pair.relay.retry()
        wait(lambda: not pair.relay.queued(*KEPT), 30)
        left = pair.relay.queued(*KEPT)
        copies = pair.upstream.queued("hold", "incoming", "active")
        relay_log = pair.relay.log()
    sent = set().union(*(sender.sent for sender in senders))
    not_taken = set().union(*(sender.open for sender in senders))
    arrived = collections.Counter(message for message, _queue_id in copies)
    doubles = {message for message, count in arrived.items() if count > 1}
    print(  # noqa: T201 -- the figures
        f"\n{KILLS} kills ({seen['relay']} relay, {seen['upstream']} upstream) in {time.monotonic() - begun:.1f} s;"
        f" {len(sent)} messages taken, {len(sent - set(arrived))} lost, {len(doubles)} twice,"
        f" {len(not_taken)} not acknowledged of which {len(not_taken & set(arrived))} arrived;"
        f" senders were at: {', '.join(f'{phase} {seen[phase]}' for phase in PHASES)}"
    )
    assert left == [], "\n".join(line for line in relay_log.splitlines() if any(name in line for _id, name in left))
    assert sent - set(arrived) == set()
    assert set(arrived) - sent - not_taken == set()
    assert unexplained(kills, copies) == []
    assert len(sent) > KILLS
    assert all(seen[phase] for phase in PHASES)
