# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of cmd.exe over WinRM, and nothing of PowerShell: for every Windows from XP on."""

from __future__ import annotations

DOCUMENTATION = r"""
name: winrs
short_description: Run lines of cmd.exe over WinRM, without PowerShell
description:
  - Runs command lines in the C(cmd.exe) shell of WinRM, as C(winrs.exe) does. No PowerShell is sent or started, so it
    also works on Windows XP, Server 2003 and Vista, whose PowerShell ends before what Ansible's modules need.
  - Takes all options and every kind of authentication of the connection P(ansible.builtin.winrm#connection), on which it
    is built. Settings of inventories for that connection (C(ansible_winrm_*)) work unchanged.
  - For P(ansible.builtin.raw#module) and for the modules of this collection. Modules that run on the host itself cannot
    work over it and are refused before anything is sent; so set C(gather_facts=false).
  - Each line is one command of one shell. The shell is deleted when the task ends, and when the connection is reset;
    old hosts allow only two to five shells for each user.
  - What a host prints is not logged, at any verbosity.
notes:
  - Copies no files in this release. Tasks that need that fail with a message that says so.
  - Privilege escalation (C(become)) would change nothing on a line of C(cmd.exe), so a task that asks for it fails.
  - Over HTTP, messages are encrypted whenever the authentication can (NTLM, Kerberos, CredSSP). Set
    C(ansible_winrm_message_encryption=never) to turn that off.
  - P(ansible.builtin.raw#module) reads output as UTF-8, whatever code page the host prints it in.
author: the mailfleet.client developers
version_added: 0.1.0
requirements:
  - pywinrm (Python library) 0.4.2 or newer
extends_documentation_fragment:
  - mailfleet.client.winrm_options
options:
  winrs_codepage:
    description:
      - Code page that is asked of the host's shell. The host prints in it, and the modules of this collection ask the
        host for it before they decode anything.
      - V(437) exists on every Windows. Letters that it lacks arrive as question marks; where they matter, set the OEM
        code page of the hosts (for example V(850), V(866), V(932)), or V(65001) (UTF-8).
      - Never V(65001) before Windows 8 and Server 2012. There it breaks pipes and batch files without a word.
    type: int
    default: 437
    vars:
      - name: ansible_winrs_codepage
  winrs_command_timeout:
    description:
      - Seconds that one command line may take in all. After that it is terminated on the host; what it printed until
        then is kept, the return code is 258 (C(WAIT_TIMEOUT)) and standard error says what happened.
      - V(0) for no limit. Raise it for tasks that install something.
      - How long a single request may take is told by O(connection_timeout).
    type: int
    default: 300
    vars:
      - name: ansible_winrs_command_timeout
  winrs_output_limit:
    description:
      - Bytes of output that one command line may print. Beyond that it is terminated just as if its time were up.
    type: int
    default: 33554432
    vars:
      - name: ansible_winrs_output_limit
  winrs_allow_basic_over_http:
    description:
      - Allow Basic authentication over plain HTTP, which sends the password in clear text.
      - Also needed where P(ansible.builtin.winrm#connection) would fall back to it, because O(port) is V(5985) and no
        O(transport) is set. The better answer is C(ansible_winrm_transport=ntlm).
    type: bool
    default: false
    vars:
      - name: ansible_winrs_allow_basic_over_http
"""

EXAMPLES = r"""
- name: Inventory of old Windows hosts (WinRM 2.0 over HTTP, messages encrypted by NTLM)
  windows:
    hosts:
      xp-office:
      srv2003:
    vars:
      ansible_connection: mailfleet.client.winrs
      ansible_port: 5985
      ansible_winrm_transport: ntlm
      ansible_user: Administrator
      ansible_password: "{{ vault_windows_password }}"

- name: Ask each of them for its version
  hosts: windows
  gather_facts: false
  tasks:
    - name: Print the version of Windows
      ansible.builtin.raw: ver
      changed_when: false
"""

import math
import re
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.connection.winrm import Connection as WinrmConnection
from ansible.plugins.loader import shell_loader
from ansible.utils.display import Display

