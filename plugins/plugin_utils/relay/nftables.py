# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence around the listeners: who may connect, in a table of nftables that is ours alone.

Other tables are left as they are: what they drop stays dropped, whatever this one says. The file replaces the whole
table in one transaction, so there is no moment without a fence.

What begins on the machine itself is judged where it leaves, for only there its user is known: root passes, so that
relays can be checked from their own machine, and everybody else needs to be allowed. A packet that goes through the
loopback device cannot come from elsewhere, so where it arrives nothing is left to ask.
"""

from __future__ import annotations

import typing as t
from collections.abc import Collection, Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import collapsed
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Relay

TABLE: t.Final = "inet mailfleet_relay"
_FAMILIES: t.Final = ((4, "ip"), (6, "ip6"))
#: (hook, what is not asked there, what else has to be true of the rest).
_HOOKS: t.Final = (("input", 'iif "lo"', ""), ("output", "meta skuid 0", 'oif "lo" '))


def ruleset(relays: Collection[Relay], table: str = TABLE, author: str = "tls_relay") -> str:
    """The file for ``nft -f``, of the role ``author``. Without relays it takes the table away."""
    lines = [
        "#!/usr/sbin/nft -f",
        f"# Written by mailfleet.client.{author}, which overwrites it.",
        f"table {table}",
        f"delete table {table}",
    ]
    if relays:
        lines += ["", f"table {table} {{", *_table(relays), "}"]
    return "\n".join(lines) + "\n"


def _table(relays: Collection[Relay]) -> Iterator[str]:
    for relay in relays:
        yield f"\tcounter refused-{relay.name} {{ }}"
    for relay in relays:
        yield ""
        yield f"\tchain relay-{relay.name} {{"
        for version, word in _FAMILIES:
            networks = collapsed(relay.allow, version)
            if networks:
                yield f"\t\t{word} saddr {{ {', '.join(map(str, networks))} }} return"
        yield f'\t\tcounter name "refused-{relay.name}" drop'
        yield "\t}"
    for hook, pass_by, condition in _HOOKS:
        yield ""
        yield f"\tchain {hook} {{"
        # Before the filters of others (0), after connection tracking.
        yield f"\t\ttype filter hook {hook} priority -10; policy accept;"
        yield f"\t\t{pass_by} return"
        for relay in relays:
            yield f"\t\t{condition}{_listener(relay)} jump relay-{relay.name}"
        yield "\t}"


def _listener(relay: Relay) -> str:
    host, port = relay.listen.host, f"tcp dport {relay.listen.port}"
    if host == "0.0.0.0":
        return f"meta nfproto ipv4 {port}"
    if host == "::":
        return port
    return f"{'ip6' if ':' in host else 'ip'} daddr {host} {port}"
