# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the parts of a relay lie on its machine.

Not in /etc/stunnel: the distributions' own units start whatever lies there.
"""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fence

FOLDER: t.Final = "/etc/mailfleet-relay"
#: May read the folder; a relay runs with it, under a user of its own that exists as long as it runs.
GROUP: t.Final = "mailfleet-relay"
UNITS: t.Final = "/etc/systemd/system"
RULES: t.Final = f"{FOLDER}/relays.nft"
RUNTIME: t.Final = "mailfleet-relay"
#: What the names of all relays' units begin with.
INSTANCE: t.Final = "mailfleet-relay@"
TEMPLATE: t.Final = f"{INSTANCE}.service"
FILTER: t.Final = "mailfleet-relay-filter.service"
FENCE: t.Final = f"{fence.FOLDER}/mailfleet-relay.conf"


def folder(name: str) -> str:
    """All that only this relay may read."""
    return f"{FOLDER}/{name}"


def configuration(name: str) -> str:
    """What stunnel is told."""
    return f"{folder(name)}/stunnel.conf"


def certificate(name: str) -> str:
    """The certificate that clients see, where the operator names no other."""
    return f"{folder(name)}/certificate.pem"


def key(name: str) -> str:
    """Its key."""
    return f"{folder(name)}/key.pem"


def service(name: str) -> str:
    """The instance of the unit."""
    return f"{INSTANCE}{name}.service"


def drop_in(name: str) -> str:
    """What is said of this instance only."""
    return f"{UNITS}/{service(name)}.d/relay.conf"


def inner(name: str) -> str:
    """The socket between the two services of a legacy relay: no port, so nobody else can come in there."""
    return f"/run/{RUNTIME}/{name}/upstream.sock"
