# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units of systemd: a template for all relays, what differs for one of them, and the fence before them.

Each relay runs under a user that exists only as long as it runs, and sees of our folder its own part alone.
"""

from __future__ import annotations

import hashlib
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import fence, places
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.facts import Facts
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.sandbox import SANDBOX
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Relay

_TEMPLATE: t.Final = """\
# Written by mailfleet.client.tls_relay, which overwrites it.
[Unit]
Description=TLS relay for mail clients: %i
Wants=network-online.target
After=network-online.target {filter}
Requires={filter}
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStartPre=/bin/rm -f {inner}
ExecStart={program} {folder}/%i/stunnel.conf
ExecReload=/bin/kill -HUP $MAINPID
Restart=always
RestartSec=1
TimeoutStopSec=5

DynamicUser=yes
SupplementaryGroups={group}
RuntimeDirectory={runtime}/%i
RuntimeDirectoryMode=0700
UMask=0077
TemporaryFileSystem={folder}:ro
BindReadOnlyPaths={folder}/%i

{sandbox}RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
SystemCallFilter=~@privileged @resources

# Twice what was seen: 4094 idle sessions, all that TasksMax lets in, take 484 MiB.
MemoryMax=1G
TasksMax=4096
LimitNOFILE=16384

[Install]
WantedBy=multi-user.target
"""

#: A user namespace of its own would make the capability worth nothing, so it is one or the other.
_ORDINARY: t.Final = "CapabilityBoundingSet=\nPrivateUsers=yes\n"
_PRIVILEGED: t.Final = "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n"
#: Of every file.
_HEAD: t.Final = "# Written by mailfleet.client.tls_relay, which overwrites it.\n"


def template(facts: Facts) -> str:
    """The unit ``mailfleet-relay@.service``. It does not start where the fence could not be put up."""
    return _TEMPLATE.format(
        filter=places.FILTER,
        program=facts.platform.program,
        folder=places.FOLDER,
        group=places.GROUP,
        sandbox=SANDBOX,
        runtime=places.RUNTIME,
        # A stunnel that was killed leaves its socket behind, and the next one could not listen there.
        inner=places.inner("%i"),
    )


def unit(relay: Relay) -> str:
    """The drop-in of this relay: its user, and a capability only where its port needs one.

    Unless told, systemd calls a dynamic user what stands before the @ of the unit: one user for all relays, with the
    name of the group, which it refuses.
    """
    extra = _PRIVILEGED if relay.privileged else _ORDINARY
    user = f"User={user_of(relay.name)}\n"
    return f"{_HEAD}[Service]\n{user}{extra}"


def user_of(name: str) -> str:
    """The user of the relay with that name: users have at most 31 characters, relays 32."""
    return f"mfr-{hashlib.sha256(name.encode('ascii')).hexdigest()[:16]}"


def fence_files() -> dict[str, str]:
    """Path → text of the unit that loads the rules, and of what keeps them up."""
    return {
        f"{places.UNITS}/{places.FILTER}": _HEAD
        + fence.unit("Who may connect to the TLS relays for mail clients", places.RULES),
        places.FENCE: _HEAD + fence.drop_in(places.RULES),
    }
