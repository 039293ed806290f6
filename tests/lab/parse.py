# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How cmd.exe reads a line: percent expansion first, then the grammar. Command-line mode, not batch mode.

This is the lab's own model of it, for the constructs that the reading of a host may use. Anything else raises
:class:`Refused`, so that a line that only the lab would understand is never sent to a real host by mistake.
Three things differ from what people expect, and are modelled because they bite:

- the variables of ``for`` are put in after parsing, so their text is never parsed, unless it is handed to another cmd;
- a ``for`` or ``if`` swallows everything up to the end of its group: ``for ... do (a)&b`` runs ``b`` each time;
- an undefined ``%NAME%`` stays as it is.

Described in https://stackoverflow.com/a/4095133 (how the command interpreter parses scripts) and
https://ss64.com/nt/syntax.html.
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Mapping

from .grammar import BLANKS, For, Group, If, Node, Pipe, Redirect, Refused, Sequence, Simple, SyntaxFault

__all__ = [
    "BLANKS",
    "For",
    "Group",
    "If",
    "Node",
    "Pipe",
    "Redirect",
    "Refused",
    "Sequence",
    "Simple",
    "SyntaxFault",
    "expand_percent",
    "parse",
    "places",
]

_PLAIN: t.Final = re.compile(r'[^"&|<>^)]+')
_IN_QUOTES: t.Final = re.compile(r'[^"]+')
#: What a redirection goes to: to the next character that means something to cmd, or in quotes and then no further.
_TARGET: t.Final = re.compile(r'"[^"]*"(?=[\s,;=&|<>()]|$)|[^\s,;=&|<>()"^]+(?=[\s,;=&|<>()]|$)')
#: Files are named by whole paths; what is no file (``nul``, ``con``) is refused when it is opened.
_FILE: t.Final = re.compile(r'"[A-Za-z]:\\[^"<>|*?/:]+"|[A-Za-z]:\\[^"<>|*?/:]+')
_KEYWORD: t.Final = re.compile(r"(for|if|rem)(?=[\s,;=(/]|$)", re.IGNORECASE)
#: The two ways to ask for the size of a file that may be used: only numbers are compared, and nothing that is text.
_SIZE: t.Final = re.compile(r"%~z[a-z]")
_SIZE_IS: t.Final = re.compile(r"%~z[a-z]==\d+")
#: Variables that cmd.exe itself makes up: nobody should send a line that depends on them.
#: https://ss64.com/nt/syntax-variables.html
MADE_UP: t.Final = frozenset("CD DATE TIME RANDOM ERRORLEVEL CMDCMDLINE CMDEXTVERSION".split())
_PERCENT: t.Final = re.compile(r"%([^%:]+)(?::([^%]*))?%")


def expand_percent(line: str, environment: Mapping[str, str]) -> str:
    """Phase one: ``%NAME%`` and ``%NAME:from=to%`` of defined variables; all else stays.

    ``environment`` has upper-case names.
    """
    result, at = [], 0
    while (found := line.find("%", at)) >= 0:
        match = _PERCENT.match(line, found)
        value = environment.get(match[1].upper()) if match else None
        if value is None and match is not None and match[1].upper() in MADE_UP:
            raise Refused(f"the variable %{match[1]}%: with ^%{match[1]}^% it is none")
        result.append(line[at:found])
        if match is None or value is None:
            result.append("%")
            at = found + 1
        else:
            result.append(_edited(value, match[2]))
            at = match.end()
    return "".join([*result, line[at:]])


def _edited(value: str, edit: str | None) -> str:
    if not edit:
        return value
    old, separator, new = edit.partition("=")
    if not old or not separator or old.startswith(("~", "*")):
        raise Refused(f"the edit %...:{edit}% of a variable")
    return re.sub(re.escape(old), lambda _unused: new, value, flags=re.IGNORECASE)


