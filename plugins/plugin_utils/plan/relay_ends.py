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
    entries,
    listed,
    only_keys,
    quoted,
)

_KEYS: t.Final = ("server", "port", "protocol", "host", "listen_port", "security")
_PROTOCOLS: t.Final = {protocol.value: protocol for protocol in MailProtocol}
_SECURITIES: t.Final = {one.value: one for one in (Security.NONE, Security.IMPLICIT, Security.STARTTLS)}


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
    try:
        return RelayEnd(
            entry["server"],
            entry["port"],
            _of(f"{where}.protocol", entry["protocol"], _PROTOCOLS),
            entry["host"],
            entry["listen_port"],
            _of(f"{where}.security", entry["security"], _SECURITIES),
        )
    except OptionError:
        raise
    except ValueError as error:
        raise OptionError(f"{where}: {error}") from None


_T = t.TypeVar("_T")


def _of(where: str, raw: object, known: t.Mapping[str, _T]) -> _T:
    if not isinstance(raw, str) or raw not in known:
        raise OptionError(f"{where}: {quoted(raw)} is none of {listed(list(known))}.")
    return known[raw]
