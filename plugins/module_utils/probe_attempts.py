# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One connection at a time to the server that is probed, and what it says in clear on the way."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.module_utils import mail_dialogue, tls_channel, tls_offer
from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import ALL_CIPHERS, Deadline, ProbeError

#: Handshakes of one probe at most, and the whole time of a probe as a multiple of the time for one connection.
MAX_HANDSHAKES, TOTAL_TIMEOUTS = 25, 6


class Target(t.NamedTuple):
    """Whom to ask. ``name``: the name (ASCII) or address to send and to check; ``timeout``: seconds a connection."""

    host: str
    port: int
    protocol: str
    security: str
    timeout: float
    name: str
    cafile: str | None


class Attempt(t.NamedTuple):
    """One connection. ``reached``: the handshake was begun; ``error`` None: it was finished."""

    error: ProbeError | None
    reached: bool
    suite: str = ""
    chain: tuple[bytes, ...] = ()
    verified_chain: tuple[bytes, ...] = ()


class Attempts:
    """All connections of one probe.

    ``handshakes``: how many were begun; ``stopped``: the server does not even get as far as the handshake any more;
    ``starttls``, ``injected`` and ``auth`` as in ``probe.probe``.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.handshakes = 0
        self.stopped = False
        self.starttls: bool | None = None
        self.injected = False
        self.auth: list[str] | None = None
        self._deadline = Deadline(target.timeout * TOTAL_TIMEOUTS)
        self._addresses: list[tuple[t.Any, ...]] = []
        self._asked_auth = False

    def left(self) -> int:
        """How many handshakes may still be made."""
        return 0 if self.stopped or self._deadline.passed() else MAX_HANDSHAKES - self.handshakes

    def _connect(self) -> tls_channel.Channel:
        """A connection, always to the address that answered first."""
        deadline = self._deadline.sooner(self.target.timeout)
        if not self._addresses:
            self._addresses = tls_channel.resolve(self.target.host, self.target.port, deadline)
        channel, index = tls_channel.connect(self._addresses, deadline)
        self._addresses = [self._addresses[index]]
        return channel

    def _ask_for_tls(self, channel: tls_channel.Channel) -> None:
        dialogue = mail_dialogue.DIALOGUES[self.target.protocol](channel)
        dialogue.greet()
        try:
            if not dialogue.capabilities().starttls:
                raise ProbeError("starttls_missing", "the server does not offer STARTTLS")
            dialogue.starttls()
        except ProbeError as error:
            if self.starttls is None and error.kind in ("starttls_missing", "starttls_refused"):
                self.starttls = False
            raise
        self.starttls = True
        self.injected = self.injected or dialogue.leftover()

    def make(
        self, version: str, ciphers: str = ALL_CIPHERS, verify: bool = False, sni: bool = True, own_store: bool = False
    ) -> Attempt:
        """Connect, ask for TLS, shake hands, and once per probe ask for the ways to log in.

        ``verify``: against the file that was named, or with ``own_store`` against this machine's store all the same.
        """
        reached = False
        channel: tls_channel.Channel | None = None
        try:
            offer = tls_offer.context(version, ciphers, verify, None if own_store else self.target.cafile)
            channel = self._connect()
            if self.target.security == "starttls":
                self._ask_for_tls(channel)
            reached = True
            self.handshakes += 1
            channel.start_tls(offer, self.target.name if sni else None)
            if not self._asked_auth:
                self._asked_auth = True
                self._ask_for_auth(channel)
            return Attempt(None, True, channel.suite or "", tuple(channel.chain), tuple(channel.verified_chain))
        except ProbeError as error:
            if error.kind == "not_tls" and self.target.security == "starttls":
                self.injected = True
            if error.kind != "local" and (not reached or error.kind in ("not_tls", "too_much")):
                self.stopped = True
            return Attempt(error, reached)
        finally:
            if channel is not None:
                channel.close()

    def _ask_for_auth(self, channel: tls_channel.Channel) -> None:
        dialogue = mail_dialogue.DIALOGUES[self.target.protocol](channel)
        try:
            if self.target.security != "starttls":
                dialogue.greet()
            capabilities = dialogue.capabilities()
            self.auth = capabilities.auth
            if self.target.security == "none":
                self.starttls = capabilities.starttls
            dialogue.quit()
        except ProbeError:
            if self.target.security == "none":
                raise

    def plain(self) -> None:
        """A server without TLS: only what it says about itself. Raises ProbeError."""
        channel = self._connect()
        try:
            self._ask_for_auth(channel)
        finally:
            channel.close()
