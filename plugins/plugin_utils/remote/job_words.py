# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an installer said last, out of its log or its output, however long these are."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import stage
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.job_records import JobRecord
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Query, section

#: Bytes of one file that are fetched for the last words.
_MOST: t.Final = 20_000
#: What lines of logs say of failures; in English, as the installers write most of them.
_FAILURE: t.Final = re.compile(r"error|fail|cannot|could not|denied|not enough|damaged|returned false", re.IGNORECASE)
#: True of any failure: the line before it tells more.
_EMPTY_WORDS: t.Final = re.compile(r"return code was masked|extended error code", re.IGNORECASE)


def last_words(exchange: Exchange, record: JobRecord) -> str:
    """The last line of the installer's log that tells of a failure, else of its output; "" where there is none.

    At most 300 characters, safe to print; fetched are at most three times :data:`_MOST` bytes.

    :raises ShellError: nothing of use came back.
    """
    names = {"JW0": "log.txt", "JW1": "output.txt", "JW2": "busy.txt"}
    exchange.run(section(name, Query(code, command=_small(record, name))) for code, name in names.items())
    parts = (exchange.answers.lines(code) for code in names)
    told = [() if isinstance(part, Unread) else tuple(filter(None, map(_plain, part))) for part in parts]
    for lines in told:
        failures = [line for line in lines if _FAILURE.search(line)]
        if failures:
            return shown(next((one for one in reversed(failures) if not _EMPTY_WORDS.search(one)), failures[-1]), 300)
    return next((shown(lines[-1], 300) for lines in told[1:] if lines), "")


def _plain(line: str) -> str:
    return " ".join(line.split())


def _small(record: JobRecord, name: str) -> str:
    """What prints a file if it is small, else those of its lines that tell of an error, if these are few."""
    file, part = stage.path(record.folder, name), stage.path(record.folder, "errors.txt")
    few = f"(for %g in ({part}) do (if %~zg lss {_MOST} (type {part}&echo.)))"
    errors = f'type {file}|findstr /i /c:"error">{part}&{few}'
    # The empty line is for files that end in the middle of one, so that the next mark begins a line.
    whole = f"(if %~zg lss {_MOST} (type {file}&echo.))&(if not %~zg lss {_MOST} ({errors}))"
    return f"(if exist {file} (for %g in ({file}) do ({whole})))"
