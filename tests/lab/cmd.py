# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's cmd.exe: runs a parsed line against a :class:`Machine` and tells what it printed.

Every command that really runs is recorded (``machine.ran``) with its variables filled in, also those in the
child interpreters of pipes and of ``for /f``: so a test can prove that a hostile name was not executed.
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Callable

from .builtins import CHILDREN, COMMANDS, PROGRAMS
from .cmd_text import substitute, unparse
from .file_commands import Opened, complain
from .files import FileFault
from .machine import Machine, Outcome, Shell, Streams
from .parse import (
    For,
    Group,
    If,
    Node,
    Pipe,
    Redirect,
    Refused,
    Sequence,
    Simple,
    SyntaxFault,
    expand_percent,
    parse,
)

#: cmd.exe takes no longer lines, https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/
#: command-line-string-limitation
LINE_LIMIT: t.Final = 8191

#: The exit code of a name that is no command, as long as a line runs; ``cmd /c`` itself then returns 1.
NOT_RECOGNIZED: t.Final = 9009


def run_line(machine: Machine, line: str, codepage: int) -> Outcome:
    """What ``cmd /c LINE`` prints and returns. Never raises: what is not modelled is a refusal on stderr."""
    streams = Streams()
    interpreter = Interpreter(machine, codepage)
    refused = None
    code = 1
    try:
        if len(line) > LINE_LIMIT:
            streams.err.append(machine.words["too_long"] + "\r\n")
            refused = f"a line of {len(line)} characters"
        else:
            code = interpreter.child(line, streams)
            refused = next(iter(interpreter.faults), None)
    except Refused as error:
        refused = str(error)
        streams.err.append(f"lab: refused: {refused}\r\n")
    return Outcome(code, "".join(streams.out), "".join(streams.err), refused)


