# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A package to a host from wherever the operator keeps it: whole, and verified by SHA-256 on the host.

From the controller it is sent. What the host can reach itself it copies or downloads; then nothing of it is believed
before its checksum is the one that the controller knows.
"""

from __future__ import annotations

import functools
import re
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.packages import PackageFile
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.package_source import PackageSource
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.quote import quote
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import it_said, shown
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote import download_script, transfer
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.download import download
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fetch import Fetch
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import FileShell
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.system_copy import copy_as_system, settle
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer import Report
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_far import Far
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.transfer_text import TransferError, place

_SHA256: t.Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
#: What our line prints where a copy failed: the host's own words are in its own language.
_FAILED: t.Final = "MFT failed"


def deliver(
    shell: FileShell,
    source: PackageSource,
    file: PackageFile,
    folder: str,
    report: Report | None = None,
    *,
    second_hop: bool,
    domain: bool | Unread,
    version: str,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Bring a package into a staging folder on the host, whole and verified there, under its own name.

    A run that was broken off goes on where it was, if it is given the same folder.

    :param file: as ``package_files.choose`` gives it, without objections: ``sha256`` is what counts.
    :param report: told (bytes that are there, bytes of the file) now and then, and at least every ten seconds while the
        host copies as SYSTEM: then the second number is 0, which means that nobody knows, and the first tells nothing.
        It may raise to end the delivery: then what is under way on the host goes on there.
    :param second_hop: the session may log on to other computers as its user. Over WinRM that is CredSSP only, and the
        caller says so for nothing else.
    :param domain: the host is in a domain, so that SYSTEM can show an account to a server; Unread: nobody can tell.
    :param version: of NT, "5.1" for XP.
    :raises TransferError: it is not there; what arrived and is not that file was removed.
    :raises ShellError: the host could not be talked to; what has arrived stays there for the next run.
    :raises ValueError: a name that cannot be, or no SHA-256 to compare with.
    """
    if not _SHA256.fullmatch(file.sha256):
        raise ValueError(f"{shown(file.name)} has no SHA-256 to compare with")
    if source.kind == "controller":
        transfer.put(shell, Path(source.place) / file.name, folder, file.name, report, file.sha256)
        return
    bring = _way(source, second_hop, domain, version)
    far = Far(Exchange(shell), folder, place(folder, file.name))
    fetch = Fetch(far, source.file(file.name), file.name, report or _nobody, clock, sleep)
    if bring is copy_as_system:
        settle(fetch)
    there = far.begin()[0]
    # What is there may be all of it; a part of a download is known by its size.
    partial = source.kind == "url" and there is not None and there % download_script.PIECE == 0
    if there is not None and not partial and _sum(fetch, there) == file.sha256:
        fetch.report(there, there)
        return
    if partial and there:
        bring = functools.partial(download, there=there)
    bring(fetch)
    _verify(fetch, file)


def _nobody(done: int, total: int) -> None:
    """Nobody wants to know."""


def _way(source: PackageSource, second_hop: bool, domain: bool | Unread, version: str) -> Callable[[Fetch], None]:
    """How the host gets files from there; raises TransferError where it cannot."""
    where = shown(str(source), 300)
    if source.kind == "url":
        if version.startswith("5.") and source.place.startswith("https:"):
            raise TransferError(
                f"Windows XP and Server 2003 cannot fetch anything from {where}, since they know no TLS that servers"
                " still speak: give a source with http; the checksum proves that nobody altered the package."
            )
        return download
    if source.kind == "host" or second_hop:
        return _copy
    if domain is True:
        return copy_as_system
    alone = f"whether it is in a domain cannot be told ({domain.why})" if domain else "it is in no domain"
    raise TransferError(
        f"The host cannot read {where} in this session, since a WinRM logon has no second hop, and as SYSTEM it has no"
        f" account that the server knows, since {alone}: connect with CredSSP, or give a source that is a folder of the"
        " controller, a URL with http, or a folder of the host."
    )


def _copy(fetch: Fetch) -> None:
    """Copy it in our own session."""
    origin = quote(fetch.origin)
    lines = fetch.far.said(f"copy /y /b {origin} {fetch.far.target}&(if errorlevel 1 (echo {_FAILED}))")
    words = [line for line in lines if line.strip() != _FAILED]
    if len(words) < len(lines):
        raise TransferError(
            f"{shown(fetch.origin, 400)} could not be copied on the host: it is not there, or may not be read, or the"
            f" disk is full{it_said(words)}."
        )


def _sum(fetch: Fetch, size: int) -> str:
    """SHA-256 of the file on the host; a file that has none there is removed."""
    try:
        return fetch.far.checksum(size)
    except TransferError:
        fetch.far.remove()
        raise


def _verify(fetch: Fetch, file: PackageFile) -> None:
    """Raises TransferError unless the file on the host is the one that it has to be; any other one is removed."""
    size = fetch.far.size(fetch.far.target)
    if size is None:
        raise TransferError(
            f"{file.name} was fetched from {shown(fetch.origin, 400)} and is not on the host after that."
        )
    found = _sum(fetch, size)
    if found != file.sha256:
        raise TransferError(
            f"{shown(fetch.origin, 400)} has the SHA-256 {found} on the host instead of {file.sha256}: it is another"
            f" file, or was altered or cut off on its way; {fetch.far.thrown_away()}."
        )
    fetch.report(size, size)
