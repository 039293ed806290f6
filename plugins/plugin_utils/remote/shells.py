# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shells over Ansible's connections. Each gets the line to cmd.exe in the way that its connection allows.

- ``mailfleet.client.winrs``: as it is.
- ``winrm``, ``psrp`` (the latter was never tested): PowerShell starts cmd.exe. The connection turns the line into
  UTF-16 and base64, so a third of cmd.exe's limit is left.
- ``ssh``: cmd.exe, or PowerShell, whichever ``ansible_shell_type`` says the host's default shell is.
"""

from __future__ import annotations

import base64
import contextlib
import re
import typing as t
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display

from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.safety import OwnConnection
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import CMD_LIMIT, Output, ShellError

#: Left free for what goes before the line: ``C:\\WINDOWS\\system32\\cmd.exe /C`` and the like.
_SPARE: t.Final = 191
#: ``PowerShell -NoProfile -NonInteractive -ExecutionPolicy Unrestricted -EncodedCommand ``, and room for more.
_POWERSHELL: t.Final = 120
_INNER: t.Final = "cmd.exe /d /s /c "
#: Connections that copy files by a script of ansible-core: on an older PowerShell it fails without saying why.
_BY_POWERSHELL: t.Final = ("winrm", "psrp")
_OWN_POWERSHELL: t.Final = (
    "this connection copies files by PowerShell 5.1 or later on the host: connect with mailfleet.client.winrs, or have"
    " the file where the host can get it itself"
)
#: Return codes that say that a line was ended before its time: that of our own connection.
_TIMED_OUT: t.Final = 258

PLAIN_LIMIT: t.Final = CMD_LIMIT - _SPARE


def wrapped_limit(quotes: int = 16) -> int:
    """Characters that a line may have where it travels in an EncodedCommand.

    :param quotes: how many single quotes it may hold; each is doubled.
    """
    script = (CMD_LIMIT - _SPARE - _POWERSHELL) // 4 * 3 // 2
    return script - len(_INNER) - len("''") - quotes


#: The limits of the shells below, for whoever packs lines before there is a shell.
LIMITS: t.Final = (PLAIN_LIMIT, wrapped_limit())


def powershell(line: str) -> str:
    """The line as a PowerShell script that hands it to cmd.exe."""
    doubled = line.replace("'", "''")
    return f"{_INNER}'{doubled}'"


def encoded(line: str) -> str:
    """The same as a command line, for a host whose ssh server starts PowerShell, which would eat the quotes."""
    script = base64.b64encode(powershell(line).encode("utf-16-le")).decode("ascii")
    return f"powershell -NoProfile -NonInteractive -EncodedCommand {script}"


def cmd(line: str) -> str:
    """The line for a host whose ssh server starts cmd.exe: with /s, the outermost quotes go and nothing else."""
    return f'{_INNER}"{line}"'


class ConnectionShell:
    """A :class:`FileShell` over an Ansible connection. ``feeds``: lines can have standard input there."""

    def __init__(self, connection: t.Any, wrap: Callable[[str], str], limit: int, feeds: bool = False) -> None:
        self._connection = connection
        self._wrap = wrap
        self._limit = limit
        self.feeds = feeds
        #: Options of the connection as they were before it was to be less patient.
        self._usual: dict[str, t.Any] = {}

    @property
    def limit(self) -> int:
        """How many characters a line may have."""
        return self._limit

    def run(self, line: str) -> Output:
        """Run one line.

        :raises ShellError: nothing came back.
        """
        return self._exec(line, None)

    def feed(self, line: str, chunks: Iterable[bytes]) -> Output:
        """Run one line with these bytes on its standard input.

        :raises ShellError: nothing came back, or this connection gives lines no input.
        """
        if not self.feeds:
            raise ShellError(f"The connection {_kind(self._connection)} gives lines of cmd.exe no input.")
        return self._exec(line, chunks)

    def carry(self, source: Path, target: str) -> None:
        """Copy a file by what the connection itself has for that.

        :raises ShellError: it did not work.
        """
        try:
            self._guarded(lambda: self._connection.put_file(str(source), target))
        except ShellError as error:
            if error.unreachable or _kind(self._connection) not in _BY_POWERSHELL:
                raise
            raise ShellError(f"{str(error).rstrip('.')}; {_OWN_POWERSHELL}.") from error

    def renew(self, patience: int | None = None) -> None:
        """Forget the connection, so that the next line connects anew: for a host that goes down, or has been.

        What is open on a host that still answers is closed there. Raises nothing.

        :param patience: seconds for which the host may leave a request without an answer from now on. One that never
            answers is given up after some 10 seconds more, and after twice that where it vanishes in the middle of a
            line. None: as its inventory says.
        """
        _forget(self._connection)
        for option, value in self._usual.items():
            self._connection.set_option(option, value)
        self._usual = {}
        for option, value in _impatience(self._connection, patience).items() if patience else ():
            self._usual[option] = self._connection.get_option(option)
            self._connection.set_option(option, value)

    def _exec(self, line: str, chunks: Iterable[bytes] | None) -> Output:
        if len(line) > self._limit:
            raise ShellError(f"A line of {len(line)} characters is too long for this connection ({self._limit}).")
        rc, out, err = self._guarded(
            lambda: self._connection.exec_command(self._wrap(line), in_data=chunks, sudoable=False)
        )
        cut = shown(" ".join(err.decode("utf-8", "replace").split()), 300) if rc == _TIMED_OUT and err else None
        return Output(rc, out, err, cut)

    def _guarded(self, act: Callable[[], t.Any]) -> t.Any:
        try:
            with _quiet(self._connection):
                return act()
        except AnsibleConnectionFailure as error:
            raise ShellError(_sentence(error), unreachable=True) from error
        except AnsibleError as error:
            raise ShellError(_sentence(error)) from error
        except Exception as error:
            # Connections that were written for honest hosts raise nearly anything at answers that make no sense.
            raise ShellError(f"The connection failed: {_sentence(error)}", unreachable=True) from error


def shell_for(connection: t.Any) -> ConnectionShell:
    """The shell over a connection of Ansible.

    :raises ShellError: that connection cannot run lines of cmd.exe.
    """
    kind = _kind(connection)
    family = str(getattr(getattr(connection, "_shell", None), "SHELL_FAMILY", ""))
    if kind == "winrs":
        return ConnectionShell(connection, str, PLAIN_LIMIT, feeds=True)
    if kind in ("winrm", "psrp"):
        return ConnectionShell(connection, powershell, wrapped_limit())
    if kind == "ssh" and family == "powershell":
        return ConnectionShell(connection, encoded, wrapped_limit())
    if kind == "ssh" and family == "cmd":
        return ConnectionShell(connection, cmd, PLAIN_LIMIT - len(cmd("")))
    if kind == "ssh":
        raise ShellError("Over ssh, ansible_shell_type has to be cmd or powershell, whichever the host starts.")
    raise ShellError(
        f"The connection {kind or 'of this host'} runs no lines of cmd.exe;"
        " mailfleet.client.winrs, winrm, psrp and ssh do."
    )


@contextlib.contextmanager
def _quiet(connection: t.Any) -> Iterator[None]:
    """Keep ansible-core's connections from logging what a host prints, at any verbosity: it holds people's settings."""
    # "no_log" would do for all of them, but ssh then hides even why it could not connect.
    target, name, value = (
        (Display(), "verbosity", min(Display().verbosity, 2))
        if _kind(connection) == "ssh"
        else (getattr(connection, "_play_context", None), "no_log", True)
    )
    before = getattr(target, name, None)
    if target is not None:
        setattr(target, name, value)
    try:
        yield
    finally:
        if target is not None:
            setattr(target, name, before)


def _kind(connection: t.Any) -> str:
    return str(getattr(connection, "transport", "")).rpartition(".")[2]


#: Seconds for the farewell to a host that may have gone.
_FAREWELL: t.Final = 5


def _forget(connection: t.Any) -> None:
    """Close what a connection holds open, and forget it even where the host does not hear of it any more.

    ``reset`` of ansible-core's winrm and psrp would connect at once, and fail while the host is away. That of ssh ends
    the connection that ControlPersist keeps, which would outlive the host's restart without noticing.
    """
    transport = getattr(getattr(connection, "protocol", None), "transport", None)
    if transport is not None:
        transport.read_timeout_sec = _FAREWELL
    with contextlib.suppress(Exception), _quiet(connection):
        if _kind(connection) == "ssh":
            connection.reset()
        else:
            connection.close()
    for name in ("protocol", "shell_id", "runspace"):
        if getattr(connection, name, None) is not None:
            setattr(connection, name, None)
    connection._connected = False


def _impatience(connection: t.Any, seconds: int) -> dict[str, t.Any]:
    """Options by which a connection gives a silent host up."""
    kind = _kind(connection)
    if kind == "ssh":
        # Without the first two, a session to a host that has vanished waits for TCP to give up: a quarter of an hour.
        alive = f"-o ServerAliveInterval={max(1, seconds // 3)} -o ServerAliveCountMax=3"
        extra = f"{connection.get_option('ssh_extra_args') or ''} {alive}".strip()
        return {"ssh_extra_args": extra, "timeout": seconds, "reconnection_retries": 0}
    if kind == "psrp":
        return {"connection_timeout": seconds, "read_timeout": seconds + 10, "operation_timeout": seconds}
    # ansible-core makes it the timeout of WS-Management, and adds 10 seconds for that of HTTP.
    winrm = {"connection_timeout": seconds}
    return {**winrm, "winrs_command_timeout": 2 * seconds} if kind == "winrs" else winrm


#: What pywinrm adds to a fault: a dictionary of its fields, which says nothing more.
_FAULT_DATA: t.Final = re.compile(r" ?\(extended fault data: \{.*?\}\)")
#: Words of a failure → what to do about it. The first that fits counts.
_ADVICE: t.Final = (
    (r"refused", "nothing listens there: enable WinRM on the host, or correct ansible_host and ansible_port"),
    (r"\b401\b|credentials", "correct ansible_user, ansible_password and ansible_winrm_transport"),
    (r"\b40[45]\b", "what answers there is no WinRM: correct ansible_host, ansible_port and ansible_winrm_scheme"),
    (r"\b400\b", "something cut the connection in the middle; run again"),
    (r"\b413\b", "set ansible_winrs_envelope_kb to the host's MaxEnvelopeSizekb, or leave it out"),
    (r"access is denied", "the account may open no shell: it has to be an administrator, over WinRM too"),
    (r"\b500\b", "look into the host's WinRM log, and restart its service WinRM"),
    (r"tim(?:ed|e) ?out", "see whether the host is up, and raise ansible_winrm_connection_timeout if it is slow"),
    (r"certificate", "give the host a certificate, or set ansible_winrm_server_cert_validation"),
)


def _sentence(error: Exception) -> str:
    """What went wrong in one sentence, and what to do about it."""
    text = shown(" ".join(_FAULT_DATA.sub("", str(error)).split()), 300).rstrip(".!") or type(error).__name__
    advice = next((words for pattern, words in _ADVICE if re.search(pattern, text, re.IGNORECASE)), None)
    return f"{text}; {advice}." if advice else f"{text}."


#: Options of connections that speak HTTP or HTTPS: which of the two, and the port that tells where nothing is said.
_SCHEMES: t.Final = {"winrs": ("scheme", 5985), "winrm": ("scheme", 5985), "psrp": ("protocol", 5985)}


def own_connection(connection: t.Any) -> OwnConnection:
    """What our own connection to the host depends on, by its options."""
    kind = _kind(connection)
    if kind not in _SCHEMES:
        return OwnConnection(kind, tls=False)
    option, plain = _SCHEMES[kind]
    scheme = connection.get_option(option)
    secure = scheme == "https" if scheme else int(connection.get_option("port") or 0) != plain
    return OwnConnection(kind, tls=secure)
