# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of the Windows Firewall as the registry holds them: ``v2.10|Action=Allow|Dir=Out|...|``.

Grammar: [MS-GPFAS] 2.2.2.19. What real hosts hold beside it: ``V2.0``, ``Dir=in``, ``LPORT`` and ``app``; so names and
enumerated values are compared without case, and written back as they were read.
https://learn.microsoft.com/openspecs/windows_protocols/ms-gpfas/
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Sequence
from enum import Enum

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quotable
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_VERSION: t.Final = re.compile(r"[vV]\d{1,5}\.\d{1,5}")
_PORT_FIELD: t.Final = re.compile(r"([lr])port(2_\d+)?")
_NUMBER: t.Final = re.compile(r"\d{1,5}", re.ASCII)
_RANGE: t.Final = re.compile(r"(\d{1,5})-(\d{1,5})", re.ASCII)
_LAST_PORT: t.Final = 65535
#: Characters that a rule's name may have for us; netsh itself makes none that is longer.
_LONGEST_NAME: t.Final = 255
#: What our own lines put something else for.
_PLACEHOLDERS: t.Final = ("{part}", "{user}")
#: Protocol 256 means any, as if the field were absent.
_ANY_PROTOCOL: t.Final = 256

#: Fields that may stand once.
_SINGLE: t.Final = frozenset({"action", "active", "dir", "protocol", "app", "svc", "name"})
_ADDRESSES: t.Final = {"la4": "L", "la6": "L", "ra4": "R", "ra6": "R", "ra42": "R", "ra62": "R"}
_USERS: t.Final = frozenset({"luown", "luauth", "luauth2_24"})
_CONTAINER: t.Final = frozenset({"apppkgid", "pfn"})
#: They need peers that have authenticated, so the rule only matches traffic under IPsec.
_AUTHENTICATED: t.Final = frozenset({"security", "security2", "security2_9", "rmauth", "ruauth"})
#: They say nothing about which outbound connection of mail a rule matches. (ICMP4, ICMP6: other protocols.)
_HARMLESS: t.Final = frozenset(
    {"desc", "embedctxt", "edge", "defer", "lsm", "lom", "pcross", "icmp4", "icmp6", "authbypassout"}
)
_KNOWN: t.Final = frozenset({*_SINGLE, "profile", *_ADDRESSES, *_USERS, *_CONTAINER, *_AUTHENTICATED, *_HARMLESS})


class _Malformed(Exception):
    """This is no rule; the message says why."""


