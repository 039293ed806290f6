# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of ``kind: wine``: a Wine prefix each, with Wine's own registry, reg.exe and SCHANNEL behind the endpoint.

Wine 8's cmd.exe is weak, so a line is first parsed by the lab (what the lab refuses, Wine never sees), then given to
``cmd /d /q`` on its standard input without its closing ``<nul 2>&1``, which Wine does not understand and which is done
at process level instead; ``wine_lines`` says what else is told to Wine in other words, ``wine_template`` which programs
are not Wine's own.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import tempfile
import threading
import typing as t
from pathlib import Path

from . import powershell, wine_lines, wine_power, wine_prefix, wine_template
from .cmd import LINE_LIMIT
from .entry import DEFAULT_USER, EntryError, HostEntry
from .host import Counters, Printed, registry_of, words_of
from .parse import Refused, SyntaxFault
from .power import BOOT_ID, Power
from .registry import Registry
from .shipped import environment_of, system_of
from .words import codec

#: The user of every Wine prefix.
WINE_USER: t.Final = "S-1-5-21-0-0-0-1000"
_CODEPAGE: t.Final = 437
_TAIL: t.Final = " <nul 2>&1"
_LONGEST: t.Final = 180
#: Wine's names of the versions it can be; the nearest by version number and architecture counts.
_VERSIONS: t.Final = (((10, 0), "win10"), ((6, 3), "win81"), ((6, 2), "win8"), ((6, 1), "win7"), ((6, 0), "vista"))

#: Keys of a fresh prefix that no Windows has; what the baseline says of them is imported afterwards.
_STRANGERS: t.Final = (
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\HotFix",
    r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols",
    r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList",
)