@functools.lru_cache(maxsize=256)
def parse(line: str) -> Node:
    """The tree of a line; raises Refused or SyntaxFault. A line of nothing is an empty Sequence."""
    if "\n" in line or "\r" in line:
        raise Refused("a line break inside a line")
    return _parsed(line)[0]


def places(line: str) -> list[tuple[Simple | Group, int, int]]:
    """Every command and group of a line, with where its text begins and ends; raises Refused or SyntaxFault."""
    return _parsed(line)[1].places


def _parsed(line: str) -> tuple[Node, _Parser]:
    parser = _Parser(line)
    node = parser.sequence(0)
    if parser.at < len(line):
        raise SyntaxFault(f"{line[parser.at]} was unexpected at this time.")
    return node, parser


class _Parser:
    def __init__(self, line: str) -> None:
        self.line, self.at = line, 0
        self.places: list[tuple[Simple | Group, int, int]] = []

    def _peek(self, width: int = 1) -> str:
        return self.line[self.at : self.at + width]

    def _skip(self, what: str = BLANKS) -> None:
        while self.at < len(self.line) and self.line[self.at] in what:
            self.at += 1

    def sequence(self, depth: int) -> Node:
        """Commands joined by ``&`` up to the end or the bracket that closes the group."""
        items: list[Node] = []
        while True:
            self._skip()
            if not self._peek() or (depth and self._peek() == ")"):
                break
            items.append(self.pipeline(depth))
            self._skip(" \t")
            if self._peek(2) in ("&&", "||"):
                raise Refused(f"the operator {self._peek(2)}")
            if self._peek() != "&":
                break
            self.at += 1
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def pipeline(self, depth: int) -> Node:
        left = self.command(depth)
        self._skip(" \t")
        if self._peek() == "|" and self._peek(2) != "||":
            self.at += 1
            self._skip()
            return Pipe(left, self.pipeline(depth))
        return left

    def command(self, depth: int) -> Node:
        self._skip()
        begin = self.at
        if self._peek() == "(":
            group = self._group(depth)
            self.places.append((group, begin, self.at))
            return group
        if self._peek() in ("<", ">", "@", ":"):
            raise Refused(f"a command that begins with {self._peek()}")
        if self._peek() in ("&", "|", ")", ""):
            raise SyntaxFault(f"{self._peek() or 'the end'} was unexpected at this time.")
        word = _KEYWORD.match(self.line, self.at)
        if word is None:
            simple = self._simple(depth)
            self.places.append((simple, begin, self.at))
            return simple
        self.at = word.end()
        if word[1].lower() == "for":
            return self._for(depth)
        if word[1].lower() == "if":
            return self._if(depth)
        raise Refused("rem")

    def _group(self, depth: int) -> Group:
        self.at += 1
        body = self.sequence(depth + 1)
        if self._peek() != ")":
            raise SyntaxFault("a ( without its )")
        if body == Sequence(()):
            raise SyntaxFault(") was unexpected at this time.")
        self.at += 1
        rest = self._simple(depth)
        if rest.text.strip(BLANKS):
            raise SyntaxFault(f"{rest.text.split()[0]} was unexpected at this time.")
        return Group(body, rest.redirects)

    def _simple(self, depth: int) -> Simple:
        text: list[str] = []
        redirects: list[Redirect] = []
        quoted = False
        escaped = -1
        while self.at < len(self.line):
            plain = (_IN_QUOTES if quoted else _PLAIN).match(self.line, self.at)
            if plain is not None:
                text.append(plain[0])
                self.at = plain.end()
                continue
            char = self.line[self.at]
            if char == '"':
                quoted = not quoted
            elif not quoted:
                if char in "&|" or (char == ")" and depth):
                    break
                if char in "<>":
                    redirects.append(self._redirect(char, text, escaped))
                    continue
                if char == "^":
                    self.at += 1
                    char = self._peek()
                    escaped = len(text)
            text.append(char)
            self.at += 1
        return Simple("".join(text), tuple(redirects))

    def _redirect(self, char: str, text: list[str], escaped: int) -> Redirect:
        """``escaped``: which piece of the text came after a caret; such a digit is text and no handle."""
        handle = 0 if char == "<" else 1
        so_far = "".join(text)
        if so_far[-1:].isdigit() and escaped != len(text) - 1 and (len(so_far) == 1 or so_far[-2] in BLANKS + "("):
            handle = int(so_far[-1])
            text[:] = [so_far[:-1]]
        self.at += 1
        append = char == ">" and self._peek() == ">"
        self.at += append
        if self._peek() == "&":
            target = "&" + self.line[self.at + 1 : self.at + 2]
            self.at += 2
        else:
            self._skip(" \t")
            match = _TARGET.match(self.line, self.at)
            target = match[0] if match else ""
            self.at += len(target)
        if not append and (handle, target.lower()) in ((0, "nul"), (1, "nul"), (2, "nul"), (2, "&1")):
            return Redirect(handle, target.lower())
        if handle != 1 or not _FILE.fullmatch(target):
            raise Refused(f"the redirection {handle}{char}{'>' * append}{target}")
        return Redirect(handle, target, append)

    def _word(self, pattern: str, what: str) -> str:
        self._skip()
        match = re.compile(pattern, re.IGNORECASE).match(self.line, self.at)
        if match is None:
            raise SyntaxFault(f"{self.line[self.at : self.at + 20]!r} was unexpected at this time ({what} wanted).")
        self.at = match.end()
        return match[0]

    def _for(self, depth: int) -> For:
        self._skip()
        switch = ""
        if self._peek() == "/":
            switch = self._word(r"/\w+", "a switch").lower()
            if switch != "/f":
                raise Refused(f"for {switch}")
        self._skip()
        options = self._word(r'"[^"]*"', "options")[1:-1] if switch and self._peek() == '"' else ""
        variable = self._word(r"%[a-z](?=[\s,;=])", "a variable")
        self._word(r"in(?=[\s(])", "in")
        self._word(r"\(", "(")
        inside = self._simple(1)
        if inside.redirects or self._peek() != ")":
            raise SyntaxFault(f"{self._peek() or 'the end'} was unexpected at this time.")
        self.at += 1
        self._word(r"do(?=[\s(])", "do")
        body = self._body(depth)
        return For(variable[1], inside.text, body, bool(switch), options)

    def _if(self, depth: int) -> If:
        self._skip()
        negated = re.compile(r"not\s", re.IGNORECASE).match(self.line, self.at) is not None
        if negated:
            self._word("not", "not")
        test = self._word(r'"[^"]*"|[^\s&|<>()]+', "a condition").lower()
        if test == "exist":
            operand = self._word(r'"[^"]*"|[^\s&|<>()",;=]+', "a path")
            return If("exist", negated, operand, self._body(depth))
        if test == "errorlevel":
            return If("errorlevel", negated, self._number(), self._body(depth))
        if _SIZE_IS.fullmatch(test):
            return If("size", negated, test, self._body(depth))
        if _SIZE.fullmatch(test):
            if self._word(r"[a-z=]+", "a comparison").lower() != "lss":
                raise Refused(f"if {test} with another comparison than lss")
            return If("size", negated, f"{test} lss {self._number()}", self._body(depth))
        raise Refused(f"if {test}")

    def _number(self) -> str:
        return self._word(r"\d+", "a number")

    def _body(self, depth: int) -> Node:
        """The rest of the group: ``for`` and ``if`` bind more loosely than ``&`` and ``|``."""
        body = self.sequence(depth)
        if body == Sequence(()):
            raise SyntaxFault("a for or if without a command")
        if isinstance(body, Sequence) and isinstance(body.items[0], (Group, For, If)):
            raise Refused("a command after the ) of a for or if: cmd takes it into the body; put the whole in ( )")
        return body
