# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A user of Windows Live Mail on a simulated host: where its accounts are, and one of them."""

from __future__ import annotations

from pathlib import Path

from tests.lab.entry import DEFAULT_USER
from tests.lab.files import FileSystem

HOME = r"C:\Users\till"
STORE = rf"{HOME}\AppData\Local\Microsoft\Windows Live Mail"
FILE = rf"{STORE}\Example (till) 2f1\account{{1D5F9B5C-2B0A-4C6E-9B0F-0A1B2C3D4E5F}}.oeaccount"
PASSWORD = "01000000d08c9ddf0115d1118c7a00c04fc297eb"
_REGISTRY = rf"""Windows Registry Editor Version 5.00

[HKEY_CURRENT_USER\Software\Microsoft\Windows Live Mail]
"Store Root"="%UserProfile%\\AppData\\Local\\Microsoft\\Windows Live Mail\\"

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows Live Mail]
"InstallRoot"="C:\\Program Files\\Windows Live\\Mail\\"

[HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\ProfileList\{DEFAULT_USER}]
"ProfileImagePath"="C:\\Users\\till"
"""


def element(name: str, kind: str, text: str) -> str:
    return f'<{name} type="{kind}">{text}</{name}>\r\n'


def account(pop3: str = "pop.example.com", port: str = "000003E3", more: str = "") -> bytes:
    """A file, with a password and a name that no code page has."""
    body = "".join(
        [
            element("Account_Name", "SZ", "Post \u00fc \u2603"),
            element("Connection_Type", "DWORD", "00000003"),
            element("POP3_Server", "SZ", pop3),
            element("POP3_User_Name", "SZ", "till"),
            element("POP3_Password2", "BINARY", PASSWORD),
            element("POP3_Port", "DWORD", port),
            element("POP3_Secure_Connection", "DWORD", "00000001"),
            element("SMTP_Server", "SZ", "smtp.example.com"),
            element("SMTP_Port", "DWORD", "000001d1"),
            element("SMTP_Secure_Connection", "DWORD", "00000001"),
            element("SMTP_Password2", "BINARY", PASSWORD),
            element("SMTP_Email_Address", "SZ", "till@example.com"),
            more,
        ]
    )
    text = f'<?xml version="1.0" encoding="utf-16" ?>\r\n<MessageAccount>\r\n{body}</MessageAccount>'
    return b"\xff\xfe" + text.encode("utf-16-le")


def registry(folder: Path, name: str = "live_mail.reg") -> str:
    """The .reg file of a host on which that user has Windows Live Mail; its name."""
    (folder / name).write_bytes(b"\xff\xfe" + _REGISTRY.replace("\n", "\r\n").encode("utf-16-le"))
    return name


def put(files: FileSystem, content: bytes, path: str = FILE) -> None:
    """Writes a file to a simulated host."""
    files.make(path.rpartition("\\")[0] + "\\", exists_ok=True)
    file = files.open(path, append=False)
    files.append(file, content)
