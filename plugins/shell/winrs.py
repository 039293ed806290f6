# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shell of the connection mailfleet.client.winrs: cmd.exe, and never a word of PowerShell."""

from __future__ import annotations

DOCUMENTATION = r"""
name: winrs
short_description: Windows command prompt, without PowerShell
description:
  - The shell of the connection P(mailfleet.client.winrs#connection), which sets it by itself.
  - Quotes for C(cmd.exe). Whatever would need PowerShell on the host (temporary folders, copying, modules) is refused
    with a message that says so.
author:
  - The mailfleet.client developers (@mailfleet)
version_added: 0.1.0
extends_documentation_fragment:
  - shell_windows
"""

import typing as t

from ansible.errors import AnsibleError
from ansible.plugins.shell.cmd import ShellModule as CmdShell


def _refuse(what: str) -> t.Callable[..., t.NoReturn]:
    def refuse(self: ShellModule, *args: t.Any, **kwargs: t.Any) -> t.NoReturn:
        raise AnsibleError(
            f"mailfleet.client.winrs cannot {what}: that needs PowerShell on the host, and this connection runs lines"
            " of cmd.exe only (ansible.builtin.raw, and the modules of mailfleet.client)."
        )

    return refuse


class ShellModule(CmdShell):  # type: ignore[misc]
    """ansible-core's cmd shell without its PowerShell."""

    COMPATIBLE_SHELLS: t.ClassVar[frozenset[str]] = frozenset()
    SHELL_FAMILY = "winrs"
    _IS_WINDOWS = True

    mkdtemp = _mkdtemp2 = _refuse("run modules on the host, nor make a temporary folder for them")
    expand_user = _expand_user2 = _refuse("look up a home folder")
    exists = checksum = _refuse("look at a file")
    remove = _refuse("remove a file")
    build_module_command = wrap_for_exec = _refuse("run modules on the host")
    _encode_script = _encode_pwsh_script_as_command = _refuse("run PowerShell")
