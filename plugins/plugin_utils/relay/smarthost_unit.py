# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of systemd for a smarthost, and the fence before its listeners.

Postfix's master runs as root and gives its children other users, so the unit keeps what that takes, and nothing else.
"""

from __future__ import annotations

import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fence, nftables
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.postfix import HEAD, PLACES
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.sandbox import SANDBOX
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import Smarthost, listeners

SERVICE: t.Final = "mailfleet-smtp-relay.service"
FILTER: t.Final = "mailfleet-smtp-relay-filter.service"
UNITS: t.Final = "/etc/systemd/system"
TABLE: t.Final = "inet mailfleet_smtp_relay"
RULES: t.Final = f"{PLACES.folder}/relay.nft"
FENCE: t.Final = f"{fence.FOLDER}/mailfleet-smtp-relay.conf"

_UNIT: t.Final = """\
[Unit]
Description=SMTP relay that keeps mail until it is taken (Postfix)
Wants=network-online.target
After=network-online.target nss-lookup.target {filter}
Requires={filter}
StartLimitIntervalSec=0

[Service]
Type=forking
PIDFile={queue}/pid/master.pid
ExecStart=/usr/sbin/postfix -c {folder} start
ExecReload=/usr/sbin/postfix -c {folder} reload
ExecStop=/usr/sbin/postfix -c {folder} stop
Restart=always
RestartSec=1
TimeoutStopSec=30

CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_DAC_OVERRIDE CAP_FOWNER CAP_KILL{bind}
{sandbox}ReadWritePaths={queue} {data}
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
UMask=0077

MemoryMax=1G
TasksMax=1024

[Install]
WantedBy=multi-user.target
"""


def unit(wish: Smarthost) -> str:
    """``mailfleet-smtp-relay.service``. It does not start where the fence could not be put up."""
    bind = " CAP_NET_BIND_SERVICE" if any(one.privileged for one in listeners(wish)) else ""
    places = {"folder": PLACES.folder, "queue": PLACES.queue, "data": PLACES.data}
    return HEAD + _UNIT.format(filter=FILTER, bind=bind, sandbox=SANDBOX, **places)


def fence_files() -> dict[str, str]:
    """Path → text of the unit that loads the rules, and of what keeps them up."""
    return {
        f"{UNITS}/{FILTER}": HEAD + fence.unit("Who may connect to the SMTP relay", RULES),
        FENCE: HEAD + fence.drop_in(RULES),
    }


def rules(wish: Smarthost) -> str:
    """The file for ``nft -f``: the fence of the TLS relays, in a table and with a name of our own."""
    return nftables.ruleset(listeners(wish), TABLE, "smtp_relay")
