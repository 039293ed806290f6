# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in for ``netsh advfirewall firewall add|delete|set rule``, against the local rules in the registry.

Rules are found by their name, without regard to case; all of that name are meant. A rule whose name is a resource
(``@FirewallAPI.dll,-25403``) is known to the real netsh by a translated text, so it is never found here. ``name=all``
means every rule there is: refused. The text of a rule: MS-GPFAS 2.2.2.19,
https://learn.microsoft.com/openspecs/windows_protocols/ms-gpfas/2efe0b76-7b4a-41ff-9050-1023f8196d16
"""

from __future__ import annotations

import re
import typing as t
import uuid
from collections.abc import Mapping

from .arguments import split_arguments
from .parse import Refused

if t.TYPE_CHECKING:
    from .machine import Machine, Shell, Streams

RULES: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
_SERVICE: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Services\MpsSvc"
_DISABLED: t.Final = 4

_ADD: t.Final = frozenset("name dir action protocol remoteport profile enable program".split())
_DIRECTIONS: t.Final = {"in": "In", "out": "Out"}
_ACTIONS: t.Final = {"allow": "Allow", "block": "Block"}
_PROTOCOLS: t.Final = {"tcp": "6", "udp": "17", "any": ""}
_PROFILES: t.Final = {"domain": "Domain", "private": "Private", "public": "Public"}
_ENABLED: t.Final = {"yes": "TRUE", "no": "FALSE"}
_PORT: t.Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")


def netsh(shell: Shell, rest: str, streams: Streams) -> int:
    """``netsh`` with its arguments as they stand in the line; it prints everything to standard output."""
    machine, words = shell.machine, shell.machine.words
    if not machine.may_write(f"netsh{rest}"):
        streams.out.append(f"{words['denied']}\r\n")
        return 1
    arguments = split_arguments(rest)
    head = [one.lower() for one in arguments[:4]]
    if head[:2] != ["advfirewall", "firewall"] or head[3:] != ["rule"] or head[2] not in _VERBS:
        raise Refused(f"netsh{rest}")
    if not machine.rule_version:
        streams.out.append(f"{words['netsh_unknown'].format(rest.strip())}\r\n")
        return 1
    if _stopped(machine):
        streams.out.append(f"\r\n{words['netsh_stopped']}\r\n\r\n")
        return 1
    word, count = _VERBS[head[2]](machine, arguments[4:])
    if not count:
        streams.out.append(f"\r\n{words['netsh_none']}\r\n\r\n")
        return 1
    told = f"\r\n{words[word].format(count)}\r\n" if word else ""
    streams.out.append(f"{told}{words['netsh_ok']}\r\n\r\n")
    return 0


def _stopped(machine: Machine) -> bool:
    key = next((key for _path, key in machine.registry.walk(_SERVICE, denied_too=True)), None)
    start = key.values.get("start") if key else None
    return start is not None and int.from_bytes(start.raw, "little") == _DISABLED


def _given(arguments: list[str], known: t.Collection[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for argument in arguments:
        name, separator, value = argument.partition("=")
        if not separator or not value or name.lower() not in known or name.lower() in given:
            raise Refused(f"netsh ... rule with {argument}")
        given[name.lower()] = value
    if "name" not in given or given["name"].lower() == "all" or "|" in given["name"]:
        raise Refused(f"netsh ... rule with the name {given.get('name')}")
    return given


def _choice(table: Mapping[str, str], given: Mapping[str, str], name: str, default: str = "") -> str:
    value = given.get(name, default).lower()
    if value not in table:
        raise Refused(f"netsh ... rule with {name}={value}")
    return table[value]


def _add(machine: Machine, arguments: list[str]) -> tuple[str, int]:
    """Always appends, even a rule that is there."""
    given = _given(arguments, _ADD)
    if given["name"].startswith("@"):
        raise Refused("netsh ... add rule with the name of a resource")
    protocol = _choice(_PROTOCOLS, given, "protocol", "any")
    if "remoteport" in given and not protocol:
        raise Refused("netsh ... add rule with ports and no protocol")
    fields = [
        ("Action", _choice(_ACTIONS, given, "action")),
        ("Active", _choice(_ENABLED, given, "enable", "yes")),
        ("Dir", _choice(_DIRECTIONS, given, "dir")),
        *([("Protocol", protocol)] if protocol else []),
        *(("Profile", one) for one in _profiles(given.get("profile", "any"))),
        *(_ports(given["remoteport"]) if "remoteport" in given else []),
        *([("App", given["program"])] if "program" in given else []),
        ("Name", given["name"]),
    ]
    text = "".join(f"{name}={value}|" for name, value in fields)
    machine.registry.set_text(RULES, f"{{{str(uuid.uuid4()).upper()}}}", f"{machine.rule_version}|{text}")
    return "", 1


def _profiles(text: str) -> list[str]:
    wanted = text.lower().split(",")
    if wanted == ["any"]:
        return []
    if not set(wanted) <= set(_PROFILES):
        raise Refused(f"netsh ... rule with profile={text}")
    found = [name for key, name in _PROFILES.items() if key in wanted]
    return [] if len(found) == len(_PROFILES) else found


def _ports(text: str) -> list[tuple[str, str]]:
    fields = []
    for one in text.split(","):
        match = _PORT.fullmatch(one)
        if match is None or any(int(port) > 65_535 for port in match.groups() if port):
            raise Refused(f"netsh ... rule with remoteport={text}")
        fields.append(("RPort2_10" if match[2] else "RPort", one))
    return fields


def _matching(machine: Machine, given: Mapping[str, str]) -> list[tuple[str, list[str]]]:
    """(name of the value, parts of its text) of the local rules with that name and direction."""
    key = next((key for _path, key in machine.registry.walk(RULES, denied_too=True)), None)
    direction = _choice(_DIRECTIONS, given, "dir").lower() if "dir" in given else None
    found = []
    for value in list(key.values.values()) if key else []:
        parts = value.raw.decode("utf-16-le", "replace").split("\0", 1)[0].split("|")
        fields = dict(part.partition("=")[::2] for part in reversed(parts))
        if fields.get("Name", "@").startswith("@") or fields["Name"].casefold() != given["name"].casefold():
            continue
        if direction is None or fields.get("Dir", "").lower() == direction:
            found.append((value.name, parts))
    return found


def _delete(machine: Machine, arguments: list[str]) -> tuple[str, int]:
    found = _matching(machine, _given(arguments, ("name", "dir")))
    for name, _parts in found:
        machine.registry.delete_value(RULES, name)
    return "netsh_deleted", len(found)


def _set(machine: Machine, arguments: list[str]) -> tuple[str, int]:
    """``name=X [dir=out] new enable=yes|no``: all rules of that name."""
    *which, new, change = arguments if len(arguments) > 2 else ["", "", ""]
    name, _separator, value = change.partition("=")
    if new.lower() != "new" or name.lower() != "enable":
        raise Refused(f"netsh ... set rule {' '.join(arguments)}")
    active = f"Active={_choice(_ENABLED, {'enable': value}, 'enable')}"
    found = _matching(machine, _given(which, ("name", "dir")))
    for value_name, parts in found:
        kept = [part for part in parts if not part.startswith("Active=")]
        at = next((at for at, part in enumerate(parts) if part.startswith("Active=")), 2)
        kept.insert(at, active)
        machine.registry.set_text(RULES, value_name, "|".join(kept))
    return "netsh_updated", len(found)


_VERBS: t.Final = {"add": _add, "delete": _delete, "set": _set}
