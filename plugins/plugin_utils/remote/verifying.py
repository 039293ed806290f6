# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A verification after the reading: the controller and the host are asked about the servers of the audit's routes."""

from __future__ import annotations

import typing as t
from collections.abc import Container

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.verification import Answers, targets
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import own_schannel
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.controller_handshake import shake_all
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Shell

#: Who can be asked.
SIDES: t.Final = ("controller", "host")

_CHECK_MODE: t.Final = "was not asked in check mode: asking it writes a file there and removes it"
_NOT_WANTED: t.Final = "was not to be asked (option from)"


def verify(
    shell: Shell, seen: Context, audited: Audit, sides: Container[str], seconds: int, *, check: bool = False
) -> Answers:
    """Ask whoever is to be asked. What cannot be asked or does not answer is told in the answers.

    :param sides: of SIDES.
    :param seconds: how long each step of one connection may take, 1 to 60.
    :param check: nothing may be written to the host, so it is not asked.
    """
    wanted, left_out = targets(seen, audited)
    host_wanted = "host" in sides
    host_asked = host_wanted and not check
    return Answers(
        targets=wanted,
        left_out=left_out,
        controller=shake_all(wanted, seconds) if "controller" in sides else None,
        host=own_schannel.ask(shell, seen.snapshot.codepage, wanted, seconds) if host_asked else None,
        refusals=tuple(own_schannel.refusal(target) for target in wanted),
        host_wanted=host_wanted,
        host_why="" if host_asked else _CHECK_MODE if host_wanted else _NOT_WANTED,
    )
