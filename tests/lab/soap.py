# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""WS-Management envelopes: what a client asks, and what a host answers.

https://learn.microsoft.com/openspecs/windows_protocols/ms-wsmv/
"""

from __future__ import annotations

import re
import typing as t
import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

_SHELL: t.Final = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
_TRANSFER: t.Final = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
RESOURCE: t.Final = f"{_SHELL}/cmd"

#: The operations of the shell resource, by the URI of the action.
OPERATIONS: t.Final = {
    f"{_TRANSFER}/Create": "create",
    f"{_TRANSFER}/Delete": "delete",
    f"{_SHELL}/Command": "command",
    f"{_SHELL}/Receive": "receive",
    f"{_SHELL}/Send": "send",
    f"{_SHELL}/Signal": "signal",
}

#: Codes of faults, https://learn.microsoft.com/windows/win32/winrm/winrm-error-codes
TIMED_OUT: t.Final = 2150858793
QUOTA_SHELLS: t.Final = 2150859173
INVALID_SHELL: t.Final = 2150858843
ACCESS_DENIED: t.Final = 5
DISK_FULL: t.Final = 112
NO_READER: t.Final = 232
#: ERROR_INSUFFICIENT_BUFFER in place of the real number, which nobody here has seen.
TOO_LARGE: t.Final = 122

_NAMESPACES: t.Final = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:x="http://schemas.xmlsoap.org/ws/2004/09/transfer" '
    'xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    f'xmlns:rsp="{_SHELL}" '
    'xmlns:p="http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd" xml:lang="en-US"'
)


class BadEnvelope(ValueError):
    """Not a WS-Management request."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``options`` by upper-case name, ``body`` the first child of the body."""

    operation: str
    message_id: str
    max_envelope: int
    timeout: float
    shell_id: str | None
    options: dict[str, str] = field(default_factory=dict)
    body: ET.Element | None = None

    def text(self, name: str) -> list[str]:
        """The texts of all elements of that local name in the body."""
        if self.body is None:
            return []
        return [element.text or "" for element in self.body.iter() if _local(element.tag) == name]

    def attribute(self, element: str, name: str) -> str | None:
        """An attribute of the first element of that local name."""
        if self.body is None:
            return None
        return next((one.get(name) for one in self.body.iter() if _local(one.tag) == element), None)

    def streams(self) -> list[tuple[str, str, bool]]:
        """(name, base64, whether it ends) of every piece of input in a Send."""
        if self.body is None:
            return []
        return [
            (one.get("Name", ""), one.text or "", (one.get("End") or "").lower() in ("true", "1"))
            for one in self.body.iter()
            if _local(one.tag) == "Stream"
        ]


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def read(content: bytes) -> Request:
    """The request in an envelope; raises BadEnvelope."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise BadEnvelope("a document type")
    try:
        header, body = ET.fromstring(content)
    except (ET.ParseError, ValueError) as error:
        raise BadEnvelope(str(error)) from None
    texts = {_local(one.tag): (one.text or "").strip() for one in header}
    options: dict[str, str] = {}
    shell_id = None
    for element in header.iter():
        name = element.get("Name")
        if _local(element.tag) == "Option" and name:
            options[name.upper()] = (element.text or "").strip()
        elif name == "ShellId":
            shell_id = (element.text or "").strip()
    operation = OPERATIONS.get(texts.get("Action", ""))
    if operation is None or texts.get("ResourceURI") != RESOURCE:
        raise BadEnvelope(f"action {texts.get('Action')} on {texts.get('ResourceURI')}")
    seconds = re.fullmatch(r"PT([0-9.]+)S", texts.get("OperationTimeout", ""))
    return Request(
        operation,
        texts.get("MessageID", ""),
        int(texts.get("MaxEnvelopeSize") or 153600),
        float(seconds[1]) if seconds else 60.0,
        shell_id,
        options,
        body[0] if len(body) else None,
    )


def answer(request: Request, body: str) -> bytes:
    """The envelope of a good answer."""
    action = next(uri for uri, name in OPERATIONS.items() if name == request.operation)
    return _envelope(f"{action}Response", request.message_id, body)


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    return (
        f"<s:Envelope {_NAMESPACES}><s:Header><a:Action>{action}</a:Action>"
        f"<a:MessageID>uuid:{str(uuid.uuid4()).upper()}</a:MessageID>"
        "<a:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</a:To>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def fault(message_id: str, code: int, reason: str, subcode: str = "w:InternalError") -> bytes:
    """A SOAP fault as WinRM sends it, with HTTP status 500."""
    return _envelope(
        "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault",
        message_id,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(reason)}</s:Text></s:Reason>'
        '<s:Detail><f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" '
        f'Code="{code}" Machine="127.0.0.1"><f:Message>{escape(reason)}</f:Message></f:WSManFault>'
        "</s:Detail></s:Fault>",
    )


def created(shell_id: str, user: str) -> str:
    return (
        "<x:ResourceCreated><a:Address>http://127.0.0.1:5985/wsman</a:Address><a:ReferenceParameters>"
        f'<w:ResourceURI>{RESOURCE}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{shell_id}</w:Selector>'
        f"</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>{shell_id}</rsp:ShellId>"
        f"<rsp:ResourceUri>{RESOURCE}</rsp:ResourceUri><rsp:Owner>{escape(user)}</rsp:Owner></rsp:Shell>"
    )


def started(command_id: str) -> str:
    return f"<rsp:CommandResponse><rsp:CommandId>{command_id}</rsp:CommandId></rsp:CommandResponse>"


def stream(command_id: str, name: str, content: str, end: bool) -> str:
    """One piece of output; ``content`` is base64."""
    last = ' End="true"' if end else ""
    return f'<rsp:Stream Name="{name}" CommandId="{command_id}"{last}>{content}</rsp:Stream>'


def received(command_id: str, streams: str, exit_code: int | None) -> str:
    """A ReceiveResponse; ``exit_code`` is None while there is more to come."""
    if exit_code is None:
        state = f'<rsp:CommandState CommandId="{command_id}" State="{_SHELL}/CommandState/Running"/>'
    else:
        state = (
            f'<rsp:CommandState CommandId="{command_id}" State="{_SHELL}/CommandState/Done">'
            f"<rsp:ExitCode>{exit_code}</rsp:ExitCode></rsp:CommandState>"
        )
    return f"<rsp:ReceiveResponse>{streams}{state}</rsp:ReceiveResponse>"
