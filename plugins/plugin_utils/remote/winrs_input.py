# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Input for a command that runs on a host: streamed by Send, in chunks that every WinRM takes.

https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv/
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Iterable, Iterator

from ansible.errors import AnsibleError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrm_errors import (
    WinRMOperationTimeoutError,
    fault_code,
)

#: MaxEnvelopeSizekb of WinRM before 3.0 in bytes, which is also what pywinrm asks for.
ENVELOPE: t.Final = 153_600
#: What an envelope has around the input: the header of pywinrm (1.9 KB), and what encryption adds.
_AROUND: t.Final = 4_096
#: Bytes of input in one Send; base64 makes four characters of three.
CHUNK: t.Final = (ENVELOPE - _AROUND) // 4 * 3
#: ERROR_BUSY: the Send before is still being worked on. How often it is tried, and seconds between.
_BUSY, _ATTEMPTS, _PAUSE = 170, 3, 5

Input = t.Union[bytes, Iterable[bytes]]


class InputError(AnsibleError):  # type: ignore[misc]
    """What was to be sent could not be produced; the host is not to blame."""


def pieces(data: Input, size: int = CHUNK) -> Iterator[tuple[bytes, bool]]:
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


def feed(send: t.Callable[[bytes, bool], None], data: Input) -> None:
    """Send all of the input, and its end.

    :param send: sends one chunk, told whether it is the last.
    :raises InputError: the input could not be read.
    :raises Exception: whatever sending raises.
    """
    for chunk, last in pieces(data):
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
