# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan holds, what it leaves out, and what it must not promise."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    Certificate,
    MailProtocol,
    Protocol,
    Security,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    Change,
    ChangeKind,
    Outcome,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion, UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit, build
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.result import summary
from tests.support.hosts import ALICE, KNOWLEDGE, NT, PROTOCOLS, TODAY, Keys, host

RSA_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
RULES = KNOWLEDGE.registry["firewall-rules"].key
POLICY_RULES = KNOWLEDGE.registry["firewall-policy-rules"].key
EXPRESS = ALICE.root + r"\Software\Microsoft\Internet Account Manager\Accounts\00000001"
OUTLOOK = (
    ALICE.root + r"\Software\Microsoft\Office\16.0\Outlook\Profiles\Outlook\9375CFF0413111d3B88A00104B2A6676\00000002"
)
IN_ORDER = {NT: {"UBR": 99999}}
TLS12_ON: Keys = {
    rf"{PROTOCOLS}\{name}\Client": {"DisabledByDefault": off}
    for name, off in (("TLS 1.2", 0), ("TLS 1.1", 0), ("SSL 3.0", 1))
}


def server(
    *tls: str,
    suites: tuple[str, ...] | None = None,
    where: tuple[MailProtocol, int, Security] = (MailProtocol.IMAP, 993, Security.IMPLICIT),
    auth: tuple[str, ...] | None = None,
    **certificate: t.Any,
) -> Server:
    versions = frozenset(Protocol(f"TLS {version}") for version in tls)
    known = Certificate(**certificate) if certificate else None
    accepts = Acceptance(Source.DECLARED, versions, frozenset(Protocol) - versions, suites, certificate=known)
    return Server("mail.example", where[1], where[0], where[2], auth, accepts=accepts)


def wishes(*servers: Server, **more: t.Any) -> AuditOptions:
    return AuditOptions(servers=servers, today=TODAY, **more)


def imap(port: int, ssl: int, **more: t.Any) -> Keys:
    return {
        OUTLOOK: {
            "Account Name": "work",
            "IMAP Server": "Mail.Example.",
            "IMAP Port": port,
            "IMAP Use SSL": ssl,
            **more,
        }
    }


def express(kind: str, port: int, secure: int) -> Keys:
    return {
        EXPRESS: {
            "Account Name": "home",
            f"{kind} Server": "mail.example",
            f"{kind} Port": port,
            f"{kind} Secure Connection": secure,
        }
    }


def of_kind(ctx: Context, kind: ChangeKind, *, optional: bool = False) -> list[Change]:
    return [change for change in audit(ctx).plan.changes if change.kind is kind and change.optional is optional]


def test_a_policy_that_breaks_a_working_route_says_so() -> None:
    found = audit(host("win10-22h2", IN_ORDER, options=wishes(server("1.0"), policy="standard")))
    assert (found.routes[0].now, found.routes[0].after) == (Outcome.WORKS, Outcome.FAILS)
    assert found.verdict is Verdict.NEEDS_RELAY
    assert "after the plan: no common TLS version" in found.routes[0].why


def test_the_last_tls_of_a_host_is_not_switched_off() -> None:
    ctx = host("server-2003-sp2", options=wishes(server("1.0"), policy="standard"))
    assert not any(r"\TLS 1.0\\" in change.details["key"] for change in of_kind(ctx, ChangeKind.REGISTRY))
    assert audit(ctx).routes[0].after is Outcome.WORKS


def test_an_old_host_that_reaches_all_its_servers_needs_no_relay() -> None:
    keys = {rf"{PROTOCOLS}\{name}\Client": {"DisabledByDefault": 1} for name in ("SSL 2.0", "SSL 3.0")}
    ctx = host("server-2003-sp2", keys, options=wishes(server("1.0")))
    assert audit(ctx).verdict is Verdict.OK
    assert audit(host("server-2003-sp2", keys, options=wishes())).verdict is Verdict.NEEDS_RELAY


def test_two_updates_are_found_where_neither_helps_alone() -> None:
    ctx = host("server-2003-sp2", options=wishes(server("1.0", suites=(RSA_CBC,), signature="sha256")))
    assert [change.details["kb"] for change in of_kind(ctx, ChangeKind.UPDATE)] == ["KB968730", "KB948963"]
    assert audit(ctx).verdict is Verdict.NEEDS_UPDATE


def test_an_update_that_helps_no_route_is_left_out() -> None:
    ctx = host("server-2003-sp2", options=wishes(server("1.2", suites=(RSA_CBC,), signature="sha256")))
    assert of_kind(ctx, ChangeKind.UPDATE) == []
    assert audit(ctx).verdict is Verdict.NEEDS_RELAY


def test_what_waits_for_a_reboot_is_not_installed_again() -> None:
    package = KNOWLEDGE.registry["cbs-packages"].key + r"\Package_for_KB4019276~31bf3856ad364e35~x86~~6.0.1.0"
    ctx = host("vista-sp2", {package: {"CurrentState": 0x60}}, options=wishes(server("1.2")))
    found = audit(ctx)
    assert of_kind(ctx, ChangeKind.UPDATE) == []
    (reboot,) = of_kind(ctx, ChangeKind.REBOOT)
    assert reboot.details["completes"] == ["KB4019276"]
    assert (found.verdict, found.routes[0].after) == (Verdict.FIXABLE, Outcome.WORKS)


