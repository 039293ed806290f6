# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that lies on the machine of a smarthost, from what is wanted to the texts of files."""

from __future__ import annotations

import typing as t
from collections.abc import Collection

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import mapping
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import facts as machines
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import postfix, smarthost_unit
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.postfix import PLACES, TRIAL, Places, Release
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.smarthost import (
    Smarthost,
    listeners,
    parse_smarthost,
)


def smarthost_files(wanted: object, facts: object, consents: Collection[str]) -> dict[str, t.Any]:
    """What the role puts in place, of plain types, without the password. Raises RelayError."""
    wish, machine, release = _read(wanted, facts, consents)
    ca_file = machine.platform.ca_file
    return {
        "files": {
            **_configuration(wish, ca_file, PLACES, release),
            smarthost_unit.RULES: smarthost_unit.rules(wish),
            **smarthost_unit.fence_files(),
            f"{smarthost_unit.UNITS}/{smarthost_unit.SERVICE}": smarthost_unit.unit(wish),
        },
        "trial": {
            **_configuration(wish, ca_file, TRIAL, release),
            # Without listeners: what runs has them.
            f"{TRIAL.folder}/master.cf": postfix.master_cf(()),
        },
        "password": f"{PLACES.folder}/password",
        "folder": PLACES.folder,
        "queue": PLACES.queue,
        "data": PLACES.data,
        "ca_file": wish.upstream.ca_file or ca_file,
        "listen": [{"address": one.host, "port": one.port} for one in wish.listen],
        "units": {"service": smarthost_unit.SERVICE, "filter": smarthost_unit.FILTER},
        "fence": smarthost_unit.FENCE,
        "cautions": list(_cautions(wish)),
    }


def smarthost_secrets(wanted: object, facts: object, consents: Collection[str]) -> dict[str, str]:
    """Path → text of the file that root alone may read. Raises RelayError."""
    wish, _machine, _release = _read(wanted, facts, consents)
    return postfix.password_table(wish)


def _read(wanted: object, facts: object, consents: Collection[str]) -> tuple[Smarthost, machines.Facts, Release]:
    raw = mapping("facts", facts)
    machine = machines.parse_facts({**raw, "stunnel": None}, smarthost_unit.SERVICE)
    release = postfix.parse_release(raw.get("postfix"))
    wish = parse_smarthost(wanted, consents)
    machines.checked(listeners(wish), machine)
    return wish, machine, release


def _configuration(wish: Smarthost, ca_file: str, places: Places, release: Release) -> dict[str, str]:
    return {
        f"{places.folder}/main.cf": postfix.main_cf(wish, ca_file, places, release),
        f"{places.folder}/master.cf": postfix.master_cf(wish.listen),
        **postfix.tables(wish, places),
    }


def _cautions(wish: Smarthost) -> t.Iterator[str]:
    where = ", ".join(map(str, wish.listen))
    yield (
        f"smtp_relay: mail travels unencrypted from the clients to {where}, and whoever is let in sends as"
        f" {wish.upstream.user}; keep that way inside a network that you trust."
    )
    if not wish.senders:
        yield "smtp_relay: its clients may use any sender address; name those that may be used in senders."
