# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Do mail clients, providers, ports, policies and checks hang together?"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterator

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import (
    ClientDetection,
    Knowledge,
    MailClient,
    Policy,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.words import (
    ACCOUNT_STORES,
    AUTH_METHODS,
    FAMILIES,
    MAIL_PROTOCOLS,
    POLICY_WORDS,
    PORT_SECURITY,
    PROTOCOLS,
    SEVERITIES,
    STACKS,
)

_HOST: t.Final = re.compile(r"\.?[a-z0-9-]+(?:\.[a-z0-9-]+)+")
_STACK_NAMES: t.Final = MAIL_PROTOCOLS | {"http"}
#: The client that is no program, see mail_clients.yml.
_ANY_CLIENT: t.Final = "schannel"
_POLICIES: t.Final = ("compat", "standard", "strict")


def clients(k: Knowledge) -> Iterator[str]:
    """Every sign of a client is a known registry path, and every word has a meaning."""
    for row in k.clients.values():
        for field, why in (*_client(row), *_ports_of(k, row)):
            yield f"mail_clients.yml: {row.id}: {field}: {why}"
        for number, sign in enumerate(row.detect):
            for why in _sign(k, sign):
                yield f"mail_clients.yml: {row.id}: detect.{number}: {why}"
    if _ANY_CLIENT not in k.clients:
        yield f"mail_clients.yml: {_ANY_CLIENT}: id: this row must be there"


def _client(row: MailClient) -> Iterator[tuple[str, str]]:
    if set(row.stacks) != _STACK_NAMES or set(row.stacks.values()) - STACKS:
        yield "stacks", f"must give one of {', '.join(sorted(STACKS))} for {', '.join(sorted(_STACK_NAMES))}"
    if row.account_store not in ACCOUNT_STORES:
        yield "account_store", f"must be one of {', '.join(sorted(ACCOUNT_STORES))}, is {row.account_store!r}"
    if (row.account_store == "outlook") != (row.account_version is not None):
        yield "account_version", "belongs to Outlook, and only there"
    if (row.id == _ANY_CLIENT) != (not row.detect) or (row.id == _ANY_CLIENT) != (not row.program):
        yield "detect", f"every client but {_ANY_CLIENT} has signs and a program"


def _ports_of(k: Knowledge, row: MailClient) -> Iterator[tuple[str, str]]:
    known, unknown = row.starttls_ports or (), row.starttls_unknown_ports
    if row.starttls_ports is None and unknown:
        yield "starttls_unknown_ports", "only makes sense with starttls_ports"
    if set(known) & set(unknown):
        yield "starttls_unknown_ports", "a port cannot be both known and unknown"
    for port in (*known, *unknown):
        if port not in k.ports or k.ports[port].protocol != "smtp":
            yield "starttls_ports", f"{port} is no port of SMTP"


def _sign(k: Knowledge, sign: ClientDetection) -> Iterator[str]:
    user = sign.scope == "user"
    keys = [sign.key]
    if sign.view32:
        keys.append(sign.key.replace("HKLM\\SOFTWARE\\", "HKLM\\SOFTWARE\\Wow6432Node\\", 1))
    rows = (row for row in k.registry.values() if row.per_user == user)
    known = {(row.key.casefold(), (row.value or "").casefold()) for row in rows}
    for key in keys:
        if (key.casefold(), (sign.value or "").casefold()) not in known:
            yield f"{key} {sign.value or ''} is not in registry_paths.yml as a place of the {sign.scope}"
    if sign.prefix is not None and sign.value is None:
        yield "a prefix needs a value"


def providers(k: Knowledge) -> Iterator[str]:
    """No host belongs to two providers, and every word has a meaning."""
    owners: dict[str, str] = {}
    for row in k.providers.values():
        place = f"providers.yml: {row.id}"
        for host in row.hosts:
            if not _HOST.fullmatch(host):
                yield f"{place}: hosts: {host!r} is no host name or suffix in lower case"
            if host in owners:
                yield f"{place}: hosts: {host} belongs to {owners[host]} too"
            owners.setdefault(host, row.id)
        if not row.hosts or not row.auth:
            yield f"{place}: hosts: a provider has hosts and sign-in methods"
        for protocol, methods in row.auth.items():
            if protocol not in MAIL_PROTOCOLS or not methods or set(methods) - AUTH_METHODS:
                yield f"{place}: auth: {protocol}: {', '.join(methods)} is not a protocol with its sign-in methods"
        if set(row.tls or ()) - set(PROTOCOLS):
            yield f"{place}: tls: names a protocol that is none"


def ports(k: Knowledge) -> Iterator[str]:
    """Mail ports with a protocol and a kind of security."""
    for row in k.ports.values():
        if not 0 < row.port < 65536:
            yield f"ports.yml: {row.port}: port: is no port"
        if row.protocol not in MAIL_PROTOCOLS:
            yield f"ports.yml: {row.port}: protocol: {row.protocol!r} is no mail protocol"
        if row.security not in PORT_SECURITY:
            yield f"ports.yml: {row.port}: security: {row.security!r} is neither implicit nor starttls"


def policies(k: Knowledge) -> Iterator[str]:
    """The three policies are there, and their words have a meaning."""
    for row in k.policies.values():
        for field, why in _policy(k, row):
            yield f"policies.yml: {row.id}: {field}: {why}"
    for name in _POLICIES:
        if name not in k.policies:
            yield f"policies.yml: {name}: id: this policy must be there"


def _policy(k: Knowledge, row: Policy) -> Iterator[tuple[str, str]]:
    for field, words in (("schannel", row.schannel), ("winhttp", row.winhttp), ("wininet", row.wininet)):
        if tuple(words) != PROTOCOLS:
            yield field, f"must speak of exactly {', '.join(PROTOCOLS)}, in this order"
        for protocol, word in words.items():
            if word not in POLICY_WORDS or (word == "on_where_shipped_off" and field != "schannel"):
                yield field, f"{word!r} is no word for {protocol}"
    for field, names in (("keep_explicit_off", row.keep_explicit_off), ("assumed_server_tls", row.assumed_server_tls)):
        if set(names) - set(PROTOCOLS):
            yield field, f"names a protocol that is none: {', '.join(sorted(set(names) - set(PROTOCOLS)))}"
    if not row.assumed_server_tls:
        yield "assumed_server_tls", "is empty: no route could ever work"
    if row.dotnet not in ("strong", "leave"):
        yield "dotnet", f"must be strong or leave, is {row.dotnet!r}"
    if row.suites not in ("modern", "leave") or (row.suites == "modern") != bool(row.modern_suites):
        yield "suites", "must be modern, with modern_suites, or leave, without"
    offered = {suite.name for suites in k.suites.values() for suite in suites.suites}
    if row.modern_suites and not offered.intersection(row.modern_suites):
        yield "modern_suites", "no release offers any of these"


def checks(k: Knowledge) -> Iterator[str]:
    """Families follow from ids, and people get sentences."""
    for row in k.checks.values():
        place = f"checks.yml: {row.id}"
        if row.family not in FAMILIES or row.family != row.id.partition(".")[0]:
            yield f"{place}: family: must be the part of the id before its first dot, is {row.family!r}"
        if row.severity not in SEVERITIES:
            yield f"{place}: severity: must be one of {', '.join(sorted(SEVERITIES))}, is {row.severity!r}"
        for field, text in (("why", row.why), ("fix", row.fix)):
            if not text.endswith("."):
                yield f"{place}: {field}: must be a sentence"
        if not row.title or row.title.endswith("."):
            yield f"{place}: title: must be a title"
