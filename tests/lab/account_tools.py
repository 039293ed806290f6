# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What accounts in files need of a host: ``dir /b``, ``move /y``, and the script that changes elements."""

from __future__ import annotations

import fnmatch
import re
import typing as t
from collections.abc import Iterator

from .file_commands import complain
from .files import FileFault, Folder
from .grammar import Refused

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

#: SHA-256 of the script, with CR LF; a test compares it with what is sent.
ACCOUNT_SCRIPT: t.Final = "aa650641f29c52f11439b7add642eca383b244aee89eeacc722269c132fe9716"
_LIST: t.Final = re.compile(r'(?P<deep>\s+/s)?\s+/b\s+/a(?P<files>-d)?\s+"(?P<path>[^"]+)"\s*', re.IGNORECASE)
_MOVE: t.Final = re.compile(r'\s+/y\s+"([^"*?]+)"\s+"([^"*?]+)"\s*', re.IGNORECASE)


def dir_(shell: Shell, rest: str, streams: Streams) -> int:
    """``dir /b /a "FOLDER"``: the names in it; ``dir /s /b /a-d "FOLDER\\PATTERN"``: whole paths, wherever below it."""
    match = _LIST.fullmatch(rest)
    if match is None or bool(match["deep"]) != bool(match["files"]):
        raise Refused(f"dir{rest}")
    if match["deep"]:
        above, _slash, pattern = match["path"].rpartition("\\")
        node = shell.machine.files.find(above)
        lines = [] if not isinstance(node, Folder) else list(_below(node, above, pattern.casefold()))
    else:
        node = shell.machine.files.find(match["path"])
        lines = [] if not isinstance(node, Folder) else [one.name for one in node.entries.values()]
    if not lines:
        streams.err.append("File Not Found\r\n")
        return 1
    streams.out.extend(f"{line}\r\n" for line in lines)
    return 0


def _below(folder: Folder, path: str, pattern: str) -> Iterator[str]:
    for name, node in folder.entries.items():
        if isinstance(node, Folder):
            yield from _below(node, f"{path}\\{node.name}", pattern)
        elif fnmatch.fnmatchcase(name, pattern):
            yield f"{path}\\{node.name}"


def move(shell: Shell, rest: str, streams: Streams) -> int:
    """``move /y "FILE" "FILE"``: in one go, within the drive."""
    machine, match = shell.machine, _MOVE.fullmatch(rest)
    if match is None:
        raise Refused(f"move{rest}")
    if not machine.may_write(f"move{rest}"):
        complain(machine, streams, "denied")
        return 1
    try:
        content = machine.files.read(match[1])
        target = machine.files.open(match[2], append=False)
        machine.files.delete(match[1])
    except FileFault as fault:
        complain(machine, streams, fault.word, fault.path)
        return 1
    target.content = content
    streams.out.append("        1 file(s) moved.\r\n")
    return 0


def change(machine: Machine, what: str, arguments: list[str]) -> str:
    """What the script does with ``FILE NEW ELEMENT BEFORE AFTER ...``; the words that it ends with."""
    path, new, *triples = arguments
    if not triples or len(triples) % 3 or not re.fullmatch(r"\.[0-9a-f]{16}", new):
        raise Refused(what)
    if not machine.may_write(what):
        raise FileFault("denied")
    content = bytes(machine.files.read(path))
    # Two bytes that are no mark are a letter, and the file is then as long as its text.
    if not content.startswith(b"\xff\xfe") or len(content) % 2:
        return "encoding"
    text = content[2:].decode("utf-16-le", "surrogatepass")
    if "<!" in text or text.rfind("<?") > 1:
        return "comment"
    for number in range(0, len(triples), 3):
        element, before, after = triples[number : number + 3]
        found = list(re.finditer(rf"<{element}(?:\s[^<>]*)?>([^<>]*)</{element}\s*>", text))
        if len(found) != 1 or found[0][1] != before:
            return "drift"
        text = text[: found[0].start(1)] + after + text[found[0].end(1) :]
    for name in (f"{path}{new}d", f"{path}{new}"):
        if machine.files.exists(name):
            raise FileFault("exists", name)
    file = machine.files.open(f"{path}{new}", append=False)
    machine.files.append(file, b"\xff\xfe" + text.encode("utf-16-le", "surrogatepass"))
    return "done"
