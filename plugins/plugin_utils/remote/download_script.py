# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host fetches a file with over http: a few lines of JScript for cscript, which every Windows since XP runs.

Printable ASCII without ``%``, ``!`` and double quotes, as :mod:`transfer_script`. A piece is fetched at a time, so that
no run takes long, and what broke off goes on from there; servers that know no ranges give the whole file at once.
WinHTTP takes the proxy of the machine, never that of a user.

https://learn.microsoft.com/windows/win32/winhttp/winhttprequest
"""

from __future__ import annotations

import typing as t

NAME: t.Final = "download.js"
#: Bytes that one run fetches: it holds them in memory.
PIECE: t.Final = 8 * 1024 * 1024

#: ``cscript download.js URL FILE FROM COUNT``: so many bytes from there into a file. It prints ``MFT``, the status,
#: how many bytes it wrote, and how long the whole is (0: what it wrote). Other output is a failure.
SCRIPT: t.Final = (
    "var a=WScript.Arguments,h=new ActiveXObject('WinHttp.WinHttpRequest.5.1'),s,n=0,t='0';",
    "h.SetTimeouts(30000,30000,30000,60000);",
    "h.Open('GET',a(0),false);",
    "h.SetRequestHeader('Range','bytes='+a(2)+'-'+(a(2)-0+(a(3)-1)));",
    "h.Send();",
    "if(h.Status==206){t=h.GetResponseHeader('Content-Range');t=t.substr(t.indexOf('/')+1)}",
    "if(h.Status==200||h.Status==206){",
    "s=new ActiveXObject('ADODB.Stream');s.Type=1;s.Open();s.Write(h.ResponseBody);n=s.Size;",
    "s.SaveToFile(a(1),2);s.Close()}",
    "WScript.Echo('MFT '+h.Status+' '+n+' '+t)",
)
