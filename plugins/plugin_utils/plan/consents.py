# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The consents that an operator can give (option ``consent``): what is not done without them, and what each risks."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall_judge import CONSENT_BLOCK_RULE

BLOCK_RULE: t.Final = CONSENT_BLOCK_RULE
OWN_CONNECTION: t.Final = "own_connection"
HOST_JOURNAL: t.Final = "host_journal"
CLEARTEXT_LEG: t.Final = "cleartext_leg"
POSREADY: t.Final = "posready"
ROOT_CA: t.Final = "root_ca"


@dataclass(frozen=True, slots=True)
class Consent:
    """``title``: what is done under it; ``risk``: what may come of it. Both go on in a sentence."""

    id: str
    title: str
    risk: str


_ALL: t.Final = (
    Consent(
        BLOCK_RULE,
        "switch off a firewall rule that somebody made to block mail ports",
        "traffic that the rule kept in can leave the host",
    ),
    Consent(
        OWN_CONNECTION,
        "change what this run's own connection to the host may depend on",
        "the connection may break, and the host may then be out of reach",
    ),
    Consent(
        HOST_JOURNAL,
        "undo by a journal that only the host kept and nobody signed",
        "whoever could change that journal chooses what is written to the places that a plan may change, and whether"
        " rules that block are switched on",
    ),
    Consent(
        POSREADY,
        "set the flag on XP that says that it is Windows Embedded POSReady 2009",
        "Windows then says that it is what it is not: Microsoft made these packages for POSReady and not for XP, and"
        " Windows Update may offer further updates of POSReady",
    ),
    Consent(
        CLEARTEXT_LEG,
        "send mail and passwords to a relay in clear text",
        "whoever can listen between the host and the relay reads them",
    ),
    Consent(
        ROOT_CA,
        "make the host trust the root of the relays' own authority",
        "whoever has the key of that root can speak to the host for the names that the root is bound to",
    ),
)

#: Id to consent. The ids are those of the option.
CONSENTS: t.Final[Mapping[str, Consent]] = MappingProxyType({consent.id: consent for consent in _ALL})


def lacking(consent: str) -> str:
    """The sentence for something that is not done because that consent was not given."""
    known = CONSENTS.get(consent)
    why = f": it would {known.title}, and {known.risk}" if known else ""
    return f'This needs the consent "{consent}"{why}.'
