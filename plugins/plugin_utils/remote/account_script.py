# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What changes an account's file: a few lines of JScript for cscript. All that it is told, or nothing.

Printable ASCII without ``%``, ``!`` and double quotes, as :mod:`transfer_script`. It reads UTF-16 with its mark only:
any other file has another size than its text says. Each element must stand in the file once, plainly, with the text
that is expected. A new file beside the old one gets the whole text with the new ones put in, is read again, and only
then gets the name under which it is looked for; users write to that folder, so its names are random, and a file that
is there already is never written to.
"""

from __future__ import annotations

import typing as t

NAME: t.Final = "account.js"

#: ``cscript account.js FILE NEW ELEMENT BEFORE AFTER ...``: makes ``FILENEW``, by way of ``FILENEWd``.
SCRIPT: t.Final = (
    "var a=WScript.Arguments,o=new ActiveXObject('Scripting.FileSystemObject');",
    "function text(n){",
    "var s=o.OpenTextFile(n,1,false,-1),t=s.ReadAll();s.Close();",
    "return o.GetFile(n).Size==t.length*2+2?t:null}",
    "function edited(t){",
    "var i,r,m,b;",
    "if(t==null)return 'encoding';",
    "if(t.indexOf('<'+String.fromCharCode(33))>=0||t.lastIndexOf('<?')>1)return 'comment';",
    "for(i=2;i<a.length;i+=3){",
    "r=new RegExp('<'+a(i)+'(\\\\s[^<>]*)?>([^<>]*)</'+a(i)+'\\\\s*>','g');",
    "m=r.exec(t);",
    "if(m==null||m[2]==a(i+1)==false||r.exec(t)==null==false)return 'drift';",
    "b=m.index+m[0].indexOf('>')+1;",
    "t=t.substr(0,b)+a(i+2)+t.substr(b+m[2].length)}",
    "n=a(0)+a(1);",
    "s=o.CreateTextFile(n+'d',false,true);s.Write(t);s.Close();",
    "if(text(n+'d')==t==false)return 'disk';",
    "o.MoveFile(n+'d',n);",
    "return 'done'}",
    "var n,s;",
    "WScript.Echo('MFA '+edited(text(a(0))))",
)