class WineHost:
    """One Wine prefix with its own wineserver. :meth:`start` takes a second or two; :meth:`stop` leaves nothing."""

    #: A line takes seconds: the endpoints run it in a thread.
    blocking = True

    def __init__(self, name: str, entry: HostEntry) -> None:
        if entry.unreadable or entry.profiles:
            raise EntryError(f"host {name}: with Wine there is no unreadable and no profiles")
        if entry.language != "en" or entry.oem_codepage not in (0, _CODEPAGE):
            raise EntryError(f"host {name}: Wine speaks English in code page {_CODEPAGE}")
        system_of(entry)
        self.name, self.entry = name, entry
        self.counters = Counters()
        self.codepage = _CODEPAGE
        self.power = Power(entry)
        self.power.listeners.append(self._powered)
        self.envelope = system_of(entry).envelope
        self._server: subprocess.Popen[bytes] | None = None
        #: Held while a program starts: none may while there is no server, it would start one of its own.
        self._gate = threading.Lock()
        self._prefix: Path | None = None
        self._kept = ""

    def start(self) -> None:
        """Makes the prefix, starts its server, imports the registry. Raises EntryError where Wine is missing."""
        try:
            template = wine_template.template()
            self._wine, _unused = wine_template.binaries()
        except wine_template.NoWine as error:
            raise EntryError(f"host {self.name}: {error}") from None
        runs = wine_template.cache_folder() / "runs"
        runs.mkdir(exist_ok=True)
        wine_prefix.clean(runs)
        self._prefix = runs / f"{os.getpid()}-{secrets.token_hex(4)}"
        wine_prefix.copy(template, self._prefix)
        self._environment = wine_template.environment(self._prefix)
        self._serve()
        done = self._import(self._import_text())
        if done.returncode != 0:
            self.stop()
            raise EntryError(f"host {self.name}: Wine's reg import failed: {done.stdout[-300:]!r}")

    def _serve(self) -> None:
        # Kept by this very process, and at most an hour without clients should this process die.
        with self._gate:
            self._server = subprocess.Popen(
                [wine_template.binaries()[1], "-f", "-p3600"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def _import(self, text: str) -> subprocess.CompletedProcess[bytes]:
        assert self._prefix is not None
        file = self._prefix / "drive_c" / "import.reg"
        file.write_text(text, "utf-16")
        done = self._call("reg", "import", r"C:\import.reg")
        file.unlink()
        return done

    def _powered(self, up: bool) -> None:
        if not up:
            self._kept = wine_power.kept(self.export(*wine_power.REWRITTEN), (WINE_USER, self.wine_user))
            self._end_server()
            return
        assert self._prefix is not None
        (self._prefix / "drive_c" / wine_power.WORD).unlink(missing_ok=True)
        self._serve()
        path, name = BOOT_ID
        boots = int.from_bytes(next(iter(self.export(path).values())).get(name, (0, b""))[1], "little")
        self._import(wine_power.start_text(boots + 1) + self._kept)

    def stop(self) -> None:
        """Ends this prefix's wineserver, by its own process id, with all its clients; removes the prefix."""
        self.power.close()
        self._end_server()
        if self._prefix is not None:
            shutil.rmtree(self._prefix, ignore_errors=True)
            self._prefix = None

    def _end_server(self) -> None:
        with self._gate:
            if self._server is None or self._prefix is None:
                return
            self._server.terminate()
            try:
                self._server.wait(20)
            except subprocess.TimeoutExpired:
                self._server.kill()
                self._server.wait()
            self._server = None
            wine_prefix.end(self._prefix)

    @property
    def drive(self) -> Path:
        """Drive C: of the running host."""
        assert self._prefix is not None
        return self._prefix / "drive_c"

    @property
    def wine_user(self) -> str:
        """Where HKEY_CURRENT_USER of the entry's files lands: Wine's own user, unless the entry names one."""
        return WINE_USER if self.entry.user == DEFAULT_USER else self.entry.user

    def _import_text(self) -> str:
        system = system_of(self.entry)
        version = next((name for nt, name in _VERSIONS if system.nt >= nt), "winxp64")
        head = ["Windows Registry Editor Version 5.00", ""]
        head += [f"[-{path}]" for path in _STRANGERS]
        head += ["", r"[HKEY_CURRENT_USER\Software\Wine]", f'"Version"="{version}"', ""]
        return "\r\n".join(head) + "\r\n" + wine_prefix.reg_text(registry_of(self.entry, self.wine_user))

    def _call(self, *arguments: str, text: bytes = b"", merged: bool = True) -> subprocess.CompletedProcess[bytes]:
        """Output goes to files: Wine's services inherit a pipe and would keep it open after the program has ended."""
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as feed:
            feed.write(text)
            feed.seek(0)
            with self._gate:
                if self._server is None:
                    return subprocess.CompletedProcess(arguments, 1, b"", b"")
                process = subprocess.Popen(
                    [*wine_template.steady(), self._wine, *arguments],
                    env=self._environment,
                    stdin=feed,
                    stdout=out,
                    stderr=subprocess.STDOUT if merged else err,
                )
            try:
                code = process.wait(_LONGEST)
            finally:
                process.kill()
                process.wait()
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(arguments, code, out.read(), err.read())

    def run(self, line: str, codepage: int = 0, stdin: bytes | None = None) -> Printed:
        """What Wine's cmd prints for that line. A refusal of the lab goes to stderr and is recorded."""
        self.counters.lines += 1
        try:
            printed = self._run(line) if stdin is None else self._fed(line, stdin)
            # Of a line that ran when the host went down, nothing comes any more.
            return self._translated(printed, codepage or _CODEPAGE) if self.power.up else Printed(1, b"", b"")
        except (Refused, SyntaxFault) as error:
            self.counters.refused.append(str(error))
            return Printed(1, b"", f"lab: refused: {error}\r\n".encode())
        except subprocess.TimeoutExpired:
            self.counters.refused.append("Wine took too long")
            return Printed(1, b"", b"lab: failed: Wine took too long\r\n")

    def _run(self, line: str) -> Printed:
        if len(line) > LINE_LIMIT:
            return Printed(1, b"", (words_of(self.entry)["too_long"] + "\r\n").encode())
        wrapped = re.match(r"\s*powershell(?:\.exe)?(\s.*)", line, re.IGNORECASE | re.DOTALL)
        if wrapped:
            return self._run(powershell.unwrap(wrapped[1])[0])
        if inner := re.fullmatch(r'\s*cmd(?:\.exe)?(?:\s+/[ds])*\s+/c\s+"(.*)"\s*', line, re.IGNORECASE | re.DOTALL):
            return self._run(inner[1])
        self._allow(line)
        merged = line.endswith(")" + _TAIL)
        told = wine_lines.for_wine(line.removesuffix(_TAIL) if merged else line)
        if len(told) > LINE_LIMIT:
            # Wine's cmd would lose a part of it without a word.
            raise Refused(f"a line that has {len(told)} characters in the form that Wine's cmd understands")
        text = told.encode() + b"\r\n"
        done = self._call("cmd", "/d", "/q", text=text, merged=merged)
        seconds = wine_power.asked(self._prefix) if self._prefix else None
        if seconds is not None and not self.power.scheduled:
            self.power.schedule(seconds)
        elif seconds is None:
            self.power.abort()
        banner = re.match(rb"Microsoft Windows [^\r\n]*\r\n", done.stdout)
        out = done.stdout[banner.end() :] if banner else done.stdout
        return Printed(done.returncode, out, done.stderr or b"")

    def _fed(self, line: str, stdin: bytes) -> Printed:
        """Wine's cmd reads its lines on standard input, so a line that has input of its own comes from a file."""
        self._allow(line)
        file = self.drive / f"lab-{secrets.token_hex(4)}.cmd"
        file.write_bytes(wine_lines.for_batch(line))
        try:
            done = self._call("cmd", "/d", "/q", "/c", f"C:\\{file.name}", text=stdin, merged=False)
        finally:
            file.unlink()
        return Printed(done.returncode, done.stdout, done.stderr)

    def _allow(self, line: str) -> None:
        """Counts the line and what it writes; raises Refused for what may not be."""
        writes = wine_lines.writes(line, environment_of(self.entry, self.name))
        if not line.isascii():
            raise Refused("a line with other characters than ASCII")
        self._count_writes(writes)
        self.counters.executed.append(line)

    def _count_writes(self, writes: list[str]) -> None:
        self.counters.writes += len(writes)
        self.counters.written += writes
        if writes and self.entry.writes == "deny":
            raise Refused(f"{writes[0]}: writes are denied")
        if any(wine_lines.program(one) == "netsh" for one in writes):
            raise Refused("netsh, which is a stub in Wine: there is no firewall")

    def export(self, *roots: str) -> dict[str, dict[str, tuple[int, bytes]]]:
        """Long path → {name of value: (type, bytes)} of all keys at and below ``roots``, byte by byte."""
        found: dict[str, dict[str, tuple[int, bytes]]] = {}
        for root in roots:
            hive, *below = Registry(self.wine_user).long_path(root).split("\\", 1)
            values: dict[str, tuple[int, bytes]] = {}
            for line in self._call("labdump", hive, *below).stdout.decode("ascii").splitlines():
                mark, *fields = line.split(" ")
                if mark == "K":
                    path = "\\".join(part for part in (hive, _text(fields[0])) if part)
                    values = found.setdefault(path, {})
                else:
                    values[_text(fields[1])] = (int(fields[0]), bytes.fromhex(fields[2]))
        return found

    @staticmethod
    def _translated(printed: Printed, codepage: int) -> Printed:
        if codepage == _CODEPAGE:
            return printed
        out, err = (
            one.decode(codec(_CODEPAGE)).encode(codec(codepage), "replace") for one in (printed.out, printed.err)
        )
        return Printed(printed.code, out, err)


def _text(digits: str) -> str:
    return bytes.fromhex(digits).decode("utf-16-le", "surrogatepass")
