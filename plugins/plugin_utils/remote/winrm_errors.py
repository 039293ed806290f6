# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What pywinrm and requests raise, in one line for people."""

from __future__ import annotations

import re

from ansible.errors import AnsibleError

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

try:
    import requests.exceptions
    import winrm.exceptions

    TimeIsUp, _HttpError = requests.exceptions.Timeout, requests.exceptions.RequestException
    WinRMOperationTimeoutError = winrm.exceptions.WinRMOperationTimeoutError
    #: Errors whose text tells people something. There are many more.
    _TELLING: tuple[type[Exception], ...] = (
        winrm.exceptions.AuthenticationError,
        winrm.exceptions.WinRMError,
        winrm.exceptions.WinRMTransportError,
        _HttpError,
    )
except ImportError:  # ansible-core's own connection says so when it connects
    TimeIsUp, WinRMOperationTimeoutError = ConnectionError, TimeoutError  # type: ignore[assignment]
    _TELLING = ()


def reason(error: Exception) -> str:
    """An error in one line. A host may have written parts of it."""
    if not isinstance(error, (*_TELLING, AnsibleError)):
        return f"the answer is not one of WS-Management ({type(error).__name__})"
    while error.args and isinstance(error.args[-1], Exception):
        error = error.args[-1]  # requests wraps urllib3's, which wraps the one that says something
    text = " ".join(str(error).partition(" (extended fault data")[0].split())
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return f"cannot connect ({system[1]})" if system else shown(text, 300) or type(error).__name__


def fault_code(error: Exception) -> int | None:
    """The number of a fault of WS-Management; None for every other error."""
    code = getattr(error, "wsman_fault_code", None)
    return code if isinstance(code, int) else None
