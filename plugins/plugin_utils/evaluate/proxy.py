# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies of WinHTTP (machine) and WinINET (user).

SMTP, IMAP and POP3 ignore both. Autodiscover and Exchange over HTTP do not, and which of the two Outlook asks depends
on its version, so both are shown. A proxy that is set is nothing wrong: a finding fails where the binary settings,
which are what Windows reads, are damaged or contradict the plain values, which are what people read. It counts only
where an account talks HTTP (Exchange).
https://learn.microsoft.com/windows/win32/winhttp/proxycfg-exe--a-proxy-configuration-tool
Not read: proxy values below a user's ``Software\\Policies`` (no template of Microsoft writes them).
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Remedy,
    Severity,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    connection_settings,
    winhttp_settings,
)

#: Rows of the table of registry paths.
_WINHTTP: t.Final = {"native": "proxy-winhttp-native", "wow6432": "proxy-winhttp-wow6432"}
_POLICY: t.Final = "proxy-machine-policy"
_MACHINE: t.Final = ("proxy-machine", "proxy-machine-connections")
_USER: t.Final = ("proxy-user-enable", "proxy-user-connections")

_PLAIN: t.Final = ("ProxyEnable", "ProxyServer", "AutoConfigURL", "ProxyOverride")
_BLOB: t.Final = "DefaultConnectionSettings"
_USED_BY: t.Final = "SMTP, IMAP and POP3 ignore it, Autodiscover and Exchange over HTTP may use it"
_WANTED: t.Final = "settings that can be read"

#: Name and password in a URL, which no result may show.
_USERINFO: t.Final = re.compile(r"//[^/@\s]*@")

_Read = t.Union[RegistryValue, Absent, Unread]


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """proxy.winhttp per view; proxy.wininet and proxy.consistent per user, or once where a policy says "machine"."""
    views = ("native",) if ctx.host.architecture == "x86" else ("native", "wow6432")
    return (*(_winhttp(ctx, view) for view in views), *_wininet(ctx))


def _clean(text: str) -> str:
    return _USERINFO.sub("//***@", text)


def _shown(read: _Read) -> RegistryData | None:
    data = shown(read)
    return _clean(data) if isinstance(data, str) else data


# --- WinHTTP -----------------------------------------------------------------------------------------------------


def _winhttp(ctx: Context, view: str) -> Finding:
    key = ctx.path(_WINHTTP[view])
    read = ctx.snapshot.image.value(key, "WinHttpSettings")
    observed, state, effective, why = _winhttp_state(read)
    return ctx.finding(
        "proxy.winhttp",
        state,
        observed=observed,
        effective=effective,
        wanted=_WANTED,
        where=f"{key}\\WinHttpSettings",
        why=why,
        subject=view,
        remedy=Remedy.FIX,
        needed=bool(ctx.exchange),
        severity=Severity.INFO if state is State.PASS else None,
    )


def _winhttp_state(read: _Read) -> tuple[t.Any, State, str, str]:
    """(observed, state, effective, why). No value at all means direct: deleting it is how a reset is done."""
    if read is ABSENT:
        return None, State.PASS, "direct", "no proxy is set"
    if not isinstance(read, RegistryValue):
        return _shown(read), State.UNKNOWN, "unknown", read.why if isinstance(read, Unread) else ""
    settings = winhttp_settings(read.data) if isinstance(read.data, bytes) else Unread(f"it is {read.type.value}")
    if isinstance(settings, Unread):
        return None, State.FAIL, "unknown", f"the settings are damaged: {settings.why}"
    return _parts(settings), State.PASS, *_winhttp_words(settings)


def _winhttp_words(settings: WinHttpProxy) -> tuple[str, str]:
    if not settings.uses_proxy:
        return "direct", "no proxy is set"
    return f"proxy {_clean(settings.proxy)}", f"a proxy is set: {_USED_BY}"