def test_an_update_for_another_architecture_is_not_planned() -> None:
    fields = {
        "environment": {"PROCESSOR_ARCHITECTURE": "ARM64"},
        "files": {r"system32\winhttp.dll": FileVersion((6, 2))},
    }
    for os_id in ("win8", "server-2012"):
        ctx = host(os_id, options=wishes(), **fields)
        assert of_kind(ctx, ChangeKind.UPDATE, optional=True) == []


def test_one_rule_opens_all_ports_in_all_profiles() -> None:
    block = {KNOWLEDGE.registry[f"firewall-{p}"].key: {"DefaultOutboundAction": 1} for p in ("domain", "public")}
    entries = (server("1.2"), server("1.2", where=(MailProtocol.SMTP, 465, Security.IMPLICIT)))
    ctx = host("win10-22h2", IN_ORDER, block, options=wishes(*entries))
    (rule,) = of_kind(ctx, ChangeKind.FIREWALL)
    assert (rule.details["ports"], rule.details["profiles"]) == ([465, 993], ["Domain", "Public"])
    assert all(route.after is Outcome.WORKS for route in audit(ctx).routes)


def test_the_firewall_is_opened_for_the_port_that_an_account_will_have() -> None:
    block = {KNOWLEDGE.registry["firewall-public"].key: {"DefaultOutboundAction": 1}}
    ctx = host("win7-sp1", block, TLS12_ON, express("POP3", 110, 1), options=wishes())
    (rule,) = of_kind(ctx, ChangeKind.FIREWALL)
    assert rule.details["ports"] == [995]
    assert audit(ctx).routes[0].after is Outcome.WORKS


