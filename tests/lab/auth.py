# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who speaks on a connection: Basic, and NTLM (bare or in Negotiate) with message encryption, by pyspnego.

https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv/ 2.2.9.1 (encrypted message types)
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hmac
import os
import struct
import tempfile
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

import spnego
import spnego.exceptions

_SEALED: t.Final = "application/HTTP-SPNEGO-session-encrypted"
SEALED_TYPE: t.Final = f'multipart/encrypted;protocol="{_SEALED}";boundary="Encrypted Boundary"'
_BOUNDARY: t.Final = b"--Encrypted Boundary"


class NotSealed(ValueError):
    """A message that should be encrypted and is not, or is broken."""


@dataclass(frozen=True, slots=True)
class Account:
    """The one account that all stand-ins of a lab know."""

    user: str
    password: str


class Gate:
    """The authentication of one TCP connection.

    ``secure`` is True for TLS; ``basic_in_clear`` allows Basic without it. NTLM binds the connection: once ``context``
    is complete, later requests need no header and are encrypted unless TLS is there.
    """

    def __init__(self, account: Account, secure: bool, basic_in_clear: bool) -> None:
        self._account, self._secure = account, secure
        self._basic = secure or basic_in_clear
        self.context: spnego.ContextProxy | None = None

    @property
    def bound(self) -> bool:
        return self.context is not None and self.context.complete

    def challenges(self) -> list[str]:
        """The WWW-Authenticate headers of a 401."""
        return ["Negotiate"] + (['Basic realm="WSMAN"'] if self._basic else [])

    def admit(self, header: str) -> tuple[bool, list[str]]:
        """(is the caller in, the challenges to send where not) for an Authorization header, "" for none."""
        scheme, _unused, token = header.partition(" ")
        if scheme.lower() == "basic":
            return self._basic and self._knows(token), self.challenges()
        if scheme.lower() in ("negotiate", "ntlm"):
            return self._step(scheme, token)
        return self.bound, self.challenges()

    def _knows(self, token: str) -> bool:
        expected = f"{self._account.user}:{self._account.password}"
        try:
            given = base64.b64decode(token, validate=True)
        except binascii.Error:
            return False
        return hmac.compare_digest(given, expected.encode())

    def _step(self, scheme: str, token: str) -> tuple[bool, list[str]]:
        try:
            with _known(self._account):
                if self.context is None or self.context.complete:
                    self.context = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_ntlm)
                out = self.context.step(base64.b64decode(token, validate=True))
        except (spnego.exceptions.SpnegoError, ValueError, struct.error):
            self.context = None
            return False, self.challenges()
        if self.context.complete:
            return True, []
        return False, [f"{scheme} {base64.b64encode(out or b'').decode()}"]

    def unseal(self, content_type: str, body: bytes) -> bytes:
        """The message in a request's body; raises NotSealed."""
        if not content_type.lower().startswith("multipart/encrypted"):
            if self.bound and not self._secure and body:
                raise NotSealed("an unencrypted message over HTTP (AllowUnencrypted is false)")
            return body
        if self.context is None or not self.context.complete:
            raise NotSealed("an encrypted message before authentication")
        start = body.find(b"application/octet-stream\r\n")
        if start < 0 or not body.endswith(_BOUNDARY + b"--\r\n"):
            raise NotSealed("an encrypted message without its parts")
        data = body[start + 26 : -len(_BOUNDARY) - 4]
        length = struct.unpack("<I", data[:4])[0]
        try:
            return bytes(self.context.unwrap_winrm(data[4 : 4 + length], data[4 + length :]))
        except spnego.exceptions.SpnegoError as error:
            raise NotSealed(f"an encrypted message that does not open: {error}") from None

    def seal(self, message: bytes) -> bytes:
        """The body of an encrypted answer."""
        assert self.context is not None
        wrapped = self.context.wrap_winrm(message)
        head = (
            f"--Encrypted Boundary\r\n\tContent-Type: {_SEALED}\r\n\tOriginalContent: "
            f"type=application/soap+xml;charset=UTF-8;Length={len(message) + wrapped.padding_length}\r\n"
            "--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n"
        )
        size = struct.pack("<I", len(wrapped.header))
        return b"".join((head.encode(), size, wrapped.header, wrapped.data, _BOUNDARY, b"--\r\n"))


_stores: dict[Account, str] = {}


@contextlib.contextmanager
def _known(account: Account) -> Iterator[None]:
    """pyspnego's server looks its accounts up in the file that NTLM_USER_FILE names, at both of its steps."""
    if account not in _stores or not os.path.exists(_stores[account]):
        handle, path = tempfile.mkstemp(prefix="mailfleet-lab-ntlm-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f":{account.user}:{account.password}\n")
        _stores[account] = path
    before = os.environ.get("NTLM_USER_FILE")
    os.environ["NTLM_USER_FILE"] = _stores[account]
    try:
        yield
    finally:
        if before is None:
            del os.environ["NTLM_USER_FILE"]
        else:
            os.environ["NTLM_USER_FILE"] = before


def forget_accounts() -> None:
    """Removes the files with passwords; called when a lab ends."""
    while _stores:
        _unused, path = _stores.popitem()
        if os.path.exists(path):
            os.unlink(path)
