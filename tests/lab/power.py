# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host restarts: ``shutdown``, the time in which nobody answers, a new boot identity, and what does not survive.

Gone after a restart: what runs, loaded hives (their files keep them), and the keys that Windows holds in memory only or
works off at its start, such as the marks of a pending reboot.
"""

from __future__ import annotations

import contextlib
import threading
import time
import typing as t
from collections.abc import Callable

from .arguments import split_arguments
from .grammar import Refused
from .regfile import REG_BINARY

if t.TYPE_CHECKING:
    from .entry import HostEntry
    from .machine import Shell, Streams
    from .registry import Registry

_CONTROL: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Control"
BOOT_ID: t.Final = (rf"{_CONTROL}\Session Manager\Memory Management\PrefetchParameters", "BootId")
SHUTDOWN_TIME: t.Final = (rf"{_CONTROL}\Windows", "ShutdownTime")

UPDATES: t.Final = r"HKLM\SOFTWARE\Microsoft\Updates"
UPDATE_EXE_VOLATILE: t.Final = rf"{UPDATES}\UpdateExeVolatile"
CBS: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing"
WINDOWS_UPDATE: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired"
SESSION_MANAGER: t.Final = rf"{_CONTROL}\Session Manager"
RENAMES: t.Final = "PendingFileRenameOperations"
VOLATILE_KEYS: t.Final = (UPDATE_EXE_VOLATILE, rf"{CBS}\RebootPending", WINDOWS_UPDATE)
VOLATILE_VALUES: t.Final = (
    (UPDATES, "UpdateExeVolatile"),
    (SESSION_MANAGER, RENAMES),
    (SESSION_MANAGER, f"{RENAMES}2"),
)

#: winerror.h: 1115, 1116 and 1190; Vista and later say the last one where XP says the first.
_IN_PROGRESS, _NONE_IN_PROGRESS, _SCHEDULED = 1115, 1116, 1190
#: XP takes ten minutes at most, later ones ten years.
_LONGEST: t.Final = {True: 600, False: 315_360_000}
#: Seconds from 1601 to 1970.
_EPOCH: t.Final = 11_644_473_600
#: The answer to the line that asked for a restart still gets out.
_GRACE: t.Final = 0.1


def filetime(seconds: float) -> bytes:
    """A FILETIME of seconds since 1970."""
    return int((seconds + _EPOCH) * 10_000_000).to_bytes(8, "little")


class Power:
    """Whether a host is up. ``at_restart``: what comes into force at the next start, each called once.

    ``listeners`` hear False when the host goes down and True when it is back: the host itself first, then its endpoint.
    """

    def __init__(self, entry: HostEntry) -> None:
        self._entry = entry
        self.up = True
        self.restarts = 0
        self.listeners: list[Callable[[bool], None]] = []
        self.at_restart: list[Callable[[], None]] = []
        self._timer: threading.Timer | None = None
        self._closed = threading.Event()
        self._lock = threading.Lock()

    @property
    def scheduled(self) -> bool:
        """Whether a restart is to come, or under way."""
        return self._timer is not None

    def schedule(self, seconds: float) -> bool:
        """Restarts after these seconds of the host's; False where a restart is under way already."""
        with self._lock:
            if self._timer is not None:
                return False
            wait = max(seconds * self._entry.second_ms / 1000, _GRACE)
            self._timer = threading.Timer(wait, self._when_due)
            self._timer.daemon = True
            self._timer.start()
        return True

    def abort(self) -> bool:
        """Calls a scheduled restart off; False where there is none, or it has begun."""
        with self._lock:
            timer, self._timer = self._timer, None if self.up else self._timer
            if timer is None or not self.up:
                return False
            timer.cancel()
        return True

    def _when_due(self) -> None:
        if self._entry.ignores_shutdown or self._closed.is_set():
            # Some program holds it up; the request stays.
            return
        self.restart()

    def restart(self) -> None:
        """Goes down, stays away for ``restart_ms``, and comes back unless the entry says that it never does."""
        with self._lock:
            self.up = False
        self._tell(False, *self.listeners)
        if self._entry.never_returns or self._closed.wait(self._entry.restart_ms / 1000):
            return
        self.switch_on()

    def switch_on(self) -> None:
        """It starts; also where somebody presses the button of a host that stayed down."""
        host, *doors = self.listeners
        self._tell(True, host)
        self.restarts += 1
        with self._lock:
            self._timer, self.up = None, True
        self._tell(True, *doors)

    def _tell(self, up: bool, *listeners: Callable[[bool], None]) -> None:
        for listener in listeners:
            # A lab that is being closed meanwhile must not be held up.
            with contextlib.suppress(RuntimeError, TimeoutError):
                listener(up)

    def close(self) -> None:
        """The lab ends: no restart any more."""
        self._closed.set()
        if self._timer is not None:
            self._timer.cancel()


def stamp_shutdown(registry: Registry) -> None:
    """What an orderly shutdown writes."""
    registry.set(*SHUTDOWN_TIME, REG_BINARY, filetime(time.time()))


def start(registry: Registry) -> None:
    """What the kernel and the session manager do at the start: the boot counts, what is volatile is not there."""
    path, name = BOOT_ID
    key = next((key for _path, key in registry.walk(path, denied_too=True)), None)
    old = key.values.get(name.casefold()) if key else None
    registry.set_number(path, name, (int.from_bytes(old.raw, "little") if old else 0) + 1)
    for key_path in VOLATILE_KEYS:
        registry.delete_key(key_path)
    for key_path, value in VOLATILE_VALUES:
        registry.delete_value(key_path, value)


def shutdown(shell: Shell, rest: str, streams: Streams) -> int:
    """``shutdown /r /t N [/f]`` and ``shutdown /a``; XP takes a dash as well as a slash."""
    machine = shell.machine
    words = [one.lower().replace("-", "/", 1) if one[:1] == "-" else one.lower() for one in split_arguments(rest)]
    if not machine.may_write(f"shutdown{rest}"):
        streams.err.append(f"{machine.words['denied']}(5)\r\n")
        return 5
    if words == ["/a"]:
        return 0 if machine.power.abort() else _fault(streams, "Unable to abort the system shutdown", _NONE_IN_PROGRESS)
    seconds = words[words.index("/t") + 1] if "/t" in words[:-1] else ""
    if sorted(words) not in (sorted(["/r", "/t", seconds, *more]) for more in ([], ["/f"])) or not seconds.isdigit():
        raise Refused(f"shutdown{rest}")
    if int(seconds) > _LONGEST[machine.words.classic]:
        return _fault(streams, "The parameter is incorrect.", 87)
    if machine.power.schedule(int(seconds)):
        return 0
    if machine.words.classic:
        return _fault(streams, "A system shutdown is in progress.", _IN_PROGRESS)
    return _fault(streams, "A system shutdown has already been scheduled.", _SCHEDULED)


def _fault(streams: Streams, text: str, code: int) -> int:
    streams.err.append(f"{text}({code})\r\n")
    return code
