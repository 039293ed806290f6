# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated hosts on which updates are installed, and what is said of them."""

from __future__ import annotations

import dataclasses
import typing as t
from pathlib import Path

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.updates import presence
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    MailProtocol,
    Protocol,
    Security,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import Audit, audit, settings_now
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.package_commands import Removal, removal
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.reading_plan import plan_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_sections import update_sections
from tests.lab import packages
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.support.lab_shell import Bench, LabShell

XP_FILES = (r"system32\schannel.dll", r"system32\winhttp.dll")
ALL = ("KB4019276", "KB4467770", "KB4230450", "KB948963", "KB968730", "KB3140245")
READING = plan_reading(KNOWLEDGE, extra=update_sections(KNOWLEDGE, ALL))
RSA_CBC = ("TLS_RSA_WITH_AES_128_CBC_SHA",)
ECDHE = ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",)
TLS12 = ("TLS 1.1", "TLS 1.2")


def server(suites: tuple[str, ...]) -> Server:
    accepts = Acceptance(Source.DECLARED, frozenset({Protocol.TLS12}), frozenset(Protocol) - {Protocol.TLS12}, suites)
    return Server("mail.example", 993, MailProtocol.IMAP, Security.IMPLICIT, None, accepts=accepts)


class Story:
    """One simulated host, what is done to it, and what is said of it."""

    def __init__(self, folder: Path, os: str, versions: bool = False, **entry: t.Any) -> None:
        self.host = Bench(folder, os=os, restart_ms=1, **entry).host
        self.versions = versions

    def install(self, kb: str, backup: bool = True) -> None:
        row = packages.row_of(kb, self.host.entry.os)
        assert row is not None
        self.host.updates.install(row, backup)

    def look(self, suites: tuple[str, ...] = RSA_CBC, **options: t.Any) -> Context:
        """Read it. ``versions``: as if XP told the versions of files, too."""
        snapshot = collect(LabShell(self.host), READING)
        assert all(what == "letters outside the code page" for what, _why in snapshot.unread)
        if self.versions:
            told = {name: self.host.file_version(rf"C:\Windows\{name}") or "0" for name in XP_FILES}
            files = {name: FileVersion(packages.version(text)) for name, text in told.items()}
            snapshot = dataclasses.replace(snapshot, files=files)
        return context(KNOWLEDGE, AuditOptions(servers=(server(suites),), today=TODAY, **options), snapshot)

    def audit(self, suites: tuple[str, ...] = RSA_CBC, **options: t.Any) -> Audit:
        return audit(self.look(suites, **options))

    def state(self, kb: str) -> str:
        found = presence(self.look(), kb)
        return "pending" if found.pending else {True: "present", False: "absent", None: "unknown"}[found.present]

    def set_values(self) -> None:
        """What a fix would write of SCHANNEL now."""
        for change in settings_now(self.look()):
            if change.family == "tls":
                details = change.details
                self.host.registry.set_number(str(details["key"]), str(details["name"]), int(details["data"]))

    def removal(self, kb: str) -> Removal:
        return removal(self.look(), KNOWLEDGE.updates[kb])


def kbs(found: Audit) -> list[str]:
    return [str(one.details["kb"]) for one in found.plan.changes if one.kind is ChangeKind.UPDATE]


def reboots(found: Audit) -> list[Change]:
    return [one for one in found.plan.changes if one.kind is ChangeKind.REBOOT]


def protocols_of(changes: t.Iterable[Change]) -> list[str]:
    """The protocols that are switched on."""
    on = [
        c for c in changes if c.family == "tls" and c.details["name"] == "DisabledByDefault" and not c.details["data"]
    ]
    return [str(change.details["key"]).split("\\")[-2] for change in on]