class _Fields:
    """The fields of one rule by their lower-case names."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self.by_name: dict[str, list[str]] = {}
        for name, value in fields:
            self.by_name.setdefault(name.casefold(), []).append(value)
        for name in sorted(_SINGLE):
            if len(self.all(name)) > 1:
                raise _Malformed(f"the field {name} stands in it more than once")

    def all(self, name: str) -> list[str]:
        return self.by_name.get(name, [])

    def one(self, name: str) -> str | None:
        values = self.all(name)
        return values[0] if values else None

    def several(self, names: frozenset[str]) -> tuple[str, ...]:
        """The values of all fields with one of these names."""
        return tuple(value for name, values in self.by_name.items() if name in names for value in values)


_E = t.TypeVar("_E", bound=Enum)


def _member(kind: type[_E], text: str) -> _E | None:
    return next((member for member in kind if member.value.casefold() == text.casefold()), None)


def _required(kind: type[_E], fields: _Fields, name: str) -> _E | None:
    """The member that a single field names, None where the field is absent."""
    text = fields.one(name)
    if text is None:
        return None
    member = _member(kind, text)
    if member is None:
        raise _Malformed(f"{name} is {shown(text, 30)!r}")
    return member


def _active(fields: _Fields) -> bool:
    text = (fields.one("active") or "FALSE").upper()
    if text not in ("TRUE", "FALSE"):
        raise _Malformed(f"active is {shown(text, 30)!r}")
    return text == "TRUE"


def _protocol(fields: _Fields) -> int | None:
    text = fields.one("protocol")
    if text is None:
        return None
    if not _NUMBER.fullmatch(text) or int(text) > _ANY_PROTOCOL:
        raise _Malformed(f"protocol is {shown(text, 30)!r}")
    return None if int(text) == _ANY_PROTOCOL else int(text)


def _range(text: str, ranges: bool) -> tuple[int, int] | None:
    """The ports that a value names, None for a keyword or nonsense."""
    found = _RANGE.fullmatch(text) if ranges else None
    if found:
        first, last = int(found[1]), int(found[2])
    elif _NUMBER.fullmatch(text):
        first = last = int(text)
    else:
        return None
    return (first, last) if first <= last <= _LAST_PORT else None


def _ports(side: str, fields: Sequence[tuple[str, str]]) -> tuple[tuple[tuple[int, int], ...] | None, list[str]]:
    """The ports of one side, None for any; and the fields whose ports nobody here can tell."""
    ports: list[tuple[int, int]] = []
    opaque: list[str] = []
    for name, value in fields:
        found = _PORT_FIELD.fullmatch(name.casefold())
        if not found or found[1] != side:
            continue
        one = _range(value, ranges=found[2] is not None)
        if one:
            ports.append(one)
        else:
            opaque.append(name)
    return (tuple(ports) if ports or opaque else None), opaque


def _profiles(fields: _Fields) -> tuple[frozenset[Profile], list[str]]:
    found = [(text, _member(Profile, text)) for text in fields.all("profile")]
    known = frozenset(profile for _text, profile in found if profile)
    return known, ["Profile"] if any(profile is None for _text, profile in found) else []


def _unknown(fields: Sequence[tuple[str, str]]) -> list[str]:
    """Fields that may limit the rule in a way that this parser cannot tell: TTK*, NNm, IF, Platform, new ones."""
    names = [name for name, _value in fields]
    return [name for name in names if name.casefold() not in _KNOWN and not _PORT_FIELD.fullmatch(name.casefold())]


def _split(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    version, *fields = text.split("|")
    if not _VERSION.fullmatch(version):
        raise _Malformed(f"it does not begin with a version, but {shown(version, 30)!r}")
    last = fields[-1] if fields else version
    if last:
        raise _Malformed(f"it does not end with |, but {shown(last, 30)!r}")
    pairs = []
    for field in fields[:-1]:
        name, separator, value = field.partition("=")
        if not separator or not name:
            raise _Malformed(f"{shown(field, 30)!r} is no field")
        pairs.append((name, value))
    return version, tuple(pairs)


def _rule(rule_id: str, text: str, store: RuleStore) -> FirewallRule:
    version, pairs = _split(text)
    fields = _Fields(pairs)
    action = _required(Action, fields, "action")
    if action is None:
        raise _Malformed("it has no action")
    remote_ports, remote_opaque = _ports("r", pairs)
    local_ports, local_opaque = _ports("l", pairs)
    profiles, profile_opaque = _profiles(fields)
    opaque = [*remote_opaque, *local_opaque, *profile_opaque, *_unknown(pairs)]
    return FirewallRule(
        id=rule_id,
        store=store,
        version=version,
        action=action,
        active=_active(fields),
        direction=_required(Direction, fields, "dir"),
        protocol=_protocol(fields),
        profiles=profiles,
        remote_ports=remote_ports,
        local_ports=local_ports,
        remote_addresses=fields.several(frozenset(name for name, side in _ADDRESSES.items() if side == "R")),
        local_addresses=fields.several(frozenset(name for name, side in _ADDRESSES.items() if side == "L")),
        app=fields.one("app"),
        service=fields.one("svc"),
        name=fields.one("name") or "",
        app_container=any(fields.all(name) for name in _CONTAINER),
        authenticated=any(fields.all(name) for name in _AUTHENTICATED),
        users=fields.several(_USERS),
        opaque=tuple(dict.fromkeys(opaque)),
        fields=pairs,
    )


# One audit asks for the same rules again for each what-if; rules are the same on many hosts of a fleet.
@functools.lru_cache(maxsize=4096)
def parse(rule_id: str, text: str, store: RuleStore) -> FirewallRule | Unread:
    """Read one rule.

    Ports: numbers, and in ``*Port2_*`` fields ranges. A keyword (``RPC``, ``IPHTTPSOut``) or nonsense goes to
    ``opaque`` by the name of its field; a rule with nothing but keywords has no ports (an empty tuple, not None).
    Fields that this parser does not know are ``opaque``, too; ``version`` keeps its letter.

    :param rule_id: name of the registry value.
    :param text: its data.
    :returns: Unread where that is no rule: no version or action, a field without ``=``, no ``|`` at the end,
        a field twice that may stand once, an enumerated value that does not exist. Never raises.
    """
    try:
        return _rule(rule_id, text, store)
    except _Malformed as problem:
        return Unread(f"the firewall rule {shown(rule_id, 60)} cannot be read: {problem}")


def nameable(name: str) -> bool:
    """Whether netsh can be pointed at a rule of that name by a command that nobody on the way can misread.

    Names that begin with @ stand for texts in files, and "all" for every rule. A "?" may be what a code page made of
    a letter that it lacks: then it is another rule's name, or none's.
    """
    if not quotable(name) or len(name) > _LONGEST_NAME or name != name.strip() or "?" in name:
        return False
    return not name.startswith("@") and name.casefold() != "all" and not any(one in name for one in _PLACEHOLDERS)


def write(rule: FirewallRule) -> str:
    """The rule as the registry holds it. ``write(parse(..., text, ...)) == text`` for every text that can be read."""
    return "".join([rule.version, "|", *(f"{name}={value}|" for name, value in rule.fields)])