try:
    import requests.exceptions
    from winrm.exceptions import WinRMError, WinRMOperationTimeoutError

    _FAILURES: tuple[type[Exception], ...] = (WinRMError, requests.exceptions.RequestException)
except ImportError:  # the base says so, in _connect

    class WinRMOperationTimeoutError(Exception):  # type: ignore[no-redef]
        """Stands for pywinrm's, where there is none."""

    _FAILURES = ()

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

display = Display()

NAME: t.Final = "mailfleet.client.winrs"
#: What a host that is not what it seems makes pywinrm raise, beside its own errors: bad XML (a SyntaxError), missing
#: elements, bad base64, other message ids than ours.
_NONSENSE: t.Final = (SyntaxError, ValueError, LookupError, AttributeError, TypeError, StopIteration, AssertionError)
#: WAIT_TIMEOUT, https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-
TIMED_OUT: t.Final = 258
#: Seconds for the last requests to a host that does not answer any more.
_FAREWELL: t.Final = 5
_BASIC: t.Final = frozenset({"basic", "plaintext", "ssl"})
_ENCRYPTING: t.Final = frozenset({"ntlm", "kerberos", "credssp"})


class Connection(WinrmConnection):  # type: ignore[misc]
    """cmd.exe over WinRM. Sends nothing but Create, Command, Receive, Signal and Delete."""

    transport = NAME
    module_implementation_preferences = ("",)
    allow_executable = False
    has_pipelining = False
    # So that ansible_winrm_message_encryption and the like reach pywinrm, as they do with the base.
    _extras_prefix = "winrm"

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        kwargs["shell"] = shell_loader.get(NAME)
        super().__init__(*args, **kwargs)
        # ansible-core 2.19 sets both to True in the base; the latter would send modules to exec_command.
        self.has_native_async = False
        self.always_pipeline_modules = False

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        """Whether modules come on standard input: never."""
        return False

    def _build_winrm_kwargs(self) -> None:
        super()._build_winrm_kwargs()
        if self._winrm_scheme != "http" or self.get_option("winrs_allow_basic_over_http"):
            return
        clear = [transport for transport in self._winrm_transport if transport in _BASIC]
        if clear:
            raise AnsibleError(
                f"{NAME} does not send passwords in clear text: the transport {clear[0]} over http is Basic"
                " authentication; set ansible_winrm_transport to ntlm or kerberos, or use https, or set"
                " ansible_winrs_allow_basic_over_http."
            )

    def _winrm_connect(self) -> t.Any:
        """Open a shell by the first transport that can: ansible-core's own would ask for code page 65001."""
        transports, wanted = self._winrm_transport, self._winrm_kwargs
        errors = []
        for transport in transports:
            self._winrm_transport, self._winrm_kwargs = [transport], dict(wanted)
            if transport in _ENCRYPTING and self._winrm_scheme == "http":
                # pywinrm's "auto" goes on in clear text where a library for encryption is missing.
                asked = wanted.get("message_encryption", "auto")
                self._winrm_kwargs["message_encryption"] = "always" if asked == "auto" else asked
            self.shell_id = "not yet"  # keeps the base from opening a shell of its own
            protocol = None
            try:
                protocol = super()._winrm_connect()
                self.shell_id = protocol.open_shell(codepage=self.get_option("winrs_codepage"))
                return protocol
            except (*_FAILURES, *_NONSENSE, AnsibleConnectionFailure) as error:
                named = isinstance(error, AnsibleConnectionFailure)
                errors.append(_reason(error) if named else f"{transport}: {_reason(error)}")
                if protocol is not None:
                    protocol.transport.close_session()
            finally:
                self._winrm_transport, self._winrm_kwargs = transports, wanted
                if self.shell_id == "not yet":
                    self.shell_id = None
        raise AnsibleConnectionFailure("; ".join(errors) or "No transport found for WinRM connection")

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run one line of cmd.exe.

        :returns: exit code, standard output, standard error. A command that took too long: 258, and what it had
            printed.
        :raises AnsibleError: the line, or what comes with it, is nothing for this connection; nothing was sent.
        :raises AnsibleConnectionFailure: the host went away, or does not speak WS-Management.
        """
        self._refuse(cmd, in_data)
        if not self._connected:
            self._connect()
        display.vvvvv(f"WINRS EXEC a line of {len(cmd)} characters", host=self._winrm_host)
        command = None
        try:
            command = self._winrm_run_command(cmd, (), console_mode_stdin=True)
            return self._output(command)
        except (*_FAILURES, *_NONSENSE) as error:
            self.protocol.transport.read_timeout_sec = _FAREWELL
            raise AnsibleConnectionFailure(f"the connection was lost: {_reason(error)}") from None
        finally:
            if command is not None:
                self._finish(command)

    def _refuse(self, cmd: str, in_data: bytes | None) -> None:
        if self.become is not None:
            raise AnsibleError(f"{NAME} cannot become another user: a line of cmd.exe would run as before.")
        if "-encodedcommand" in cmd.lower() or in_data:
            raise AnsibleError(
                f"{NAME} runs lines of cmd.exe and no PowerShell: use the connection winrm, psrp or ssh for modules"
                " that run on the host."
            )

    def _output(self, command: str) -> tuple[int, bytes, bytes]:
        """Receive until the command is done, its time is up, or its output is beyond the limit."""
        seconds, most = self.get_option("winrs_command_timeout"), self.get_option("winrs_output_limit")
        end = time.monotonic() + (seconds or math.inf)
        patience = self.protocol.operation_timeout_sec
        out, err, size = [], [], 0
        try:
            while (left := end - time.monotonic()) > 0:
                self.protocol.operation_timeout_sec = max(1, min(patience, left))
                try:
                    more_out, more_err, code, done = self._winrm_get_raw_command_output(
                        self.protocol, self.shell_id, command
                    )
                except WinRMOperationTimeoutError:
                    continue  # nothing printed for a while
                out.append(more_out)
                err.append(more_err)
                size += len(more_out) + len(more_err)
                if done:
                    return code, b"".join(out), b"".join(err)
                if size > most:
                    return self._cut(out, err, f"printed more than {most} bytes (ansible_winrs_output_limit)")
        finally:
            self.protocol.operation_timeout_sec = patience
        return self._cut(out, err, f"took more than {seconds} seconds (ansible_winrs_command_timeout)")

    def _cut(self, out: list[bytes], err: list[bytes], why: str) -> tuple[int, bytes, bytes]:
        err.append(f"{NAME}: the command {why} and was terminated.\n".encode())
        return TIMED_OUT, b"".join(out), b"".join(err)

    def _finish(self, command: str) -> None:
        """Terminate the command, which also frees what WinRM holds for one that has ended."""
        try:
            self.protocol.cleanup_command(self.shell_id, command)
        except (*_FAILURES, *_NONSENSE):
            display.vvv("WINRS: the command could not be cleaned up", host=self._winrm_host)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Not part of this release."""
        raise AnsibleError(f"{NAME} copies no files to a host in this release; it only runs lines of cmd.exe.")

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Not part of this release."""
        raise AnsibleError(f"{NAME} copies no files from a host in this release; it only runs lines of cmd.exe.")

    def reset(self) -> None:
        """Delete the shell and open a new one."""
        if self._connected:
            self.close()
            self._connect()

    def close(self) -> None:
        """Delete the shell: WinRM 1.1 allows a user two, 2.0 five."""
        protocol, shell = self.protocol, self.shell_id
        self.protocol, self.shell_id, self._connected = None, None, False
        if protocol is None:
            return
        try:
            if shell:
                protocol.close_shell(shell)
        except (*_FAILURES, *_NONSENSE):
            display.vvv("WINRS: the shell could not be deleted", host=self._winrm_host)
        finally:
            protocol.transport.close_session()


def _reason(error: Exception) -> str:
    """An error in one line. A host may have written parts of it."""
    if isinstance(error, _NONSENSE):
        return "the answer is not one of WS-Management"
    text = " ".join(str(error).split())
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return f"cannot connect ({system[1]})" if system else shown(text, 300) or type(error).__name__
