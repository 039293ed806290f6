# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local firewall rules as steps need them: found by name as netsh finds them, compared, switched, and put in words.

netsh acts on all rules of a name and direction, so a rule is only ever touched where it is alone with its name, or
where all of that name are copies of one another.
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Direction,
    FirewallRule,
    Profile,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RuleStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quotable, quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: How netsh names protocols; others by their numbers.
_PROTOCOLS: t.Final = {None: "any", 6: "TCP", 17: "UDP"}
#: Protocol 256 means any, as if the field were absent: [MS-FASP] 2.2.37.
_ANY_PROTOCOL: t.Final = "256"
_PORTS: t.Final = re.compile(r"([lr])port(?:2_\d+)?")
#: Fields whose values Windows compares without case.
_CASELESS: t.Final = frozenset({"action", "active", "dir", "protocol", "profile", "app", "name"})
_LONGEST: t.Final = 4000
_NETSH: t.Final = "netsh advfirewall firewall"


def parsed(text: str) -> FirewallRule | Unread:
    """The rule of a text of the local store."""
    return firewall_rule.parse("", text, RuleStore.LOCAL)


def but_active(rule: FirewallRule) -> list[tuple[str, str]]:
    """The fields of a rule but whether it is on. netsh may write them in a later version, and in another order."""
    return sorted((name.casefold(), value) for name, value in rule.fields if name.casefold() != "active")


def named(image: RegistryImage, key: str, name: str) -> dict[str, str] | Unread:
    """Id to text of all outbound rules of that name in a store: those that netsh would act on."""
    store = image.key(key)
    if isinstance(store, Unread):
        return store
    if not isinstance(store, RegistryKey):
        return {}
    wanted = name.strip().casefold()
    found = {}
    for value in store.values:
        text = value.data if isinstance(value.data, str) else ""
        rule = parsed(text)
        if isinstance(rule, Unread) or rule.direction is Direction.IN:
            continue
        if rule.name.strip().casefold() == wanted:
            found[value.name] = text
    return found


def content(image: RegistryImage, step: RuleStep) -> str | Absent | Unread:
    """What the store holds in the place of that step; Unread also where no one rule can be meant by that name."""
    found = named(image, step.key, step.name)
    if isinstance(found, Unread):
        return found
    if not found:
        return Absent.ABSENT
    texts = list(found.values())
    alike = all(same_rule(texts[0], text) for text in texts[1:])
    ours = isinstance(step.before, Absent) or isinstance(step.after, Absent)
    if len(texts) > 1 and (ours or not alike):
        return Unread(f"{len(texts)} rules have the name {shown(step.name)!r}, and netsh would act on all of them")
    return texts[0]


def same_rule(one: str, other: str) -> bool:
    """Whether two texts are one rule: the order of fields, the schema version and the spelling of ports do not count.

    Windows writes a rule that netsh made in the newest version that it knows, whatever we would have written.
    Texts that are no rules are only the same where they are equal.
    """
    if one == other:
        return True
    first, second = parsed(one), parsed(other)
    if isinstance(first, Unread) or isinstance(second, Unread):
        return False
    return _essence(first) == _essence(second)


def _essence(rule: FirewallRule) -> Counter[tuple[str, str]]:
    """The fields of a rule without the ways in which the same rule can be spelled differently."""
    found = Counter(_fields(rule))
    if {profile for name, profile in found if name == "profile"} == {p.value.casefold() for p in Profile}:
        found = Counter({field: n for field, n in found.items() if field[0] != "profile"})
    found["active", "true" if rule.active else "false"] = 1
    return found


def _fields(rule: FirewallRule) -> Iterator[tuple[str, str]]:
    for name, value in rule.fields:
        name = name.casefold()
        value = value.casefold() if name in _CASELESS else value
        ports = _PORTS.fullmatch(name)
        if ports:
            first, dash, last = value.partition("-")
            yield f"{ports[1]}port", first if dash and first == last else value
        elif name != "active" and (name, value) != ("protocol", _ANY_PROTOCOL):
            yield name, value


def is_active(text: str) -> bool:
    """Whether that text is a rule that is switched on."""
    rule = parsed(text)
    return isinstance(rule, FirewallRule) and rule.active


