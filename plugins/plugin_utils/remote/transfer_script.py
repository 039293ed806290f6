# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What XP has instead of certutil: a few lines of JScript for cscript, which decode base64 and compute SHA-256.

Printable ASCII without ``%``, ``!`` and double quotes, since echo writes them on the host (:mod:`stage`); hence the odd
spelling of "unequal" and "modulo". ADODB.Stream and MSXML 3 are part of Windows from XP SP2 on. JScript cannot look
into arrays of bytes, so MSXML turns them into hexadecimal digits first.

https://learn.microsoft.com/sql/ado/reference/ado-api/stream-object-ado, FIPS 180-4
"""

from __future__ import annotations

import typing as t

NAME: t.Final = "transfer.js"
#: Bytes that one run hashes: JScript of an old computer needs about four seconds for a million.
PIECE: t.Final = 8 * 1024 * 1024
#: The state from which SHA-256 begins.
BEGIN: t.Final = "-"

#: ``cscript transfer.js decode TEXT FILE``, or ``cscript transfer.js hash FILE FROM BYTES STATE``: hashes so many bytes
#: from there (a multiple of 64, as FROM is), and prints ``MFT`` and the next state; at the end of the file the sum.
#: Other output than ``MFT`` and something is a failure.
SCRIPT: t.Final = (
    "var a=WScript.Arguments,x=new ActiveXObject('MSXML2.DOMDocument').createElement('x');",
    "function file(){var s=new ActiveXObject('ADODB.Stream');s.Type=1;s.Open();return s}",
    "function decode(from,to){",
    "var s=file(),f=new ActiveXObject('Scripting.FileSystemObject').OpenTextFile(from,1);",
    "x.dataType='bin.base64';",
    "for(;f.AtEndOfStream==false;){x.text=f.Read(49920);s.Write(x.nodeTypedValue)}",
    "f.Close();s.SaveToFile(to,2);s.Close();",
    "return 'done'}",
    "var k=[],h=[],w=[],n,i,j;",
    "function root(n,e){var r=Math.pow(n,1/e);return (r-Math.floor(r))*4294967296|0}",
    "for(n=2,i=0;i<64;n++){",
    "for(j=2;j*j<=n;j++)if(n==Math.floor(n/j)*j)break;",
    "if(j*j>n){if(i<8)h[i]=root(n,2);k[i]=root(n,3);i++}}",
    "function hex(v){return ('0000000'+(v>>>0).toString(16)).slice(-8)}",
    "function turn(v,n){return v>>>n|v<<(32-n)}",
    "function blocks(t){",
    "var q,i,u,v,o,p,r,s,y,z,e,f;",
    "for(q=0;q<t.length;q+=128){",
    "for(i=0;i<16;i++)w[i]=parseInt(t.substr(q+i*8,8),16)|0;",
    "for(;i<64;i++){u=w[i-15];v=w[i-2];",
    "w[i]=w[i-16]+w[i-7]+(turn(u,7)^turn(u,18)^u>>>3)+(turn(v,17)^turn(v,19)^v>>>10)|0}",
    "o=h[0];p=h[1];r=h[2];s=h[3];y=h[4];z=h[5];e=h[6];f=h[7];",
    "for(i=0;i<64;i++){",
    "u=f+(turn(y,6)^turn(y,11)^turn(y,25))+(y&z^~y&e)+k[i]+w[i]|0;",
    "v=(turn(o,2)^turn(o,13)^turn(o,22))+(o&p^o&r^p&r)|0;",
    "f=e;e=z;z=y;y=s+u|0;s=r;r=p;p=o;o=u+v|0}",
    "h[0]=h[0]+o|0;h[1]=h[1]+p|0;h[2]=h[2]+r|0;h[3]=h[3]+s|0;",
    "h[4]=h[4]+y|0;h[5]=h[5]+z|0;h[6]=h[6]+e|0;h[7]=h[7]+f|0}}",
    "function sum(name,at,count,state){",
    "var s=file(),b,t,i,left=count;s.LoadFromFile(name);s.Position=at;",
    "for(i=0;state.length==64&&i<8;i++)h[i]=parseInt(state.substr(i*8,8),16)|0;",
    "x.dataType='bin.hex';",
    "for(;left>0;){b=s.Read(Math.min(left,65536));if(b==null)break;",
    "x.nodeTypedValue=b;t=x.text;left-=t.length/2;",
    "i=t.length-(t.length/2&63)*2;blocks(t.substr(0,i));t=t.substr(i)}",
    "if(s.Position==s.Size){",
    "t=(t||'')+'80';for(;t.length-Math.floor(t.length/128)*128-112;)t+='00';",
    "blocks(t+hex(Math.floor(s.Size/536870912))+hex(s.Size*8))}",
    "s.Close();",
    "for(i=0,t='';i<8;i++)t+=hex(h[i]);return t}",
    "WScript.Echo('MFT '+(a(0)=='decode'?decode(a(1),a(2)):sum(a(1),a(2)-0,a(3)-0,a(4))))",
)