def _parts(settings: ConnectionSettings | WinHttpProxy) -> dict[str, t.Any]:
    """The binary settings as results show them."""
    number = settings.flags if isinstance(settings, ConnectionSettings) else settings.access
    name = "flags" if isinstance(settings, ConnectionSettings) else "access"
    parts = {name: number, "proxy": _clean(settings.proxy), "bypass": _clean(settings.bypass)}
    return parts | ({"script": _clean(settings.script)} if isinstance(settings, ConnectionSettings) else {})


# --- WinINET -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settings:
    """The WinINET settings of one user or of the machine.

    ``blob``: the binary settings; Unread both where nobody could read them and, then ``damaged``, where nobody can.
    ``counts``: "" or why nobody knows whether these settings count at all.
    """

    subject: str
    key: str
    connections: str
    plain: dict[str, _Read]
    blob: ConnectionSettings | Absent | Unread
    damaged: bool
    counts: str


def _wininet(ctx: Context) -> tuple[Finding, ...]:
    per_user = _per_user(ctx)
    if per_user is False:
        places = [("machine", "")]
        ids = _MACHINE
    elif isinstance(ctx.snapshot.users, Unread):
        return (_nobody(ctx, ctx.snapshot.users.why),)
    else:
        places = [(user.sid, user.root + "\\") for user in ctx.snapshot.users]
        ids = _USER
    doubt = f"whether the settings of users count is unknown: {per_user.why}" if isinstance(per_user, Unread) else ""
    findings = []
    for subject, root in places:
        settings = _read(ctx, subject, root + ctx.path(ids[0]), root + ctx.path(ids[1]), doubt)
        findings += [_setting(ctx, settings), _consistent(ctx, settings)]
    return tuple(findings)


def _per_user(ctx: Context) -> bool | Unread:
    """Whether each user has settings of their own: yes, unless the policy ProxySettingsPerUser is 0."""
    read = ctx.snapshot.image.value(ctx.path(_POLICY), "ProxySettingsPerUser")
    if read is ABSENT:
        return True
    if isinstance(read, RegistryValue):
        number = read.type is RegistryType.DWORD
        return bool(read.data) if number else Unread(f"ProxySettingsPerUser is {read.type.value}")
    return read if isinstance(read, Unread) else Unread("")


def _nobody(ctx: Context, why: str) -> Finding:
    return ctx.finding(
        "proxy.wininet",
        State.UNKNOWN,
        observed=None,
        effective="unknown",
        wanted=_WANTED,
        where="HKU",
        why=f"which users the host has is unknown: {why}",
        needed=bool(ctx.exchange),
    )


def _read(ctx: Context, subject: str, key: str, connections: str, doubt: str) -> _Settings:
    image = ctx.snapshot.image
    plain = {name: image.value(key, name) for name in _PLAIN}
    raw = image.value(connections, _BLOB)
    if not isinstance(raw, RegistryValue):
        return _Settings(subject, key, connections, plain, raw, False, doubt)
    blob = connection_settings(raw.data) if isinstance(raw.data, bytes) else Unread(f"it is {raw.type.value}")
    return _Settings(subject, key, connections, plain, blob, isinstance(blob, Unread), doubt)


def _setting(ctx: Context, settings: _Settings) -> Finding:
    """What is set. The binary settings count; where there are none, Windows makes them from the plain values."""
    why = settings.counts
    if isinstance(settings.blob, ConnectionSettings):
        effective = _words(settings.blob)
    elif isinstance(settings.blob, Unread):
        problem = "are damaged" if settings.damaged else "could not be read"
        effective, why = "unknown", f"the binary settings {problem}: {settings.blob.why}"
    else:
        effective, unread = _plain_words(settings.plain)
        why = why or unread
    state = State.UNKNOWN if why else State.PASS
    none = not effective.startswith(("proxy", "script"))
    return ctx.finding(
        "proxy.wininet",
        state,
        observed={name: _shown(read) for name, read in settings.plain.items()} | {_BLOB: _blob_shown(settings)},
        effective=effective,
        wanted=_WANTED,
        where=f"{settings.connections}\\{_BLOB}",
        why=why or ("no proxy is set" if none else f"a proxy is set: {_USED_BY}"),
        subject=settings.subject,
        needed=bool(ctx.exchange),
        severity=Severity.INFO if state is State.PASS else None,
    )


