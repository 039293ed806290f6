# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input for a command that runs on a host: streamed by Send, in chunks that every WinRM takes.

https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv/
"""

from __future__ import annotations

import base64
import time
import typing as t
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

from ansible.errors import AnsibleError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrm_errors import (
    WinRMOperationTimeoutError,
    fault_code,
)

#: MaxEnvelopeSizekb of WinRM before 3.0, and the least that it may be anywhere.
ENVELOPE_KB, _LEAST_KB = 150, 32
#: What an envelope has around the input: the header of pywinrm (1.9 KB), and what encryption adds.
_AROUND: t.Final = 4_096
#: Stands in an envelope for the input.
_PLACE: t.Final = b"the input goes here"
#: ERROR_BUSY: the Send before is still being worked on. How often it is tried, and seconds between.
_BUSY, _ATTEMPTS, _PAUSE = 170, 3, 5

Input = t.Union[bytes, Iterable[bytes]]
#: Sends one chunk, told whether it is the last.
Send = t.Callable[[bytes, bool], None]


class InputError(AnsibleError):  # type: ignore[misc]
    """What was to be sent could not be produced; the host is not to blame."""


def chunk_size(envelope_kb: int) -> int:
    """Bytes of input in one Send to a host of that MaxEnvelopeSizekb; base64 makes four characters of three."""
    return (max(envelope_kb, _LEAST_KB) * 1024 - _AROUND) // 4 * 3


def sender(write: t.Callable[..., object], protocol: t.Any, shell: str | None, command: str) -> Send:
    """What sends one chunk to a command, by ``_winrm_send_input`` of Ansible's own connection.

    That writes the envelope with a short text for the input, which is put there afterwards: base64 needs none of the
    care that a writer of XML gives to text, and that is a fifth of the time of a transfer.
    """
    place = base64.b64encode(_PLACE).decode("ascii")

    def send(chunk: bytes, last: bool) -> None:
        def fill(envelope: str) -> t.Any:
            # The last one: a host may have given its command this very text as its id.
            before, _unused, after = envelope.rpartition(place)
            return protocol.send_message(f"{before}{base64.b64encode(chunk).decode('ascii')}{after}")

        filling = SimpleNamespace(_get_soap_header=protocol._get_soap_header, send_message=fill)
        write(filling, shell, command, _PLACE, eof=last)

    return send


def pieces(data: Input, size: int) -> Iterator[tuple[bytes, bool]]:
    """(chunk, whether it is the last): all of ``size`` bytes but the last, which may be empty.

    Holds one chunk, and what the iterator gives at once, in memory.

    :raises InputError: the iterator raised something.
    """
    held = bytearray()
    source = iter((data,) if isinstance(data, bytes) else data)
    while True:
        try:
            held += next(source)
        except StopIteration:
            break
        except Exception as error:
            raise InputError(f"The input for the command could not be read: {shown(str(error), 300)}") from error
        while len(held) > size:
            yield bytes(held[:size]), False
            del held[:size]
    yield bytes(held), True


def feed(send: Send, data: Input, envelope_kb: int = ENVELOPE_KB) -> None:
    """Send all of the input, and its end.

    :param envelope_kb: MaxEnvelopeSizekb of the host.
    :raises InputError: the input could not be read.
    :raises Exception: whatever sending raises.
    """
    for chunk, last in pieces(data, chunk_size(envelope_kb)):
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                send(chunk, last)
            except WinRMOperationTimeoutError:
                # A host under load says so although it takes the input; sending it again would double it.
                break
            except Exception as error:
                if fault_code(error) != _BUSY or attempt == _ATTEMPTS:
                    raise
                time.sleep(_PAUSE)
            else:
                break
