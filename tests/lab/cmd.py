# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's cmd.exe: runs a parsed line against a :class:`Machine` and tells what it printed.

Every command that really runs is recorded (``machine.ran``) with its variables filled in, also those in the
child interpreters of pipes and of ``for /f``: so a test can prove that a hostile name was not executed.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from . import installers
from .batch import Exit
from .batch import expand as batch_expand
from .batch import lines as batch_lines
from .builtins import CHILDREN, COMMANDS, PROGRAMS
from .cmd_text import substitute, unparse
from .cmd_words import FIRST_WORD, options, plain_values, size_holds, split_command
from .file_commands import Opened, complain
from .files import File, FileFault, is_path
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
from .processes import Ended, Job
from .words import codec

#: cmd.exe takes no longer lines, https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/
#: command-line-string-limitation
LINE_LIMIT: t.Final = 8191

#: The exit code of a name that is no command, as long as a line runs; ``cmd /c`` itself then returns 1.
NOT_RECOGNIZED: t.Final = 9009


def run_line(machine: Machine, line: str, codepage: int, stdin: str | None = None) -> Outcome:
    """What ``cmd /c LINE`` prints and returns. Never raises: what is not modelled is a refusal on stderr."""
    streams = Streams(stdin=stdin)
    with machine.processes.job() as job:
        return _run_line(Interpreter(machine, codepage, job), line, streams)


def _run_line(interpreter: Interpreter, line: str, streams: Streams) -> Outcome:
    machine = interpreter.machine
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
    except Ended:
        # The host goes down, or somebody killed it: nobody hears the rest.
        pass
    return Outcome(code, "".join(streams.out), "".join(streams.err), refused)


def run_task(machine: Machine, command: str, codepage: int, job: Job) -> int:
    """What a task runs, with nobody to read what it prints; its exit code. What the lab refuses is recorded."""
    interpreter = Interpreter(machine, codepage, job)
    try:
        return interpreter.child(command, Streams())
    except Refused as error:
        interpreter.faults.append(str(error))
        return 1
    finally:
        machine.refused(interpreter.faults)


