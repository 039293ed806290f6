# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the host gets its time from.

TLS only asks whether today lies within a certificate's dates, so a missing source is a hint and never moves a verdict:
the finding has no remedy and at most the severity "low". "Stopped" is not looked at: since Windows 7 the service of a
host outside a domain is started by triggers.
https://learn.microsoft.com/windows-server/networking/windows-time-service/windows-time-service-tools-and-settings
"""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Finding, Severity, State

#: Rows of the table of registry paths.
_SERVICE: t.Final = "w32time-service"
_LOCAL: t.Final = "w32time-parameters"
_POLICY: t.Final = "w32time-policy"

_DISABLED: t.Final = 4
_WANTED: t.Final = "a time source (NTP, NT5DS or AllSync) and a service that may start"
_SOURCES: t.Final = {
    "ntp": "the servers of NtpServer",
    "nt5ds": "the domain",
    "allsync": "every source there is",
}

_Read = t.Union[RegistryValue, Absent, Unread]


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """One finding: clock.source."""
    start = ctx.snapshot.image.value(ctx.path(_SERVICE), "Start")
    kind, kind_place = _policy_over_local(ctx, "Type")
    peers, _place = _policy_over_local(ctx, "NtpServer")
    state, effective, why = _judge(start, kind, peers)
    finding = ctx.finding(
        "clock.source",
        state,
        observed={"Start": shown(start), "policy": _seen(ctx, _POLICY), "local": _seen(ctx, _LOCAL)},
        effective=effective,
        wanted=_WANTED,
        where=kind_place,
        why=why,
        severity=Severity.LOW,
    )
    return (finding,)


def _seen(ctx: Context, row: str) -> dict[str, RegistryData | None]:
    return {name: shown(ctx.snapshot.image.value(ctx.path(row), name)) for name in ("Type", "NtpServer")}


def _policy_over_local(ctx: Context, name: str) -> tuple[_Read, str]:
    """The value that counts and its place; Unread where the policy could not be read, since it would win."""
    place = ""
    for path in (_POLICY, _LOCAL):
        place = f"{ctx.path(path)}\\{name}"
        read = ctx.snapshot.image.value(ctx.path(path), name)
        if read is not ABSENT:
            return read, place
    return ABSENT, place


def _judge(start: _Read, kind: _Read, peers: _Read) -> tuple[State, str, str]:
    """(state, effective, why). What is certainly wrong comes before what could not be read."""
    source, servers = _text(kind), _text(peers)
    word = (source or "").casefold()
    if isinstance(start, RegistryValue) and start.data == _DISABLED:
        return State.FAIL, "no time source", "the Windows Time service is disabled"
    if word == "nosync":
        return State.FAIL, "no time source", "the Windows Time service is told to follow nothing (NoSync)"
    if word == "ntp" and servers == "":
        return State.FAIL, "no time source", "the time comes from NTP servers, and none is named"
    if not isinstance(start, RegistryValue) or start.type is not RegistryType.DWORD:
        return State.UNKNOWN, "unknown", _unclear("Start", start)
    if word not in _SOURCES:
        return State.UNKNOWN, "unknown", _unclear("Type", kind)
    if word == "ntp" and servers is None:
        return State.UNKNOWN, "unknown", _unclear("NtpServer", peers)
    effective = f"{source}: {servers}" if word == "ntp" else str(source)
    return State.PASS, effective, f"the time comes from {_SOURCES[word]}"


def _unclear(name: str, read: _Read) -> str:
    """Why a value says nothing."""
    if isinstance(read, Unread):
        return f"{name} could not be read: {read.why}"
    return f"there is no value {name}" if read is ABSENT else f"{name} is {shown(read)!r}, which means nothing here"


def _text(read: _Read) -> str | None:
    """The text of a value without surrounding blanks; None where there is none."""
    return read.data.strip() if isinstance(read, RegistryValue) and isinstance(read.data, str) else None
