# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``proxy``: what an operator wants the proxies of Windows to be, checked."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    choice,
    mapping,
    only_keys,
    quoted,
    texts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host

_KEYS: t.Final = ("state", "server", "bypass", "stacks")
_STATES: t.Final = ("set", "off")
_STACKS: t.Final = ("winhttp", "wininet")
#: WinHTTP carries HTTP only. https://learn.microsoft.com/windows/win32/winhttp/netsh-exe-commands
_SCHEMES: t.Final = ("http", "https")
_SCHEMES_OF_WININET: t.Final = ("http", "https", "ftp", "socks")
_PATTERN: t.Final = re.compile(r"<local>|[A-Za-z0-9*._:\[\]-]{1,255}")
#: Characters of the whole list: about what the dialogue of Internet Explorer takes.
_LONGEST: t.Final = 2000


def parse_proxy(raw: object) -> ProxyWish | None:
    """The option; None where nothing is asked for.

    Hosts come out in lower case, as DNS carries them (IDNA). A server without ``bypass`` has an empty list.
    Raises OptionError, one sentence with option and value; a value that may hold a password is not repeated.
    """
    if raw is None:
        return None
    given = {key: value for key, value in mapping("proxy", raw).items() if value is not None}
    only_keys("proxy", given, _KEYS)
    if "state" not in given:
        raise OptionError("proxy: the key state is missing; it is set or off.")
    state = choice("proxy.state", given["state"], _STATES)
    stacks = _words("proxy.stacks", given["stacks"]) if "stacks" in given else _STACKS
    if state == "off":
        return _off(given, stacks)
    if "server" not in given:
        raise OptionError("proxy: state set needs a server, such as 'proxy.example:8080'.")
    bypass = _bypass("proxy.bypass", given["bypass"]) if "bypass" in given else ()
    return ProxyWish("set", _server("proxy.server", given["server"], stacks), bypass, stacks)


def _off(given: Mapping[str, t.Any], stacks: tuple[str, ...]) -> ProxyWish:
    for key in ("server", "bypass"):
        if key in given:
            raise OptionError(f"proxy: the key {key} means nothing with state off; leave it out.")
    return ProxyWish("off", stacks=stacks)


def _words(option: str, raw: object) -> tuple[str, ...]:
    words = [choice(option, word, _STACKS) for word in texts(option, raw)]
    _refuse_twice(option, words)
    return tuple(word for word in _STACKS if word in words)


def _refuse_twice(option: str, words: list[str]) -> None:
    for number, word in enumerate(words):
        if word in words[:number]:
            raise OptionError(f"{option}: {quoted(word)} is named twice.")


def _server(option: str, raw: object, stacks: tuple[str, ...]) -> str:
    """One proxy for all, or one per scheme, as Windows writes it."""
    if not isinstance(raw, str) or not raw.strip():
        raise OptionError(f"{option}: {quoted(raw)} is not a proxy such as 'proxy.example:8080'.")
    if "@" in raw:
        raise OptionError(f"{option}: a name or a password may not stand in it, since any user of a host can read it.")
    if "=" not in raw:
        return _door(option, raw.strip())
    schemes: list[str] = []
    doors: list[str] = []
    known = _SCHEMES if "winhttp" in stacks else _SCHEMES_OF_WININET
    for part in raw.split(";"):
        scheme, equals, door = part.strip().partition("=")
        if not equals:
            raise OptionError(f"{option}: {quoted(part)} lacks its scheme, such as 'http=proxy.example:8080'.")
        schemes.append(choice(option, scheme, known))
        doors.append(_door(option, door))
    _refuse_twice(option, schemes)
    return ";".join(f"{scheme}={door}" for scheme, door in zip(schemes, doors, strict=True))


def _door(option: str, raw: str) -> str:
    host, colon, port = raw.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise OptionError(f"{option}: {quoted(raw)} is not a host and a port, such as 'proxy.example:8080'.")
    name = parse_host(option, host)
    if ":" in name and not host.startswith("["):
        raise OptionError(f"{option}: {quoted(raw)} needs brackets around its address, such as '[2001:db8::1]:8080'.")
    return f"[{name}]:{int(port)}" if ":" in name else f"{name}:{int(port)}"


def _bypass(option: str, raw: object) -> tuple[str, ...]:
    patterns = [pattern.lower() for pattern in texts(option, raw, empty=True)]
    for pattern in patterns:
        if not _PATTERN.fullmatch(pattern):
            raise OptionError(f"{option}: {quoted(pattern)} is not a pattern such as '*.example' or '<local>'.")
    _refuse_twice(option, patterns)
    length = len(";".join(patterns))
    if length > _LONGEST:
        raise OptionError(f"{option}: the list has {length} characters, and {_LONGEST} is the most that it may have.")
    return tuple(patterns)
