# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts with mail accounts, and relays for them: for the tests of what repoints accounts."""

from __future__ import annotations

import typing as t

from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, RegistryImage
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd, Repointing, repointings
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import REPOINTING, select
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import Steps, steps
from tests.support.hosts import ALICE, KNOWLEDGE, TODAY, host
from tests.unit.plugin_utils.plan.runs_on_images import FIRST, living, over

K = KNOWLEDGE.registry
SECTION = "9375CFF0413111d3B88A00104B2A6676"
POP3_CLASS, IMAP_CLASS = (f"{{ED4754{n}-B0D6-11D2-8C3B-00104B2A6676}}" for n in (11, 12))
IDENTITY = "{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}"
MANAGER = K["outlook-express-accounts"].key
MAIN = rf"{ALICE.root}\{MANAGER}\Accounts\00000001"
OTHER = rf"{ALICE.root}\{K['outlook-express-identities'].key}\{IDENTITY}\{MANAGER}\Accounts\00000002"
OLD = rf"{ALICE.root}\{K['outlook-profiles-mapi'].key}\Outlook\{SECTION}\00000002"
NEW = rf"{ALICE.root}\{K['outlook-profiles-16'].key}\My Profile\{SECTION}\0000000A"
#: By which each version of Outlook is found.
INSTALLED = {
    "14.0": {K["outlook-14-root"].key: {"Path": "C:\\Outlook\\"}},
    "11.0": {K["outlook-11-root"].key: {"Path": "C:\\Outlook\\"}},
    "16.0": {K["outlook-16-root"].key: {"Path": "C:\\Outlook\\"}},
}
POP3, IMAP, SMTP = MailProtocol.POP3, MailProtocol.IMAP, MailProtocol.SMTP
NONE, IMPLICIT, STARTTLS = Security.NONE, Security.IMPLICIT, Security.STARTTLS

Values = dict[str, RegistryData]
Accounts = dict[str, Values]


def utf16(text: str) -> bytes:
    """A text as Outlook up to 2010 stores it."""
    return f"{text}\0".encode("utf-16-le")


def express(**more: t.Any) -> Values:
    """An account of Outlook Express; blanks in names are underscores here."""
    values: Values = {"Account Name": "home", "POP3 Server": "mail.example", "SMTP Server": "mail.example"}
    values["POP3 Password2"] = b"\x01\x02secret"
    return values | {name.replace("_", " "): data for name, data in more.items()}


def outlook(kind: str = POP3_CLASS, *, binary: bool = False, **more: t.Any) -> Values:
    """An account of Outlook."""
    incoming = "POP3" if kind == POP3_CLASS else "IMAP"
    texts = {"Account Name": "work", "SMTP Server": "mail.example", f"{incoming} Server": "mail.example"}
    values: Values = {name: utf16(text) if binary else text for name, text in texts.items()}
    return values | {"clsid": kind} | {name.replace("_", " "): data for name, data in more.items()}


def pc(accounts: Accounts, os: str = "win7-sp1", version: str = "14.0", **options: t.Any) -> Context:
    """A host with these accounts."""
    wishes = AuditOptions(today=TODAY, **options)
    found = living(host(os, INSTALLED[version], accounts, options=wishes))
    return again(found, found.snapshot.image)


def again(ctx: Context, image: RegistryImage) -> Context:
    """The same host with another registry: its accounts are read anew."""
    moved = over(ctx, image)
    return context(moved.knowledge, moved.options, moved.snapshot)


def relay(port: int, protocol: MailProtocol, listen: int, security: Security = NONE, **more: t.Any) -> RelayEnd:
    """A relay for mail.example."""
    given = {"server": "mail.example", "host": "relay.example", **more}
    return RelayEnd(port=port, protocol=protocol, listen_port=listen, security=security, **given)


def todo(ctx: Context, found: Repointing, run: str = FIRST) -> Steps:
    """The steps, every consent given."""
    consents = frozenset(change.consent for change in found.changes if change.consent)
    return steps(ctx, select(Plan(found.changes), consents, REPOINTING).chosen, run)


def planned(ctx: Context, *relays: RelayEnd) -> Steps:
    """The steps that repoint accounts."""
    return todo(ctx, repointings(ctx, relays))


def ends(ctx: Context) -> list[tuple[str, str, str, int, str]]:
    """(last name of the key, protocol, server, port, security) of every leg."""
    return [
        (leg.key.rpartition("\\")[2], leg.protocol.value, leg.server, leg.port, leg.security.value)
        for leg in ctx.accounts
    ]


names = st.sampled_from(
    ("mail.example", "MAIL.Example", "mail.example.", "other.example", "10.1.2.3", "bad_name", "é.x")
)
ports = st.sampled_from((25, 110, 143, 465, 587, 993, 995, 2525))


@st.composite
def express_accounts(draw: st.DrawFn) -> Values:
    """Any account of Outlook Express."""
    found: Values = {"Account Name": "home", "SMTP Password2": b"\x01secret"}
    for prefix in draw(st.sampled_from((("POP3", "SMTP"), ("IMAP", "SMTP"), ("SMTP",), ("POP3", "IMAP", "SMTP")))):
        found[f"{prefix} Server"] = draw(names)
        if draw(st.booleans()):
            found[f"{prefix} Port"] = draw(ports | st.sampled_from((0, "110")))
        if draw(st.booleans()):
            found[f"{prefix} Secure Connection"] = draw(st.sampled_from((0, 1, 1, 7)))
    return found


@st.composite
def outlook_accounts(draw: st.DrawFn) -> Values:
    """Any account of Outlook, its texts as text or bytes."""
    kind, incoming = draw(st.sampled_from(((POP3_CLASS, "POP3"), (IMAP_CLASS, "IMAP"))))
    found: Values = {"Account Name": "work", "clsid": kind, "IMAP Password": b"\x02secret", "Mini UID": 4711}
    for prefix in (incoming, "SMTP"):
        text = draw(names)
        found[f"{prefix} Server"] = draw(
            st.sampled_from((text, utf16(text), text.encode("utf-16-le"), utf16(text) + b"x\0"))
        )
        if draw(st.booleans()):
            found[f"{prefix} Port"] = draw(ports)
        for name in (f"{prefix} Use SSL", f"{prefix} Secure Connection"):
            if draw(st.booleans()):
                found[name] = draw(st.sampled_from((0, 1, 1, 2, 3)))
    return found


relay_ends = st.builds(
    RelayEnd,
    server=st.sampled_from(("mail.example", "other.example", "10.1.2.3")),
    port=ports,
    protocol=st.sampled_from(MailProtocol),
    host=st.sampled_from(("relay.example", "10.9.9.9")),
    listen_port=st.sampled_from((25, 110, 143, 465, 587, 2525)),
    security=st.sampled_from((NONE, IMPLICIT, STARTTLS)),
)
some_accounts = st.fixed_dictionaries(
    {},
    optional={MAIN: express_accounts(), OTHER: express_accounts(), OLD: outlook_accounts(), NEW: outlook_accounts()},
)
