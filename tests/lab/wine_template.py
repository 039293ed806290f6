# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Wine prefix that all Wine hosts start from: made once per user and Wine version, kept in the cache folder.

Into it go the lab's own ``find``, ``findstr``, ``chcp`` and a skin around ``reg`` (see ``wine_tools/``); ``wmic`` is
taken out, as on a Windows that does not have it. Everything else is Wine's.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

TOOLS: t.Final = Path(__file__).parent / "wine_tools"
COMPILER: t.Final = "x86_64-w64-mingw32-gcc"

#: Program in the prefix → source. All other programs that lines use are Wine's own, ``cmd`` and ``reg`` above all.
PROGRAMS: t.Final = {
    "find.exe": "find.c",
    "findstr.exe": "find.c",
    "chcp.com": "chcp.c",
    "reg.exe": "reg.c",
    "regini.exe": "regini.c",
    "schtasks.exe": "schtasks.c",
    "shutdown.exe": "shutdown.c",
    "certutil.exe": "certutil.c",
    "labbatch.exe": "batch.c",
    "labdump.exe": "dump.c",
}

#: Wine's own, but marked as a program for the console, as it is on Windows: Wine's cmd waits for no others.
CONSOLE: t.Final = ("cscript.exe",)

#: Who answers which command on a Wine host.
ANSWERED_BY: t.Final = {
    "cmd": "wine",
    "echo": "wine",
    "for": "wine",
    "if": "wine",
    "ver": "wine",
    "set": "wine",
    "reg": "wine, errors moved to stderr by the lab",
    "regini": "lab, does nothing: Wine's own takes an access list for a part of the key's name",
    "cscript": "wine, marked as a console program by the lab",
    "schtasks": "lab, tasks run as Wine processes when /run says so",
    "shutdown": "lab, which ends the wineserver and starts another one",
    "certutil": "lab, with the base64 and SHA-256 of Wine's crypt32 and rsaenh; also on an XP, which has none",
    "copy": "wine",
    "ren": "wine",
    "md": "wine",
    "rd": "wine",
    "del": "wine",
    "type": "wine",
    "netsh": "nobody: refused",
    "find": "lab",
    "findstr": "lab",
    "chcp": "lab",
    "wmic": "nobody",
}


class NoWine(RuntimeError):
    """Wine or the cross compiler is not installed; the message says which."""


def binaries() -> tuple[str, str]:
    """(wine, wineserver); Debian's ``wine`` is a script that complains of a missing 32-bit Wine. Raises NoWine."""
    found = []
    for names in (("/usr/lib/wine/wine64", "wine64", "wine"), ("/usr/lib/wine/wineserver64", "wineserver")):
        path = next((where for name in names if (where := shutil.which(name))), None)
        if path is None:
            raise NoWine(f"{names[-1]} is not installed (packages wine and wine64)")
        found.append(path)
    return found[0], found[1]


def environment(prefix: Path) -> dict[str, str]:
    """What every Wine process of that prefix runs with."""
    natives = ",".join(sorted([*PROGRAMS, *CONSOLE]))
    return {
        "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
        "HOME": str(prefix),
        "LC_ALL": "C.UTF-8",
        "WINEARCH": "win64",
        "WINEPREFIX": str(prefix),
        "WINEDEBUG": "-all",
        "DISPLAY": "",
        "WINEDLLOVERRIDES": f"mscoree,mshtml=;winemenubuilder.exe=;{natives}=n",
    }


def cache_folder() -> Path:
    """``$XDG_CACHE_HOME/mailfleet-lab``, by default in ``~/.cache``; made where it is missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    folder = Path(base) / "mailfleet-lab"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def template() -> Path:
    """The folder of the template, made (some ten seconds) where there is none for this Wine and these tools yet."""
    wine, _unused = binaries()
    version = subprocess.run([wine, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    recipe = hashlib.sha256(version.encode() + Path(__file__).read_bytes())
    for source in sorted(TOOLS.glob("*.c")):
        recipe.update(source.read_bytes())
    target = cache_folder() / f"template-{recipe.hexdigest()[:16]}"
    with (cache_folder() / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            _make(target)
    return target


def _make(target: Path) -> None:
    wine, server = binaries()
    unfinished = target.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    settings = environment(unfinished)
    quiet = {"env": settings, "stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([wine, "wineboot", "-i"], check=True, timeout=300, **quiet)  # type: ignore[call-overload]
    subprocess.run([server, "-w"], check=True, timeout=120, **quiet)  # type: ignore[call-overload]
    system = unfinished / "drive_c" / "windows" / "system32"
    # Marked as Wine's own, a file is replaced by Wine's own of the same name, which there is none of for this name.
    original = _native((system / "reg.exe").read_bytes())
    (system / "winereg.exe").write_bytes(original)
    for program in CONSOLE:
        content = _console((system / program).read_bytes())
        (system / program).unlink()
        (system / program).write_bytes(content)
    for program, source in PROGRAMS.items():
        (system / program).unlink(missing_ok=True)
        build(TOOLS / source, system / program, "-lcrypt32")
    for unwanted in system.glob("wbem/wmic.exe"):
        unwanted.unlink()
    unfinished.rename(target)


def _native(program: bytes) -> bytes:
    return program.replace(b"Wine builtin DLL", b"Wine, but native", 1)


def _console(program: bytes) -> bytes:
    """The same program with IMAGE_SUBSYSTEM_WINDOWS_CUI, https://learn.microsoft.com/windows/win32/debug/pe-format"""
    header = int.from_bytes(program[0x3C:0x40], "little")
    at = header + 24 + 68
    return _native(program[:at] + (3).to_bytes(2, "little") + program[at + 2 :])


def build(source: Path, target: Path, *more: str) -> None:
    """A program for a Wine host; ``more``: words for the compiler. Raises NoWine."""
    if shutil.which(COMPILER) is None:
        raise NoWine(f"{COMPILER} is not installed (package gcc-mingw-w64-x86-64-win32)")
    words = ["-O2", "-Wall", "-Werror", "-s", "-o", str(target), str(source), *more]
    subprocess.run([COMPILER, *words], check=True)


_STEADY: t.Final = ("setarch", "-R")


@functools.lru_cache(maxsize=1)
def steady() -> tuple[str, ...]:
    """What starts a program without random addresses: with them, Wine 8 fails to start about one in five hundred.

    Nothing where this machine does not let us (a container may not).
    """
    try:
        done = subprocess.run([*_STEADY, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError:
        return ()
    return _STEADY if done.returncode == 0 else ()
