# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps about firewall rules as commands of ``netsh advfirewall`` (Vista and later).

netsh and not the registry: a running firewall does not read what is written there. netsh knows rules by their names
only, and ``delete`` and ``set`` act on every rule of that name, so only those named by us are added and deleted.

https://learn.microsoft.com/windows-server/administration/windows-commands/netsh-advfirewall
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    RuleStore,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RUN, RuleStep
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import firewall_rule
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import Unquotable, quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import RegFileError, RegFileKey
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

_OURS: t.Final = re.compile(rf"MailFleet {RUN.pattern} [1-9]\d{{0,3}}", re.ASCII)
#: TCP and UDP: the protocols with which netsh takes ports.
_WITH_PORTS: t.Final = (6, 17)
_ACTIONS: t.Final = (Action.ALLOW, Action.BLOCK)
#: The fields of a rule text that the command below says, in lower case; ranges of ports have a field per version.
_SAID: t.Final = re.compile(r"action|active|dir|protocol|profile|app|name|rport(2_\d+)?")


def commands(step: RuleStep) -> tuple[str, ...]:
    """The commands that carry out a step about a rule.

    :raises Unquotable: a name, program or key that must not stand in a command, or is none.
    :raises ValueError: what netsh cannot do exactly: a rule with other conditions than remote ports, profiles, program
        and protocol; more changes than on and off; a rule to add or delete whose name is none of ours.
    """
    if isinstance(step.after, Absent):
        _insist_on_own_name(step)
        return (rules.netsh(step),)
    after = _rule(step, step.after)
    if isinstance(step.before, Absent):
        return (_added(step, after),)
    before = _rule(step, step.before)
    if rules.but_active(before) != rules.but_active(after):
        raise ValueError(f"The firewall rule {shown(step.name)} can be switched on and off, but not changed otherwise.")
    _insist_on_name(step)
    return (rules.netsh(step),)


def _rule(step: RuleStep, text: str) -> FirewallRule:
    rule = firewall_rule.parse(step.id, text, RuleStore.LOCAL)
    if isinstance(rule, Unread):
        raise ValueError(f"This is no firewall rule to make: {rule.why}")
    if rule.name.casefold() != step.name.casefold():
        raise ValueError(f"A step about the firewall rule {shown(step.name)} holds one named {shown(rule.name)}.")
    if rule.direction is not Direction.OUT:
        raise ValueError(f"The firewall rule {shown(step.name)} is not about outbound connections.")
    return rule


def _insist_on_name(step: RuleStep) -> None:
    """``all`` would mean every rule, and ``@...`` is shown as the text that it names."""
    quote(step.name)
    if not firewall_rule.nameable(step.name):
        raise Unquotable(f"netsh does not know a firewall rule by the name {shown(step.name)}")


def _insist_on_own_name(step: RuleStep) -> None:
    if not _OURS.fullmatch(step.name):
        raise ValueError(f"Only firewall rules of ours are added and deleted, not the one named {shown(step.name)}")
    _insist_on_name(step)


def _added(step: RuleStep, rule: FirewallRule) -> str:
    """netsh adds a rule as often as it is told, so it is only told where no rule of that name is there yet.

    The ``|`` after the name must not stand in quotes (see :mod:`quote`): hence no digit may follow.
    """
    _insist_on_own_name(step)
    _insist_that_netsh_can(rule)
    key = _key(step.key)
    mark = f"Name={step.name}"
    return (
        f"reg query {key} >nul&(if not errorlevel 1 ("
        f'reg query {key}|find "{mark}"|findstr /v /r /c:"{mark}[0-9]" >nul'
        f"&(if errorlevel 1 (if not errorlevel 2 ({rules.netsh(step)})))))"
    )


def _key(path: str) -> str:
    try:
        return quote(RegFileKey(path).path)
    except RegFileError as problem:
        raise Unquotable(f"The rules of the firewall stand in a key of the registry: {problem}") from None


def _insist_that_netsh_can(rule: FirewallRule) -> None:
    """Everything that the rule says has to be something that netsh can be told."""
    more = {name for name, _value in rule.fields if not _SAID.fullmatch(name.casefold())}
    if more or rule.opaque or rule.action not in _ACTIONS:
        what = ", ".join(sorted(more or rule.opaque)) or f"Action={rule.action.value}"
        raise ValueError(f"netsh cannot make the firewall rule {shown(rule.name)} exactly, because of {shown(what)}.")
    if rule.remote_ports and rule.protocol not in _WITH_PORTS:
        raise ValueError(f"netsh cannot make the firewall rule {shown(rule.name)}: ports go with TCP and UDP only.")
    if rule.app is not None:
        quote(rule.app)
