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
  - Takes all options and every kind of authentication of P(ansible.builtin.winrm#connection), on which it is built.
    Settings of inventories for that connection (C(ansible_winrm_*)) work unchanged.
  - For P(ansible.builtin.raw#module) and for the modules of this collection. Modules that run on the host itself cannot
    work over it and are refused before anything is sent; so set C(gather_facts=false).
  - The shell on the host is deleted when the task ends; old hosts allow two to five of them. What a host prints is not
    logged, at any verbosity.
notes:
  - P(ansible.builtin.copy#module) and the like fail and say so; only the modules of this collection send files.
  - Privilege escalation (C(become)) would change nothing on a line of C(cmd.exe), so tasks that ask for it fail.
  - Over HTTP, messages are encrypted unless C(ansible_winrm_message_encryption=never) is set (NTLM, Kerberos, CredSSP).
  - P(ansible.builtin.raw#module) reads output as UTF-8, whatever code page the host prints it in.
author: ["The mailfleet.client developers (@mailfleet)"]
version_added: 0.1.0
requirements: [pywinrm (Python library) 0.5.0 or newer]
extends_documentation_fragment: [mailfleet.client.winrm_options]
options:
  winrs_codepage:
    description:
      - Code page that is asked of the host's shell. The host prints in it, and the modules of this collection ask the
        host for it before they decode anything.
      - V(437) exists on every Windows. Letters that it lacks arrive as question marks; where they matter, set the OEM
        code page of the hosts (for example V(850), V(866), V(932)), or V(65001) (UTF-8).
      - Never V(65001) before Windows 8 and Server 2012, where it breaks pipes and batch files without a word.
    type: int
    default: 437
    vars: [{name: ansible_winrs_codepage}]
  winrs_command_timeout:
    description:
      - Seconds that one command line may take in all. After that it is terminated on the host; what it printed until
        then is kept, the return code is 258 (C(WAIT_TIMEOUT)) and standard error says what happened.
      - V(0) for no limit. O(connection_timeout) is about each request.
    type: int
    default: 300
    vars: [{name: ansible_winrs_command_timeout}]
  winrs_output_limit:
    description: Bytes that one command line may print; beyond that it ends just as if its time were up.
    type: int
    default: 33554432
    vars: [{name: ansible_winrs_output_limit}]
  winrs_envelope_kb:
    description: C(MaxEnvelopeSizekb) of the host. Every WinRM has at least V(150) unless somebody changed it; from 3.0
      on (Windows 8, Server 2012) it is 500, and V(500) sends files in half the requests, which hosts with less refuse.
    type: int
    default: 150
    vars: [{name: ansible_winrs_envelope_kb}]
  winrs_allow_basic_over_http:
    description:
      - Allow Basic authentication over plain HTTP, which sends the password in clear text. No O(transport) and O(port)
        V(5985) mean just that; C(ansible_winrm_transport=ntlm) is the better answer.
    type: bool
    default: false
    vars: [{name: ansible_winrs_allow_basic_over_http}]
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

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import winrs_input
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.winrm_errors import (
    TimeIsUp,
    WinRMOperationTimeoutError,
    reason,
)

display = Display()

Input = winrs_input.Input
NAME: t.Final = "mailfleet.client.winrs"
#: WAIT_TIMEOUT, https://learn.microsoft.com/windows/win32/debug/system-error-codes--0-499-
TIMED_OUT: t.Final = 258
#: Seconds for the last requests to a host that does not answer any more.
_FAREWELL: t.Final = 5
#: Commands that have ended and whose remains go with their shell: one request less each. WinRM 1.1 allows a shell five.
_REMAINS: t.Final = 3
#: What a module would come as: in the line, or on the standard input of PowerShell.
_POWERSHELL: t.Final = {"line": re.compile("(?i)-encodedcommand"), "fed": re.compile("(?i)-encoded|powershell|pwsh")}
_BASIC: t.Final = frozenset({"basic", "plaintext", "ssl"})
_ENCRYPTING: t.Final = frozenset({"ntlm", "kerberos", "credssp"})


class Connection(WinrmConnection):  # type: ignore[misc]
    """cmd.exe over WinRM. Sends nothing but Create, Command, Send, Receive, Signal and Delete."""

    transport = NAME
    module_implementation_preferences = ("",)
    allow_executable = False
    has_pipelining = False
    # So that ansible_winrm_message_encryption and the like reach pywinrm, as they do with the base.
    _extras_prefix = "winrm"
    protocol: t.Any
    shell_id: str | None
    _winrm_transport: list[str]
    _winrm_kwargs: dict[str, t.Any]

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        kwargs["shell"] = shell_loader.get(NAME)
        super().__init__(*args, **kwargs)
        self._ended: list[str] = []
        # ansible-core 2.19 sets both to True in the base, and the latter sends modules to exec_command.
        self.has_native_async = self.always_pipeline_modules = False

    def is_pipelining_enabled(self, wrap_async: bool = False) -> bool:
        """No modules, so none on standard input."""
        return False

    def _build_winrm_kwargs(self) -> None:
        super()._build_winrm_kwargs()
        if self._winrm_scheme != "http" or self.get_option("winrs_allow_basic_over_http"):
            return
        for transport in _BASIC.intersection(self._winrm_transport):
            raise AnsibleError(
                f"{NAME} does not send passwords in clear text: the transport {transport} over http is Basic;"
                " use ansible_winrm_transport ntlm or kerberos, or https, or set ansible_winrs_allow_basic_over_http."
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
            except Exception as error:
                named = isinstance(error, AnsibleConnectionFailure)
                errors.append(reason(error) if named else f"{transport}: {reason(error)}")
                if protocol is not None:
                    protocol.transport.close_session()
                if isinstance(error, TimeIsUp):
                    break  # a host that does not answer would not do so by another transport
            finally:
                self._winrm_transport, self._winrm_kwargs = transports, wanted
                if self.shell_id == "not yet":
                    self.shell_id = None
        raise AnsibleConnectionFailure("; ".join(errors) or "No transport found for WinRM connection")

    def exec_command(self, cmd: str, in_data: Input | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        """Run one line of cmd.exe. ``in_data``: what it gets on standard input, whole or in pieces; None: nothing.

        :returns: exit code, standard output, standard error; 258 and what was printed where the time was up.
        :raises AnsibleError: the line, or what comes with it, is nothing for this connection; nothing was sent.
        :raises AnsibleConnectionFailure: the host went away, or does not speak WS-Management.
        """
        self._refuse(cmd, in_data)
        if not self._connected:
            self._connect()
        display.vvvvv(f"WINRS EXEC a line of {len(cmd)} characters", host=self._winrm_host)
        try:
            command = self._winrm_run_command(cmd, (), console_mode_stdin=in_data is None)
            if in_data is not None:
                send = winrs_input.sender(self._winrm_send_input, self.protocol, self.shell_id, command)
                winrs_input.feed(send, in_data, self.get_option("winrs_envelope_kb"))
            ended, answer = self._output(command)
        except Exception as error:
            # A host that is not what it seems makes pywinrm and what is below it raise nearly anything.
            self._renew(patience=_FAREWELL)
            self.close()
            if isinstance(error, winrs_input.InputError):
                raise
            raise AnsibleConnectionFailure(f"the connection was lost: {reason(error)}") from None
        self._finish(command, ended)
        return answer

    def _refuse(self, cmd: str, in_data: Input | None) -> None:
        if self.become is not None:
            raise AnsibleError(f"{NAME} cannot become another user: a line of cmd.exe would run as before.")
        if _POWERSHELL["line" if in_data is None else "fed"].search(cmd):
            raise AnsibleError(f"{NAME} runs no PowerShell: modules need the connection winrm, psrp or ssh.")

    def _output(self, command: str) -> tuple[bool, tuple[int, bytes, bytes]]:
        """Receive until the command is done (then True), its time is up, or its output is beyond the limit."""
        seconds, most = self.get_option("winrs_command_timeout"), self.get_option("winrs_output_limit")
        end = time.monotonic() + (seconds or math.inf)
        protocol = self.protocol
        usual = protocol.operation_timeout_sec, protocol.transport.read_timeout_sec
        out, err, size = [], [], 0
        try:
            while (left := end - time.monotonic()) > 0:
                # Both timeouts of one request shrink with the time that is left.
                wait = max(1, min(usual[0], left))
                protocol.operation_timeout_sec = wait
                protocol.transport.read_timeout_sec = wait + usual[1] - usual[0]
                try:
                    printed = self._winrm_get_raw_command_output(protocol, self.shell_id, command)
                except WinRMOperationTimeoutError:
                    continue  # nothing printed for a while
                except TimeIsUp:
                    if time.monotonic() < end:
                        raise
                    self._renew()
                    break
                out.append(printed[0])
                err.append(printed[1])
                size += len(printed[0]) + len(printed[1])
                if printed[3]:
                    return True, (printed[2], b"".join(out), b"".join(err))
                if size > most:
                    return False, self._cut(out, err, f"printed more than {most} bytes (ansible_winrs_output_limit)")
        finally:
            protocol.operation_timeout_sec, protocol.transport.read_timeout_sec = usual
        return False, self._cut(out, err, f"took more than {seconds} seconds (ansible_winrs_command_timeout)")

    def _cut(self, out: list[bytes], err: list[bytes], why: str) -> tuple[int, bytes, bytes]:
        return TIMED_OUT, b"".join(out), b"".join(err) + f"{NAME}: the command {why} and was terminated.\n".encode()

    def _renew(self, patience: int | None = None) -> None:
        """Go on over a new HTTP connection, signed in anew: what was encrypted for the old one is refused there."""
        if self.protocol is not None:
            transport = self.protocol.transport
            transport.close_session()
            transport.encryption = None
            transport.read_timeout_sec = patience or transport.read_timeout_sec

    def _finish(self, command: str, ended: bool) -> None:
        """Terminate the command; of one that has ended, WinRM keeps a little until it is told, or the shell goes."""
        if ended:
            self._ended.append(command)
            if len(self._ended) <= _REMAINS:
                return
            command = self._ended.pop(0)
        try:
            self.protocol.cleanup_command(self.shell_id, command)
        except Exception as error:
            display.vvv(f"WINRS: the command could not be cleaned up: {reason(error)}", host=self._winrm_host)

    def put_file(self, in_path: str, out_path: str) -> None:
        """Not part of this release."""
        raise AnsibleError(f"{NAME} copies no files in this release: it only runs lines of cmd.exe.")

    fetch_file = put_file

    def reset(self) -> None:
        """Delete the shell and open a new one."""
        if self._connected:
            self.close()
            self._connect()

    def close(self) -> None:
        """Delete the shell: WinRM 1.1 allows a user two, 2.0 five."""
        protocol, shell = self.protocol, self.shell_id
        self.protocol, self.shell_id, self._connected, self._ended = None, None, False, []
        if protocol is None:
            return
        try:
            if shell:
                protocol.close_shell(shell)
        except Exception as error:
            display.vvv(f"WINRS: the shell could not be deleted: {reason(error)}", host=self._winrm_host)
        finally:
            protocol.transport.close_session()