def switched(text: str, active: bool) -> str:
    """The text of that rule switched on or off.

    :raises ValueError: it is no rule.
    """
    return _with(text, "Active", "TRUE" if active else "FALSE")


def renamed(text: str, name: str) -> str:
    """The text of that rule under another name.

    :raises ValueError: it is no rule.
    """
    return _with(text, "Name", name)


def _with(text: str, field: str, value: str) -> str:
    rule = parsed(text)
    if isinstance(rule, Unread):
        raise ValueError(rule.why)
    fields = tuple((n, value if n.casefold() == field.casefold() else v) for n, v in rule.fields)
    if field.casefold() not in {name.casefold() for name, _value in fields}:
        fields = (*fields, (field, value))
    return firewall_rule.write(replace(rule, fields=fields))


def applied(image: RegistryImage, step: RuleStep) -> RegistryImage:
    """The image as it would be after the step. A rule that it adds stands there under its name."""
    found = named(image, step.key, step.name)
    if isinstance(found, Unread):
        return image
    if isinstance(step.after, Absent):
        for rule_id in found:
            image = image.without_value(step.key, rule_id)
    elif isinstance(step.before, Absent):
        if not found:
            image = image.with_value(step.key, RegistryValue(step.id or step.name, RegistryType.SZ, step.after))
    else:
        for rule_id, text in found.items():
            new = switched(text, is_active(step.after))
            image = image.with_value(step.key, RegistryValue(rule_id, RegistryType.SZ, new))
    return image


def words(text: str) -> str:
    """A rule in one line for people."""
    rule = parsed(text)
    if isinstance(rule, Unread):
        return shown(text, _LONGEST)
    parts = [rule.action.value.casefold(), "out" if rule.direction is Direction.OUT else "in or out"]
    protocol = _PROTOCOLS.get(rule.protocol, f"protocol {rule.protocol}")
    parts.append(protocol if rule.protocol is not None else f"{protocol} protocol")
    said = {"action", "dir", "protocol", "active", "profile", "name"}
    limits = [
        (name, value)
        for name, value in rule.fields
        if name.casefold() not in said and not (name[:5].casefold() == "rport" and value[:1].isdigit())
    ]
    if rule.remote_ports:
        parts.append(f"to ports {_spans(rule)}")
    parts.append(f"in {_profiles(rule)}")
    parts += [f"{shown(name)}={shown(value, _LONGEST)}" for name, value in limits]
    return ", ".join([*parts, "on" if rule.active else "off"])


def _spans(rule: FirewallRule) -> str:
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in rule.remote_ports or ())


def _profiles(rule: FirewallRule) -> str:
    names = [profile.value.casefold() for profile in Profile if profile in rule.profiles]
    return f"profile {','.join(names)}" if names else "any profile"


def netsh(step: RuleStep) -> str:
    """The command that does that step: for our lines, which check first what may stand in it, and for people.

    A running firewall reads neither the registry nor a .reg file.
    """
    name = _argument(step.name)
    if isinstance(step.after, Absent):
        return f"{_NETSH} delete rule name={name} dir=out"
    rule = parsed(step.after)
    on = "yes" if isinstance(rule, FirewallRule) and rule.active else "no"
    if not isinstance(step.before, Absent) or isinstance(rule, Unread):
        return f"{_NETSH} set rule name={name} dir=out new enable={on}"
    said = {
        "action": rule.action.value.casefold(),
        "protocol": _PROTOCOLS.get(rule.protocol, str(rule.protocol)),
        "remoteport": _spans(rule),
        "profile": ",".join(p.value.casefold() for p in Profile if p in rule.profiles) or "any",
        "enable": on,
        "program": _argument(rule.app) if rule.app is not None else "",
    }
    return f"{_NETSH} add rule name={name} dir=out " + " ".join(f"{k}={v}" for k, v in said.items() if v)


def _argument(text: str) -> str:
    """In quotes, with blanks or without; what could not stand on a command line is only for people to see."""
    quoted = quote(text) if quotable(text) else shown(text, _LONGEST)
    return quoted if quoted.startswith('"') else f'"{quoted}"'