def test_users_without_a_value_share_one_change() -> None:
    bob = UserHive("S-1-5-21-1-2-3-1002", r"HKU\S-1-5-21-1-2-3-1002")
    machine = {r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Internet Settings": {"SecureProtocols": 0xA0}}
    ctx = host("win8.1", machine, options=wishes(), users=(ALICE, bob))
    changes = [c for c in of_kind(ctx, ChangeKind.REGISTRY, optional=True) if c.family == "wininet"]
    assert [(change.details["key"], change.details["data"]) for change in changes] == [(next(iter(machine)), 0x8A0)]


def test_a_change_knows_what_was_there_before() -> None:
    key = KNOWLEDGE.registry["dotnet-native-v4"].key
    ctx = host("win10-22h2", IN_ORDER, {key: {"SchUseStrongCrypto": 0}}, options=wishes())
    before = {c.details["name"]: c.details["before"] for c in of_kind(ctx, ChangeKind.REGISTRY, optional=True)}
    assert before == {"SchUseStrongCrypto": 0, "SystemDefaultTlsVersions": None}


def test_strict_sets_the_local_list_and_leaves_rsa_servers_in_reach() -> None:
    new = host("win10-22h2", IN_ORDER, options=wishes(server("1.2"), policy="strict"))
    (order,) = [c for c in of_kind(new, ChangeKind.REGISTRY) if c.details["name"] == "Functions"]
    assert order.details["key"] == KNOWLEDGE.registry["suites-local"].key
    assert audit(new).routes[0].after is Outcome.WORKS
    old = host("win7-sp1", TLS12_ON, options=wishes(server("1.2"), policy="strict"))
    assert not any(c.details["name"] == "Functions" for c in of_kind(old, ChangeKind.REGISTRY))


@pytest.mark.parametrize(
    ("layer", "entry", "expected"),
    [
        (imap(143, 1), None, [(143, "starttls")]),
        # Another port than the operator's entry is no fault in itself.
        (imap(993, 1), server("1.2", where=(MailProtocol.IMAP, 143, Security.STARTTLS)), []),
        # What the operator says of a port counts before the table of ports.
        (imap(1993, 0), server("1.2", where=(MailProtocol.IMAP, 1993, Security.IMPLICIT)), [(1993, "implicit")]),
        (imap(143, 0), server("1.2"), [(993, "implicit")]),
        # Outlook Express knows implicit TLS only for incoming mail, and nobody knows what it does on 587.
        (express("POP3", 110, 1), None, [(995, "implicit")]),
        (express("SMTP", 465, 0), None, [(465, "implicit")]),
        (express("SMTP", 465, 0), server("1.2", where=(MailProtocol.SMTP, 587, Security.STARTTLS)), []),
    ],
)
def test_accounts_are_moved_only_where_that_is_needed_and_the_client_can(
    layer: Keys, entry: Server | None, expected: list[tuple[int, str]]
) -> None:
    ctx = host("win7-sp1", TLS12_ON, layer, options=wishes(*([entry] if entry else [])))
    found = audit(ctx)
    moves = of_kind(ctx, ChangeKind.ACCOUNT)
    assert [(change.details["port"], change.details["security"]) for change in moves] == expected
    if not expected:
        assert found.verdict in (Verdict.OK, Verdict.NEEDS_RELAY)


def test_clear_text_that_works_is_not_broken_by_a_plan() -> None:
    ctx = host(
        "xp-x64-sp2",
        express("POP3", 110, 0),
        options=wishes(server("1.2", where=(MailProtocol.POP3, 995, Security.IMPLICIT))),
    )
    found = audit(ctx)
    assert of_kind(ctx, ChangeKind.ACCOUNT) == []
    assert (found.routes[0].now, found.routes[0].after, found.routes[0].via) == (Outcome.WORKS, Outcome.WORKS, "relay")
    assert found.verdict is Verdict.NEEDS_RELAY


def test_an_entry_for_another_protocol_of_the_same_server_is_a_route_of_its_own() -> None:
    submission = server("1.2", where=(MailProtocol.SMTP, 587, Security.STARTTLS))
    found = audit(host("win11-24h2", IN_ORDER, imap(993, 1), options=wishes(server("1.2"), submission)))
    assert [(route.client, route.port) for route in found.routes] == [("outlook-2016", 993), ("schannel", 587)]


def test_a_server_for_oauth_alone() -> None:
    entry = server("1.2", auth=("oauth2",))
    assert audit(host("win11-24h2", IN_ORDER, options=wishes(entry))).verdict is Verdict.UNKNOWN
    express_only = {r"HKLM\SOFTWARE\Microsoft\Outlook Express": {"InstallRoot": "x"}}
    assert audit(host("win7-sp1", TLS12_ON, express_only, options=wishes(entry))).verdict is Verdict.BLOCKED
    outlook = {r"HKLM\SOFTWARE\Microsoft\Office\16.0\Outlook\InstallRoot": {"Path": "x"}}
    assert audit(host("win7-sp1", TLS12_ON, outlook, options=wishes(entry))).verdict is Verdict.OK


def test_exchange_needs_winhttp_and_not_wininet() -> None:
    exchange = {OUTLOOK: {"clsid": "{ED475414-B0D6-11D2-8C3B-00104B2A6676}", "Service Name": "MSEMS"}}
    ctx = host("win7-sp1", TLS12_ON, exchange, options=wishes(), files={r"system32\winhttp.dll": FileVersion((6, 1))})
    found = audit(ctx)
    severities = {f.id: f.severity for f in found.findings if f.state is State.FAIL and f.id.endswith(".mask")}
    assert severities == {"winhttp.mask": Severity.MEDIUM, "wininet.mask": Severity.INFO}
    assert [change.details["kb"] for change in of_kind(ctx, ChangeKind.UPDATE)] == ["KB3140245"]
    assert found.verdict is Verdict.NEEDS_UPDATE


def test_who_uses_a_host_decides_too() -> None:
    found = audit(host("win11-24h2", IN_ORDER, options=wishes(server("1.2")), users=Unread("Access is denied.")))
    assert found.verdict is Verdict.UNKNOWN
    assert "Access is denied." in summary(found)[0]


def test_updates_alone_are_judged_for_themselves() -> None:
    only = audit(host("xp-sp3", options=wishes(only=frozenset({"updates"}))))
    assert only.verdict is Verdict.NEEDS_UPDATE
    without = audit(host("xp-sp2", options=wishes(server("1.0"), skip=frozenset({"updates", "tls"}))))
    assert without.verdict is Verdict.OK


BLOCK = "v2.30|Action=Block|Active=TRUE|Dir=Out|Protocol=6|{}RPort=993|Name=no mail|"


@pytest.mark.parametrize(
    ("scope", "subject", "verdict"),
    [
        ("Profile=Public|", "public", Verdict.OK),
        ("Profile=Public|", "Domain", Verdict.BLOCKED),
        ("", "Public", Verdict.BLOCKED),
        ("", "*", Verdict.OK),
    ],
)
def test_a_route_fails_and_counts_no_more_where_all_that_stops_it_is_waived(
    scope: str, subject: str, verdict: Verdict
) -> None:
    waivers = (
        Waiver("firewall.outbound", "these desktops stay in the building", subject=subject),
        Waiver("firewall.rules.*", "known"),
    )
    rule = {POLICY_RULES: {"{1}": BLOCK.format(scope)}}
    found = audit(host("win11-24h2", IN_ORDER, rule, options=wishes(server("1.2"), waivers=waivers)))
    assert found.routes[0].now is Outcome.FAILS
    assert found.verdict is verdict


def test_what_is_waived_is_not_planned() -> None:
    everything = (Waiver("tls.ssl30", "an old printer"), Waiver("firewall.*", "known"), Waiver("accounts.*", "known"))
    rule = {RULES: {"{1}": BLOCK.format("")}}
    ctx = host("win7-sp1", rule, imap(993, 0), options=wishes(server("1.2"), waivers=everything))
    kinds = {change.kind for change in build(ctx).changes if not change.optional}
    assert kinds == {ChangeKind.REGISTRY, ChangeKind.REBOOT}
    assert not any("SSL 3.0" in change.details["key"] for change in of_kind(ctx, ChangeKind.REGISTRY))
