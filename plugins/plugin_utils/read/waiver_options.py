# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``waivers``: findings that the operator accepts, each with a reason."""

from __future__ import annotations

import datetime
import fnmatch
import re
import typing as t
from collections.abc import Collection, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    entries,
    only_keys,
    quoted,
)

_KEYS: t.Final = ("check", "reason", "expires", "subject")
#: Ids of checks and shell patterns over them.
_CHECK: t.Final = re.compile(r"[a-z0-9_.*?\[\]!-]{1,100}")


def parse_waivers(raw: object, checks: Collection[str] = ()) -> tuple[Waiver, ...]:
    """The entries of the option, in their order; None is an empty list.

    Args:
        raw: what the operator wrote.
        checks: ids of the catalogue; where it is given, a waiver that fits none of them is refused, since it would
            otherwise do nothing without anybody noticing.

    Raises:
        OptionError: one sentence with option and value.
    """
    waivers: list[Waiver] = []
    for number, entry in enumerate(entries("waivers", raw)):
        option = f"waivers[{number}]"
        waiver = _waiver(option, entry, checks)
        for other, earlier in enumerate(waivers):
            if (earlier.check, earlier.subject) == (waiver.check, waiver.subject):
                raise OptionError(f"{option}: '{waiver.check}' for '{waiver.subject}' is in waivers[{other}] already.")
        waivers.append(waiver)
    return tuple(waivers)


def _waiver(option: str, entry: Mapping[str, t.Any], checks: Collection[str]) -> Waiver:
    only_keys(option, entry, _KEYS)
    check, reason = entry.get("check"), entry.get("reason")
    if not isinstance(check, str) or not _CHECK.fullmatch(check):
        raise OptionError(
            f"{option}.check: {quoted(check)} is not the id of a check or a pattern such as 'firewall.*'."
        )
    if checks and not any(fnmatch.fnmatchcase(known, check) for known in checks):
        raise OptionError(f"{option}.check: {quoted(check)} fits no check that exists.")
    if not isinstance(reason, str) or not reason.strip():
        raise OptionError(f"{option}.reason: {quoted(reason)} is not a reason, and a waiver (of '{check}') needs one.")
    subject = entry.get("subject")
    if subject is None:
        subject = "*"
    if not isinstance(subject, str) or not subject:
        raise OptionError(f"{option}.subject: {quoted(subject)} is not a text.")
    return Waiver(
        check=str(check),
        reason=" ".join(reason.split()),
        expires=_expires(f"{option}.expires", entry.get("expires")),
        subject=str(subject),
    )


def _expires(option: str, raw: object) -> datetime.date | None:
    if raw is None:
        return None
    if isinstance(raw, datetime.date) and not isinstance(raw, datetime.datetime):
        return raw
    if isinstance(raw, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", raw):
        try:
            return datetime.date.fromisoformat(raw)
        except ValueError:
            pass
    raise OptionError(f"{option}: {quoted(raw)} is not a date such as 2026-12-31.")
