# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks that run packages share: their options, their progress, and what their connection allows."""

from __future__ import annotations

import os
import typing as t
from dataclasses import replace

from ansible.utils.display import Display

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.install_rows import Verb
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.checksums import parse_checksums
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import (
    PackageSource,
    parse_source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.desks import MOST_SECONDS
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_order import Pace, UpdateOrder

ARGUMENT_SPEC: t.Final[dict[str, dict[str, t.Any]]] = {
    "source": {"type": "str"},
    "checksums": {"type": "dict", "default": {}},
    "checksum_file": {"type": "path"},
    "backup": {"type": "bool", "default": True},
    "install_timeout": {"type": "int", "default": 3600},
    "reboot": {"type": "bool", "default": False},
    "reboot_timeout": {"type": "int", "default": 900},
}
_LONGEST_LIST: t.Final = 1 << 20


def order(arguments: dict[str, t.Any], kbs: tuple[str, ...] | None = None, verb: Verb = "install") -> UpdateOrder:
    """What the options of a task order.

    :raises OptionError: one makes no sense.
    """
    for name in ("install_timeout", "reboot_timeout"):
        if not 1 <= arguments[name] <= MOST_SECONDS:
            raise OptionError(f"{name}: it is not a number of seconds from 1 to {MOST_SECONDS} (a week).")
    file = arguments["checksum_file"]
    return UpdateOrder(
        kbs,
        verb,
        None if arguments["source"] is None else _source(arguments["source"]),
        parse_checksums(arguments["checksums"], None if file is None else _text(file)),
        backup=arguments["backup"],
        install_timeout=arguments["install_timeout"],
        reboot=arguments["reboot"],
        reboot_timeout=arguments["reboot_timeout"],
    )


def _source(text: str) -> PackageSource:
    """A relative folder of the controller counts from where Ansible is run, as journal_dir does."""
    source = parse_source(text)
    if source.kind == "controller":
        return replace(source, place=os.path.abspath(os.path.expanduser(source.place)))
    return source


def _text(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read(_LONGEST_LIST)
    except OSError as error:
        raise OptionError(f"checksum_file: {shown(file, 300)} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise OptionError(f"checksum_file: {shown(file, 300)} is no text in UTF-8, or no path.") from None


def pace(host: str) -> Pace:
    """Tells the operator how a long run is getting on."""
    # Workers of Ansible have sessions of their own: one whose parent was killed would go on alone.
    parent = os.getppid()

    def report(text: str) -> None:
        Display().display(f"[{shown(host)}] {text}")

    def wanted() -> bool:
        return os.getppid() == parent

    return Pace(report, wanted=wanted)


def second_hop(connection: t.Any) -> bool:
    """Whether our logon on the host may go on to a file server: with CredSSP only."""
    try:
        transports = connection.get_option("transport")
    except (KeyError, AttributeError):
        return False
    return transports in ("credssp", ["credssp"])
