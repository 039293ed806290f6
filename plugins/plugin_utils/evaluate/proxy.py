# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies of WinHTTP (machine) and WinINET (user).

SMTP, IMAP and POP3 ignore both. Autodiscover and Exchange over HTTP do not, and which of the two Outlook asks depends
on its version, so both are shown. A proxy that is set is nothing wrong: a finding fails where the binary settings,
which are what Windows reads, are damaged or contradict the plain values, which are what people read, and where they
are not what the operator wishes. It counts only where an account talks HTTP (Exchange), or where something is wished.
https://learn.microsoft.com/windows/win32/winhttp/proxycfg-exe--a-proxy-configuration-tool
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import proxy_repair, proxy_wish
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_edits import Aim
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.proxy_settings import (
    DEFAULT,
    PLAIN,
    WINHTTP,
    InternetPlace,
    Read,
    WinHttpPlace,
    clean_data,
    internet_places,
    on,
    text,
    winhttp_places,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import waiver_for
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, RegistryValue, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Finding,
    Severity,
    State,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import clean
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import ConnectionSettings, WinHttpProxy

_USED_BY: t.Final = "SMTP, IMAP and POP3 ignore it, Autodiscover and Exchange over HTTP may use it"
_WANTED: t.Final = "settings that can be read"


def evaluate(ctx: Context) -> tuple[Finding, ...]:
    """proxy.winhttp per view; proxy.wininet and proxy.consistent per user, or once where a policy says "machine"."""
    findings = [_winhttp(ctx, place) for place in winhttp_places(ctx)]
    places = internet_places(ctx)
    if isinstance(places, Unread):
        return (*findings, _nobody(ctx, places.why))
    for place in places:
        findings += [_wininet(ctx, place), _consistent(ctx, place)]
    return tuple(findings)


def wish_for(ctx: Context, stack: str) -> ProxyWish | None:
    """What the operator wishes for "winhttp" or "wininet", or None."""
    wish = ctx.options.proxy
    return wish if wish and stack in wish.stacks else None


def needed(ctx: Context, wish: ProxyWish | None = None) -> bool:
    """Whether a proxy matters on this host: to an account that talks HTTP, or to the operator, who wishes one."""
    return bool(ctx.exchange) or wish is not None


def _severity(state: State, wish: ProxyWish | None) -> Severity | None:
    """A wish that is not met, or of which nobody can tell, moves the verdict."""
    return Severity.INFO if state is State.PASS else Severity.MEDIUM if wish else None


def _wished(wish: ProxyWish | None) -> str:
    if wish is None:
        return _WANTED
    if wish.state == "off":
        return "no named proxy and no script"
    return f"proxy {wish.server}" + (f", not for {wish.bypass_text}" if wish.bypass else "")


# --- WinHTTP -----------------------------------------------------------------------------------------------------


def _winhttp(ctx: Context, place: WinHttpPlace) -> Finding:
    wish = wish_for(ctx, "winhttp")
    aim = proxy_wish.winhttp(place, wish) if wish else proxy_repair.winhttp(place)
    parts, read = place.record.parts, place.record.read
    effective, words = _winhttp_words(parts) if isinstance(parts, WinHttpProxy) else ("direct", "no proxy is set")
    return ctx.finding(
        "proxy.winhttp",
        aim.state,
        observed=_parts(parts) if isinstance(parts, WinHttpProxy) else _unparsed(read),
        effective="unknown" if isinstance(parts, Unread) else effective,
        wanted=_wished(wish),
        where=f"{place.key}\\{WINHTTP}",
        why=aim.why or words,
        subject=place.view,
        remedy=aim.remedy,
        needed=needed(ctx, wish),
        severity=_severity(aim.state, wish),
    )


def _unparsed(read: Read) -> RegistryData | None:
    """What stands in place of parts: bytes that nobody understands are not shown, since they may hold anything."""
    return None if isinstance(read, RegistryValue) else clean_data(read)


def _winhttp_words(settings: WinHttpProxy) -> tuple[str, str]:
    if not settings.uses_proxy:
        return "direct", "no proxy is set"
    return f"proxy {clean(settings.proxy)}", f"a proxy is set: {_USED_BY}"


def _parts(settings: ConnectionSettings | WinHttpProxy) -> dict[str, t.Any]:
    """The binary settings as results show them."""
    number = settings.flags if isinstance(settings, ConnectionSettings) else settings.access
    name = "flags" if isinstance(settings, ConnectionSettings) else "access"
    parts = {name: number, "proxy": clean(settings.proxy), "bypass": clean(settings.bypass)}
    return parts | ({"script": clean(settings.script)} if isinstance(settings, ConnectionSettings) else {})


# --- WinINET -----------------------------------------------------------------------------------------------------


def _nobody(ctx: Context, why: str) -> Finding:
    wish = wish_for(ctx, "wininet")
    return ctx.finding(
        "proxy.wininet",
        State.UNKNOWN,
        observed=None,
        effective="unknown",
        wanted=_wished(wish),
        where="HKU",
        why=f"which users the host has is unknown: {why}",
        needed=needed(ctx, wish),
        severity=_severity(State.UNKNOWN, wish),
    )


def _wininet(ctx: Context, place: InternetPlace) -> Finding:
    """What is set, and whether it is what is wished."""
    wish = wish_for(ctx, "wininet")
    effective, aim = _setting(place)
    if wish:
        aim = proxy_wish.wininet(place, wish)
    return ctx.finding(
        "proxy.wininet",
        aim.state,
        observed=_observed(place),
        effective=effective,
        wanted=_wished(wish),
        where=f"{place.connections}\\{DEFAULT}",
        why=aim.why,
        subject=place.subject,
        remedy=aim.remedy,
        needed=needed(ctx, wish),
        severity=_severity(aim.state, wish),
    )


def _setting(place: InternetPlace) -> tuple[str, Aim]:
    """The binary settings count; where there are none, Windows makes them from the plain values."""
    why = place.doubt
    if isinstance(place.blob, ConnectionSettings):
        effective = _words(place.blob)
    elif isinstance(place.blob, Unread):
        problem = "are damaged" if place.default.damaged else "could not be read"
        effective, why = "unknown", f"the binary settings {problem}: {place.blob.why}"
    else:
        effective, unread = _plain_words(place.plain)
        why = why or unread
    none = not effective.startswith(("proxy", "script"))
    words = "no proxy is set" if none else f"a proxy is set: {_USED_BY}"
    return effective, Aim(State.UNKNOWN, why) if why else Aim(State.PASS, words)


def _observed(place: InternetPlace) -> dict[str, t.Any]:
    blob = place.blob
    shown = _parts(blob) if isinstance(blob, ConnectionSettings) else clean_data(blob)
    return {name: clean_data(place.plain[name]) for name in PLAIN} | {DEFAULT: shown}


def _words(blob: ConnectionSettings) -> str:
    """The binary settings in words; flags 9, the default, are "direct + auto-detect"."""
    words = [f"proxy {clean(blob.proxy)}"] if blob.uses_proxy else []
    words += [f"script {clean(blob.script)}"] if blob.uses_script else []
    return " + ".join((words or ["direct"]) + (["auto-detect"] if blob.detects else []))


def _plain_words(plain: Mapping[str, Read]) -> tuple[str, str]:
    """(in words, what could not be read) of the plain values."""
    for name in ("ProxyEnable", "ProxyServer", "AutoConfigURL"):
        read = plain[name]
        if isinstance(read, Unread):
            return "unknown", f"{name}: {read.why}"
    words = [f"proxy {clean(text(plain['ProxyServer']))}"] if on(plain["ProxyEnable"]) else []
    words += [f"script {clean(text(plain['AutoConfigURL']))}"] if text(plain["AutoConfigURL"]) else []
    return " + ".join(words) or "direct", ""


def repair(ctx: Context, place: InternetPlace) -> Aim:
    """What mends a contradiction. Where a wish is hindered, nothing is written that could say the opposite of it."""
    aim, wish = proxy_repair.consistent(place), wish_for(ctx, "wininet")
    if not aim.edits or wish is None or waiver_for(ctx.options, "proxy.wininet", place.subject):
        return aim
    first = proxy_wish.wininet(place, wish)
    if first.edits or first.state is State.PASS:
        return aim
    return Aim(State.FAIL, f"{aim.why}; {first.why}", (), first.remedy)


def _consistent(ctx: Context, place: InternetPlace) -> Finding:
    """Do the plain values say what the binary ones do?"""
    aim = repair(ctx, place)
    return ctx.finding(
        "proxy.consistent",
        aim.state,
        observed=_observed(place),
        effective=_words(place.blob) if isinstance(place.blob, ConnectionSettings) else "the plain values",
        wanted=f"plain values that agree with {DEFAULT}",
        where=f"{place.connections}\\{DEFAULT}",
        why=aim.why,
        subject=place.subject,
        remedy=aim.remedy,
        needed=needed(ctx),
    )
