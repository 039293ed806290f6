# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan could write: data of changeable values, and rules of the firewall."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Changeable
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import MASK_BITS
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import Journal, RuleStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_codec import is_run
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import certificate_blob, firewall_rule, proxy
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.logins import holds_login
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quotable

_Side = t.Union[RegistryValue, Absent]

#: Proxies, lists of exceptions and addresses of scripts; longer ones exist nowhere.
_LONGEST_TEXT: t.Final = 16384
_LONGEST_BLOB: t.Final = 65536
_MOST_SUITES: t.Final = 256
_CURVE: t.Final = re.compile(r"_P(?:256|384|521)$")

_OUR_RULE: t.Final = re.compile(r"MailFleet (\S+) ([1-9][0-9]{0,3})")
#: Fields of a rule that a plan adds; netsh writes the same.
_RULE_FIELDS: t.Final = frozenset({"action", "active", "dir", "protocol", "profile", "name", "app", "rport"})
_RULE_PORTS: t.Final = re.compile(r"rport(?:2_\d{1,3})?", re.ASCII)
_TCP: t.Final = 6


def data_objection(knowledge: Knowledge, row: Changeable, written: _Side, there: _Side) -> str | None:
    """Why no plan writes that to a place which holds ``there``, as the rest of a sentence; None: one could."""
    if isinstance(written, Absent):
        return None if row.may_go else "says that the value is deleted, which no plan does"
    if written.type.value != row.type:
        return f"writes a {written.type.value}, where a plan writes a {row.type}"
    if not _CONTENT[row.content](knowledge, written.data, there):
        return f"writes data that no plan writes there (they are to be a {row.content.replace('-', ' ')})"
    return None


def _is_switch(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    return data in (0, 1)


def _is_mask(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    """Protocols come and go; bits that mean none stay as they were."""
    before = there.data if isinstance(there, RegistryValue) and isinstance(there.data, int) else 0
    return isinstance(data, int) and bool(data & MASK_BITS) and data & ~MASK_BITS == before & ~MASK_BITS


def _are_suites(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    known = {name for policy in knowledge.policies.values() for name in policy.modern_suites}
    if not isinstance(data, tuple) or not 0 < len(data) <= _MOST_SUITES or len(set(data)) != len(data):
        return False
    return all(_CURVE.sub("", name) in known for name in data)


def _is_line(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    return isinstance(data, str) and len(data) <= _LONGEST_TEXT and _is_plain(data)


def _is_plain(*texts: str) -> bool:
    return all(text.isprintable() and not holds_login(text) for text in texts)


def _is_wininet(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    if not isinstance(data, bytes) or len(data) > _LONGEST_BLOB:
        return False
    found = proxy.connection_settings(data)
    return (
        not isinstance(found, Unread) and not holds_login(data) and _is_plain(found.proxy, found.bypass, found.script)
    )


def _is_winhttp(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    if not isinstance(data, bytes) or len(data) > _LONGEST_BLOB:
        return False
    found = proxy.winhttp_settings(data)
    return not isinstance(found, Unread) and not holds_login(data) and _is_plain(found.proxy, found.bypass)


def _is_root(knowledge: Knowledge, data: RegistryData, there: _Side) -> bool:
    """Which root belongs where, and what was there, ``relay_root`` judges."""
    return isinstance(data, bytes) and certificate_blob.root_in(data) is not None


_CONTENT: t.Final[dict[str, Callable[[Knowledge, RegistryData, _Side], bool]]] = {
    "switch": _is_switch,
    "mask": _is_mask,
    "suites": _are_suites,
    "text": _is_line,
    "wininet-proxy": _is_wininet,
    "winhttp-proxy": _is_winhttp,
    "root": _is_root,
}


def rule_objection(step: RuleStep, journal: Journal) -> str | None:
    """Why no plan adds or switches that rule, as the rest of a sentence; None: one could."""
    if not firewall_rule.nameable(step.name):
        return "has a name that is never put on a command line"
    texts = [text for text in (step.before, step.after) if not isinstance(text, Absent)]
    read = [rule for text in texts if isinstance(rule := rules.parsed(text), FirewallRule)]
    if len(read) != len(texts):
        return "holds a text that is no rule of the firewall"
    if any(rule.name != step.name for rule in read):
        return "holds a rule of another name"
    if any(rule.direction is not Direction.OUT for rule in read):
        return "is not about outgoing connections"
    if len(read) == 1:
        return _added_objection(step, read[0], journal)
    return _switched_objection(read[0], read[1], journal.kind)


def _added_objection(step: RuleStep, rule: FirewallRule, journal: Journal) -> str | None:
    if journal.kind == "fix" and step.after is ABSENT:
        return "is a rule that is deleted, which no fix does"
    ours = _OUR_RULE.fullmatch(step.name)
    # A rollback takes away, or puts back, the rules of other runs.
    if not ours or not is_run(ours[1]) or (journal.kind == "fix" and ours[1] != journal.run):
        return "is an added rule without the name that this run gives to its rules"
    if rule.action is not Action.ALLOW or not rule.active or rule.protocol != _TCP or not rule.remote_ports:
        return "is not a rule that lets connections out to some TCP ports"
    fields = {name.casefold() for name, _value in rule.fields}
    odd = {name for name in fields - _RULE_FIELDS if not _RULE_PORTS.fullmatch(name)}
    if odd or rule.opaque or not quotable(rule.app or "any"):
        return "is a rule with conditions that no plan sets"
    return None


def _switched_objection(before: FirewallRule, after: FirewallRule, kind: str) -> str | None:
    if rules.but_active(before) != rules.but_active(after) or before.active == after.active:
        return "does more than to switch the rule on or off"
    if before.action is not Action.BLOCK:
        return "switches a rule that blocks nothing"
    if kind == "fix" and after.active:
        return "switches a blocking rule on, which no fix does"
    return None
