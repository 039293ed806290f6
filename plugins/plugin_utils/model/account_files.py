# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail accounts that are files: each is a key of the registry image, its elements are the values of that key.

So whatever reads, plans, keeps and undoes values does so with elements. The key stands in the hive of the user whose
account it is, below a key that no program makes: ``HKU\\S-1-5-21-...\\account file\\C:\\Users\\...``. Only
``remote.account_files`` turns such a key into commands; what writes to the registry refuses it.
"""

from __future__ import annotations

import typing as t

_BELOW: t.Final = "account file"
_USERS: t.Final = "hku\\"


def file_key(root: str, path: str) -> str:
    """The key of an account's file. ``root``: of the user's hive (``HKU\\S-1-5-21-...``); ``path``: a whole one."""
    return f"{root}\\{_BELOW}\\{path}"


def file_of(key: str) -> str | None:
    """The path of the file for which that key stands; None for a key of the registry."""
    hive, *rest = key.split("\\", 3)
    if len(rest) != 3 or hive.casefold() != _USERS[:-1] or rest[1].casefold() != _BELOW:
        return None
    return rest[2]


def element_of(name: str) -> str:
    """The element that the value of that name stands for: ``SMTP Port`` → ``SMTP_Port``."""
    return name.replace(" ", "_")


def name_of(element: str) -> str:
    """And back."""
    return element.replace("_", " ")
