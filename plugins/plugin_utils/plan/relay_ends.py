# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``relay``, checked: which servers are reached by which relay."""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    choice,
    entries,
    listed,
    only_keys,
)

_KEYS: t.Final = ("server", "port", "protocol", "host", "listen_port", "security")
_PROTOCOLS: t.Final = tuple(protocol.value for protocol in MailProtocol)
_SECURITIES: t.Final = (Security.NONE.value, Security.IMPLICIT.value, Security.STARTTLS.value)


def relay_ends(raw: object, option: str = "relay") -> tuple[RelayEnd, ...]:
    """The relays that accounts are to go to.

    :raises OptionError: an entry is not what it has to be, or two of them contradict each other.
    """
    ends = tuple(_end(f"{option}[{number}]", entry) for number, entry in enumerate(entries(option, raw)))
    ways: dict[tuple[str, int], RelayEnd] = {}
    for number, end in enumerate(ends):
        first = ways.setdefault((canonical(end.host), end.listen_port), end)
        if (first.protocol, first.security) != (end.protocol, end.security):
            raise OptionError(
                f"{option}[{number}]: {end.host} port {end.listen_port} stands there with another protocol or security."
            )
    return ends


def _end(where: str, entry: t.Mapping[str, t.Any]) -> RelayEnd:
    only_keys(where, entry, _KEYS)
    missing = [key for key in _KEYS if entry.get(key) is None]
    if missing:
        raise OptionError(f"{where}: {listed(missing)} is missing.")
    protocol = MailProtocol(choice(f"{where}.protocol", entry["protocol"], _PROTOCOLS))
    security = Security(choice(f"{where}.security", entry["security"], _SECURITIES))
    try:
        return RelayEnd(entry["server"], entry["port"], protocol, entry["host"], entry["listen_port"], security)
    except ValueError as error:
        raise OptionError(f"{where}: {error}") from None