class Interpreter:
    """Runs trees. ``codepage`` is that of the shell, as ``chcp`` tells it."""

    def __init__(self, machine: Machine, codepage: int) -> None:
        self.machine = machine
        self.codepage = codepage
        #: Syntax errors, which cmd.exe itself would report.
        self.faults: list[str] = []
        self._depth = 0

    def child(self, line: str, streams: Streams) -> int:
        """A new cmd.exe for that line: percent expansion, parsing, running; its exit code."""
        self._depth += 1
        if self._depth > 16:
            raise Refused("interpreters nested too deeply")
        try:
            shell = Shell(self.machine, self.codepage, self.child)
            expanded = expand_percent(line, self.machine.environment)
            if len(expanded) > LINE_LIMIT:
                streams.err.append(self.machine.words["too_long"] + "\r\n")
                return 1
            self._run(parse(expanded), streams, shell)
            return 1 if shell.errorlevel == NOT_RECOGNIZED else shell.errorlevel
        except SyntaxFault as fault:
            self.faults.append(f"syntax: {fault}")
            streams.err.append(f"{fault}\r\n")
            return 1
        finally:
            self._depth -= 1

    def _run(self, node: Node, streams: Streams, shell: Shell) -> None:
        if isinstance(node, Simple):
            text = substitute(node.text, shell.variables)
            self._into(node.redirects, streams, shell, lambda inner: self._set(shell, text, inner))
        elif isinstance(node, Group):
            body = node.body
            self._into(node.redirects, streams, shell, lambda inner: self._run(body, inner, shell))
        elif isinstance(node, Sequence):
            for item in node.items:
                self._run(item, streams, shell)
        elif isinstance(node, Pipe):
            self._pipe(node, streams, shell)
        elif isinstance(node, For):
            self._for(node, streams, shell)
        else:
            self._if(node, streams, shell)

    def _set(self, shell: Shell, text: str, streams: Streams) -> None:
        shell.errorlevel = self._command(text, streams, shell)

    def _into(
        self, redirects: tuple[Redirect, ...], streams: Streams, shell: Shell, act: Callable[[Streams], None]
    ) -> None:
        """Runs something with its redirections; where a file cannot be opened, it does not run."""
        if not redirects:
            act(streams)
            return
        try:
            with self.machine.lock:
                opened = Opened(shell, streams, redirects)
        except FileFault as fault:
            complain(self.machine, streams, fault.word, fault.path)
            shell.errorlevel = 1
            return
        act(opened.streams)
        opened.close()

    def _pipe(self, node: Pipe, streams: Streams, shell: Shell) -> None:
        passed: list[str] = []
        self._side(node.left, Streams(passed, streams.err, streams.stdin), shell)
        shell.errorlevel = self._side(node.right, Streams(streams.out, streams.err, "".join(passed)), shell)

    def _side(self, node: Node, streams: Streams, shell: Shell) -> int:
        """One side of a pipe: a program runs as it is, all else is handed as text to another cmd."""
        if isinstance(node, Simple):
            text = substitute(node.text, shell.variables)
            if _split_command(text)[0] in PROGRAMS:
                self._into(node.redirects, streams, shell, lambda inner: self._set(shell, text, inner))
                return shell.errorlevel
        if isinstance(node, Pipe):
            inner = Shell(self.machine, self.codepage, self.child, shell.echo, 0, shell.variables)
            self._pipe(node, streams, inner)
            return inner.errorlevel
        return self.child(unparse(node, shell.variables), streams)

    def _for(self, node: For, streams: Streams, shell: Shell) -> None:
        inside = substitute(node.inside, shell.variables)
        values = self._command_values(node, inside, streams) if node.from_command else _plain_values(inside)
        outer = dict(shell.variables)
        for value in values:
            shell.variables = outer | {node.variable: value}
            if shell.echo:
                streams.out.append(f"\r\n{self._prompt()}{unparse(node.body, shell.variables)} \r\n")
            self._run(node.body, streams, shell)
        shell.variables = outer

    def _command_values(self, node: For, inside: str, streams: Streams) -> list[str]:
        match = re.fullmatch(r"\s*'(.*)'\s*", inside, re.DOTALL)
        if match is None:
            raise Refused(f"for /f in ({inside}): only a command in single quotes")
        printed: list[str] = []
        self.child(match[1], Streams(printed, streams.err, streams.stdin))
        token, delimiters = _options(node.options)
        values = []
        for line in "".join(printed).split("\n"):
            line = line.rstrip("\r")
            fields = [field for field in re.split(f"[{re.escape(delimiters)}]+", line) if field]
            if line and not line.startswith(";") and len(fields) >= token:
                values.append(fields[token - 1])
        return values

    def _if(self, node: If, streams: Streams, shell: Shell) -> None:
        operand = substitute(node.operand, shell.variables)
        if node.test == "errorlevel":
            holds = shell.errorlevel >= int(operand)
        else:
            path = operand.strip('"')
            if "*" in path or "?" in path:
                raise Refused(f"if exist with a wildcard: {path}")
            holds = self.machine.files.exists(path)
        if holds is not node.negated:
            self._run(node.body, streams, shell)

    def _prompt(self) -> str:
        return self.machine.environment.get("USERPROFILE", "C:") + ">"

    def _command(self, text: str, streams: Streams, shell: Shell) -> int:
        name, rest = _split_command(text)
        self.machine.ran(text.strip())
        if name in self.machine.missing:
            streams.err.append(self.machine.words["not_recognized"].format(name) + "\r\n")
            return NOT_RECOGNIZED
        command = COMMANDS.get(name)
        if command is None:
            raise Refused(f"the command {text.strip()[:200]}")
        if name in CHILDREN:
            return command(shell, rest, streams)
        with self.machine.lock:
            return command(shell, rest, streams)


_ECHO_DOT: t.Final = re.compile(r"\s*echo\.", re.IGNORECASE)
_FIRST_WORD: t.Final = re.compile(r'\s*("[^"]*"|[^\s,;=/"]+)')


def _split_command(text: str) -> tuple[str, str]:
    """(name without folder and .exe, the rest with its leading blank)."""
    if dot := _ECHO_DOT.match(text):
        return "echo.", text[dot.end() :]
    match = _FIRST_WORD.match(text)
    return (_program(match[1]), text[match.end() :]) if match else ("", text)


@functools.lru_cache(maxsize=512)
def _program(word: str) -> str:
    folder, _unused, name = word.strip('"').lower().rpartition("\\")
    if folder and not folder.endswith(("\\system32", "\\sysnative", "\\system32\\wbem")):
        name = f"{folder}\\{name}"
    return name.removesuffix(".exe").removesuffix(".com")


def _plain_values(inside: str) -> list[str]:
    values = re.findall(r'"[^"]*"|[^\s,;="]+', inside)
    if any("*" in value or "?" in value for value in values):
        raise Refused(f"for over file names: {inside}")
    return values


def _options(options: str) -> tuple[int, str]:
    """(number of the token, delimiters) of ``for /f``."""
    match = re.fullmatch(r"tokens=(\d)(?:\s+delims=(.*))?", options)
    if match is None:
        raise Refused(f'for /f "{options}": only "tokens=N" and "tokens=N delims=..."')
    return int(match[1]), " \t" if match[2] is None else match[2]