class Interpreter:
    """Runs trees. ``codepage`` is that of the shell, as ``chcp`` tells it; ``job``: what it belongs to."""

    def __init__(self, machine: Machine, codepage: int, job: Job) -> None:
        self.machine = machine
        self.codepage = codepage
        self.job = job
        #: Syntax errors, which cmd.exe itself would report.
        self.faults: list[str] = []
        self._depth = 0

    def child(self, line: str, streams: Streams, waits: bool = False) -> int:
        """A new cmd.exe for that line: percent expansion, parsing, running; its exit code."""
        self._depth += 1
        if self._depth > 16:
            raise Refused("interpreters nested too deeply")
        try:
            shell = Shell(self.machine, self.codepage, self.child, self.job, waits=waits)
            expanded = expand_percent(line, self.machine.environment)
            if len(expanded) > LINE_LIMIT:
                streams.err.append(self.machine.words["too_long"] + "\r\n")
                return 1
            self._run(parse(expanded), streams, shell)
            return 1 if shell.errorlevel == NOT_RECOGNIZED else shell.errorlevel
        except Exit as left:
            return left.code
        except SyntaxFault as fault:
            self.faults.append(f"syntax: {fault}")
            streams.err.append(f"{fault}\r\n")
            return 1
        finally:
            self._depth -= 1

    def batch(self, path: str, streams: Streams) -> int:
        """Runs the lines of a ``.cmd`` file; its exit code."""
        shell = Shell(self.machine, self.codepage, self.child, self.job, echo=False, waits=True)
        try:
            for line in batch_lines(self.machine.files.read(path), codec(self.codepage)):
                text = batch_expand(line, self.machine.environment, shell.errorlevel, path)
                if len(text) > LINE_LIMIT:
                    raise Refused(f"a line of {len(text)} characters in a batch file")
                shell.variables = {}
                self._run(parse(text), streams, shell)
        except Exit as left:
            if not left.batch_only:
                raise
            return left.code
        return shell.errorlevel

    def _run(self, node: Node, streams: Streams, shell: Shell) -> None:
        if isinstance(node, Simple):
            text = substitute(node.text, shell.variables, self._size)
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

    def _size(self, path: str) -> str:
        """What ``%~zg`` stands for: nothing where there is no such file."""
        found = self.machine.files.find(path)
        return str(len(found.content)) if isinstance(found, File) else ""

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
        try:
            act(opened.streams)
        finally:
            # Also where it is ended: nobody has the file open any more.
            with self.machine.lock:
                opened.close()

    def _pipe(self, node: Pipe, streams: Streams, shell: Shell) -> None:
        passed: list[str] = []
        self._side(node.left, Streams(passed, streams.err, streams.stdin), shell)
        shell.errorlevel = self._side(node.right, Streams(streams.out, streams.err, "".join(passed)), shell)

    def _side(self, node: Node, streams: Streams, shell: Shell) -> int:
        """One side of a pipe: a program runs as it is, all else is handed as text to another cmd."""
        if isinstance(node, Simple):
            text = substitute(node.text, shell.variables)
            if split_command(text)[0] in PROGRAMS:
                self._into(node.redirects, streams, shell, lambda inner: self._set(shell, text, inner))
                return shell.errorlevel
        if isinstance(node, Pipe):
            inner = Shell(self.machine, self.codepage, self.child, self.job, shell.echo, 0, shell.variables)
            self._pipe(node, streams, inner)
            return inner.errorlevel
        return self.child(unparse(node, shell.variables), streams)

    def _for(self, node: For, streams: Streams, shell: Shell) -> None:
        inside = substitute(node.inside, shell.variables)
        values = self._command_values(node, inside, streams) if node.from_command else plain_values(inside)
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
        token, delimiters = options(node.options)
        values = []
        for line in "".join(printed).split("\n"):
            line = line.rstrip("\r")
            fields = [field for field in re.split(f"[{re.escape(delimiters)}]+", line) if field]
            if line and not line.startswith(";") and len(fields) >= token:
                values.append(fields[token - 1])
        return values

    def _if(self, node: If, streams: Streams, shell: Shell) -> None:
        operand = substitute(node.operand, shell.variables, self._size)
        if node.test == "errorlevel":
            holds = shell.errorlevel >= int(operand)
        elif node.test == "size":
            holds = size_holds(operand)
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
        self.job.check()
        name, rest = split_command(text)
        self.machine.ran(text.strip())
        if name in self.machine.missing:
            streams.err.append(self.machine.words["not_recognized"].format(name) + "\r\n")
            return NOT_RECOGNIZED
        command = COMMANDS.get(name)
        if command is None:
            return self._file(text, rest, streams, shell)
        if name in CHILDREN:
            return command(shell, rest, streams)
        with self.machine.lock:
            return command(shell, rest, streams)

    def _file(self, text: str, rest: str, streams: Streams, shell: Shell) -> int:
        """A program or batch file that is named by its whole path."""
        match = FIRST_WORD.match(text)
        path = match[1].strip('"') if match else ""
        if not is_path(path) or not path.lower().startswith("c:\\windows\\"):
            raise Refused(f"the command {text.strip()[:200]}")
        endings = ("",) if path.lower().endswith((".exe", ".cmd", ".bat")) else (".exe", ".cmd")
        found = next((path + one for one in endings if isinstance(self.machine.files.find(path + one), File)), None)
        if found is None:
            streams.err.append(self.machine.words["not_recognized"].format(path) + "\r\n")
            return NOT_RECOGNIZED
        if found.lower().endswith(".exe"):
            return installers.run_file(shell, found, rest, streams)
        if rest.strip() or shell.waits:
            raise Refused(f"a batch file with arguments, or from another one: {text.strip()[:200]}")
        return self.batch(found, streams)
