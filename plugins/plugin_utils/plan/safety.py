# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps that may cut the connection over which they are sent: they need the consent ``own_connection``.

Certain: a firewall rule that comes to block and is not limited to mail ports can cut any connection of the host.
Caution, and we ask nevertheless: SCHANNEL's ``Client`` keys do not govern connections that come in, according to
Microsoft, nor does WinHTTP's proxy; but a proxy, an agent or a tunnel on the host may carry our connection, and is a
client then. The list of cipher suites holds for both directions. SSL 2.0 and 3.0 are no danger: nobody uses them.
https://learn.microsoft.com/windows-server/security/tls/tls-registry-settings
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Knowledge
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import Action, FirewallRule
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, RuleStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Absent, RegistryValue
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import OWN_CONNECTION
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown

#: Nobody connects by these any more.
_DEAD: t.Final = frozenset({Protocol.SSL2, Protocol.SSL3})
#: Name of a switch of SCHANNEL, casefolded, to whether a number other than 0 offers the protocol.
_SWITCHES: t.Final = {"enabled": True, "disabledbydefault": False}
_WINHTTP: t.Final = ("proxy-winhttp-native", "proxy-winhttp-wow6432")
_LONGEST: t.Final = 400


@dataclass(frozen=True, slots=True)
class OwnConnection:
    """How this run reaches the host. ``kind``: in words ("winrm", "ssh"); ``tls``: whether it is over TLS (HTTPS)."""

    kind: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Danger:
    """A step that may cut the connection: ``why`` is one sentence that names it."""

    step: Step
    why: str
    consent: str = OWN_CONNECTION


def dangers(knowledge: Knowledge, steps: Iterable[Step], connection: OwnConnection) -> tuple[Danger, ...]:
    """The steps that need a consent because of the connection, in their order."""
    found = ((step, _why(knowledge, step, connection)) for step in steps)
    return tuple(Danger(step, why) for step, why in found if why)


def _why(knowledge: Knowledge, step: Step, connection: OwnConnection) -> str:
    if isinstance(step, RuleStep):
        return _of_rule(knowledge, step, connection)
    return (_of_tls(knowledge, step, connection) if connection.tls else "") or _of_proxy(knowledge, step, connection)


def _of_tls(knowledge: Knowledge, step: RegistryStep, connection: OwnConnection) -> str:
    row = knowledge.registry["suites-local"]
    place = shown(f"{step.key}\\{step.name}", _LONGEST)
    if step.place == (row.key.casefold(), str(row.value).casefold()):
        return f"{place} changes the list of cipher suites, and {_ours(connection)} is over TLS."
    protocol = _protocol(knowledge, step.key)
    if protocol is None or protocol in _DEAD or not _narrows(step):
        return ""
    return f"{place} takes {protocol.value} away, and {_ours(connection)} is over TLS."


def _protocol(knowledge: Knowledge, key: str) -> Protocol | None:
    """The protocol whose client switches stand in that key."""
    root = knowledge.registry["schannel-protocols"].key
    places = {f"{root}\\{protocol.value}\\Client".casefold(): protocol for protocol in Protocol}
    return places.get(key.casefold())


def _narrows(step: RegistryStep) -> bool:
    """Whether the protocol may be offered before the step and less so after it.

    Where the value goes, Windows' own default counts, which may be off: that is no loss only where it was off before.
    """
    offers = _SWITCHES.get(step.name.casefold())
    if offers is None or step.before == step.after:
        return False
    on_before, on_after = (_on(side, offers) for side in (step.before, step.after))
    return on_before is not False and on_after is not True


def _on(side: RegistryValue | Absent, offers: bool) -> bool | None:
    """Whether that side of a switch offers the protocol; None: what Windows does by default."""
    if not isinstance(side, RegistryValue) or not isinstance(side.data, int):
        return None
    return bool(side.data) is offers


def _of_proxy(knowledge: Knowledge, step: RegistryStep, connection: OwnConnection) -> str:
    rows = [knowledge.registry[row] for row in _WINHTTP]
    if step.before == step.after or step.place not in {(r.key.casefold(), str(r.value).casefold()) for r in rows}:
        return ""
    verb = "switches off" if isinstance(step.after, Absent) else "changes"
    verb = "sets" if isinstance(step.before, Absent) else verb
    place = shown(f"{step.key}\\{step.name}", _LONGEST)
    return f"{place} {verb} the machine's proxy, and {_ours(connection)} may pass an agent or a tunnel that asks it."


def _of_rule(knowledge: Knowledge, step: RuleStep, connection: OwnConnection) -> str:
    if isinstance(step.after, Absent) or not _blocks(knowledge, step.after):
        return ""
    if not isinstance(step.before, Absent) and _blocks(knowledge, step.before):
        return ""
    return f"The firewall rule {shown(step.name)!r} comes to block more than mail, perhaps {_ours(connection)} too."


def _blocks(knowledge: Knowledge, text: str) -> bool:
    """Whether a rule is on, blocks, and blocks more than mail ports of servers; so may a text that is no rule."""
    rule = rules.parsed(text)
    if not isinstance(rule, FirewallRule):
        return True
    mail = knowledge.ports
    only_mail = rule.remote_ports is not None and all(low == high and low in mail for low, high in rule.remote_ports)
    return rule.active and rule.action is Action.BLOCK and not (only_mail and rule.remote_ports)


def _ours(connection: OwnConnection) -> str:
    return f"this run's own connection ({connection.kind})"