def _blob_shown(settings: _Settings) -> t.Any:
    if isinstance(settings.blob, ConnectionSettings):
        return _parts(settings.blob)
    return f"unread: {settings.blob.why}" if isinstance(settings.blob, Unread) else None


def _words(blob: ConnectionSettings) -> str:
    """The binary settings in words; flags 9, the default, are "direct + auto-detect"."""
    words = [f"proxy {_clean(blob.proxy)}"] if blob.uses_proxy else []
    words += [f"script {_clean(blob.script)}"] if blob.uses_script else []
    return " + ".join((words or ["direct"]) + (["auto-detect"] if blob.detects else []))


def _plain_words(plain: dict[str, _Read]) -> tuple[str, str]:
    """(in words, what could not be read) of the plain values."""
    for name in ("ProxyEnable", "ProxyServer", "AutoConfigURL"):
        read = plain[name]
        if isinstance(read, Unread):
            return "unknown", f"{name}: {read.why}"
    words = [f"proxy {_clean(_text(plain['ProxyServer']))}"] if _on(plain["ProxyEnable"]) else []
    words += [f"script {_clean(_text(plain['AutoConfigURL']))}"] if _text(plain["AutoConfigURL"]) else []
    return " + ".join(words) or "direct", ""


def _on(read: _Read) -> bool:
    return isinstance(read, RegistryValue) and read.type is RegistryType.DWORD and bool(read.data)


def _text(read: _Read) -> str:
    return read.data.strip() if isinstance(read, RegistryValue) and isinstance(read.data, str) else ""


def _consistent(ctx: Context, settings: _Settings) -> Finding:
    """Do the plain values say what the binary ones do? Who reads or sets only the plain values is misled otherwise."""
    state, why = _consistency(settings)
    return ctx.finding(
        "proxy.consistent",
        state,
        observed={name: _shown(read) for name, read in settings.plain.items()} | {_BLOB: _blob_shown(settings)},
        effective=_words(settings.blob) if isinstance(settings.blob, ConnectionSettings) else "the plain values",
        wanted=f"plain values that agree with {_BLOB}",
        where=f"{settings.connections}\\{_BLOB}",
        why=why,
        subject=settings.subject,
        remedy=Remedy.FIX,
        needed=bool(ctx.exchange),
    )


def _consistency(settings: _Settings) -> tuple[State, str]:
    blob, plain = settings.blob, settings.plain
    if settings.damaged:
        return State.FAIL, f"{_BLOB} is damaged: {blob.why if isinstance(blob, Unread) else ''}"
    if isinstance(blob, Unread):
        return State.UNKNOWN, f"{_BLOB}: {blob.why}"
    for name in ("ProxyEnable", "ProxyServer", "AutoConfigURL"):
        read = plain[name]
        if isinstance(read, Unread):
            return State.UNKNOWN, f"{name}: {read.why}"
    if not isinstance(blob, ConnectionSettings):
        return State.PASS, f"there is no {_BLOB}, so the plain values count"
    differences = _differences(blob, plain)
    if differences:
        return State.FAIL, f"{'; '.join(differences)}; the binary settings count"
    return State.PASS, "the plain values agree with the binary settings"


def _differences(blob: ConnectionSettings, plain: dict[str, _Read]) -> list[str]:
    found = []
    server, script = _text(plain["ProxyServer"]), _text(plain["AutoConfigURL"])
    if _on(plain["ProxyEnable"]) != blob.uses_proxy:
        says, real = ("off", "on") if blob.uses_proxy else ("on", "off")
        found.append(f"ProxyEnable says {says}, the binary settings say {real}")
    elif blob.uses_proxy and server.casefold() != blob.proxy.strip().casefold():
        found.append(f"ProxyServer is {_clean(server)!r}, in the binary settings {_clean(blob.proxy)!r}")
    ours = blob.script.strip() if blob.uses_script else ""
    if script.casefold() != ours.casefold():
        found.append(f"AutoConfigURL is {_clean(script)!r}, in the binary settings {_clean(ours)!r}")
    return found
