# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stories: a host, the operator's servers, and what comes of it."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import (
    Acceptance,
    MailProtocol,
    Protocol,
    Security,
    Server,
    Source,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import (
    ChangeKind,
    Outcome,
    Plan,
    Severity,
    State,
    Verdict,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit, build
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from tests.support.hosts import ALICE, KNOWLEDGE, NT, PROTOCOLS, SCHANNEL, TODAY, host

RSA_CBC = "TLS_RSA_WITH_AES_128_CBC_SHA"
ECDHE_GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"


def server(*tls: str, suites: tuple[str, ...] | None = None, auth: tuple[str, ...] | None = None) -> Server:
    versions = frozenset(Protocol(f"TLS {version}") for version in tls)
    accepts = Acceptance(Source.DECLARED, versions, frozenset(Protocol) - versions, suites)
    return Server("mail.example", 993, MailProtocol.IMAP, Security.IMPLICIT, auth, accepts=accepts)


def wishes(*servers: Server, **more: object) -> AuditOptions:
    return AuditOptions(servers=servers, today=TODAY, **more)  # type: ignore[arg-type]


def steps(ctx: Context) -> list[tuple[str, ...]]:
    """The plan without its optional steps, short."""
    short = []
    for change in audit(ctx).plan.changes:
        details = change.details
        if change.optional:
            continue
        if change.kind is ChangeKind.REGISTRY:
            short.append(
                ("set", str(details["key"]).rpartition("Protocols\\")[2], str(details["name"]), str(details["data"]))
            )
        elif change.kind is ChangeKind.UPDATE:
            short.append(("update", str(details.get("kb") or details["release"])))
        else:
            short.append((change.kind.value,))
    return short


def test_windows_11_in_order() -> None:
    ctx = host("win11-24h2", {NT: {"UBR": 9999}}, options=wishes(server("1.2", "1.3")))
    found = audit(ctx)
    assert (found.verdict, steps(ctx)) == (Verdict.OK, [])
    assert [(route.now, route.after) for route in found.routes] == [(Outcome.WORKS, Outcome.WORKS)]


def test_windows_7_with_the_usual_gap_needs_two_values_and_no_update() -> None:
    ctx = host("win7-sp1", options=wishes(server("1.2")))
    found = audit(ctx)
    assert found.verdict is Verdict.FIXABLE
    assert found.routes[0].now is Outcome.FAILS
    assert found.routes[0].after is Outcome.WORKS
    assert [step for step in steps(ctx) if step[0] != "reboot"] == [
        ("set", "SSL 3.0\\Client", "DisabledByDefault", "1"),
        ("set", "TLS 1.1\\Client", "DisabledByDefault", "0"),
        ("set", "TLS 1.2\\Client", "DisabledByDefault", "0"),
    ]


def test_windows_7_and_a_server_with_modern_suites_only_needs_a_relay() -> None:
    found = audit(host("win7-sp1", options=wishes(server("1.2", suites=(ECDHE_GCM,)))))
    assert found.verdict is Verdict.NEEDS_RELAY
    assert found.routes[0].via == "relay"
    relay = next(change for change in found.plan.changes if change.kind is ChangeKind.RELAY)
    assert (relay.details["server"], relay.details["port"]) == ("mail.example", 993)


def test_stock_xp_is_told_its_update_then_its_values() -> None:
    ctx = host("xp-sp3", options=wishes(server("1.2", suites=(RSA_CBC,))))
    assert audit(ctx).verdict is Verdict.NEEDS_UPDATE
    found = steps(ctx)
    assert found[0] == ("update", "KB4019276")
    assert ("set", "TLS 1.2\\Client", "DisabledByDefault", "0") in found
    assert not any("TLS 1.3" in part for step in found for part in step)


def test_xp_with_its_update_and_unset_values_is_fixable() -> None:
    record = r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP\SP4\KB4019276"
    ctx = host("xp-sp3", {record: {}}, options=wishes(server("1.2", suites=(RSA_CBC,))))
    assert audit(ctx).verdict is Verdict.FIXABLE
    assert not any(step[0] == "update" for step in steps(ctx))


@pytest.mark.parametrize("os_id", ["xp-x64-sp2", "server-2003-sp2"])
def test_xp_x64_and_2003_are_never_told_to_install_kb4019276(os_id: str) -> None:
    found = audit(host(os_id, options=wishes(server("1.2", suites=(RSA_CBC,)))))
    assert found.verdict is Verdict.NEEDS_RELAY
    assert not any(change.details.get("kb") == "KB4019276" for change in found.plan.changes)


def test_2003_gets_aes_where_that_is_what_a_route_lacks() -> None:
    ctx = host("server-2003-sp2", options=wishes(server("1.0", suites=(RSA_CBC,)), only=frozenset({"tls", "updates"})))
    assert ("update", "KB948963") in steps(ctx)
    assert audit(ctx).routes[0].after is Outcome.WORKS


def test_an_old_service_pack_comes_first() -> None:
    found = steps(host("xp-sp2", options=wishes(server("1.2", suites=(RSA_CBC,)))))
    assert found[:2] == [("update", "xp-sp3"), ("update", "KB4019276")]


def test_a_group_policy_rule_on_the_port_blocks() -> None:
    rules = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall\FirewallRules"
    text = "v2.30|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=no mail|"
    found = audit(host("win10-22h2", {rules: {"{1}": text}, NT: {"UBR": 9999}}, options=wishes(server("1.2"))))
    assert found.verdict is Verdict.BLOCKED
    assert not any(change.kind is ChangeKind.FIREWALL for change in found.plan.changes)
    assert (
        audit(
            host(
                "win10-22h2",
                {rules: {"{1}": text}, NT: {"UBR": 9999}},
                options=wishes(server("1.2"), skip=frozenset({"firewall"})),
            )
        ).verdict
        is Verdict.OK
    )


def test_a_local_block_rule_is_planned_around_with_consent() -> None:
    rules = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
    text = "v2.30|Action=Block|Active=TRUE|Dir=Out|Protocol=6|RPort=993|Name=no mail|"
    found = audit(host("win10-22h2", {rules: {"{1}": text}, NT: {"UBR": 9999}}, options=wishes(server("1.2"))))
    assert found.verdict is Verdict.FIXABLE
    change = next(change for change in found.plan.changes if change.kind is ChangeKind.FIREWALL)
    assert (change.details["action"], change.details["name"], change.consent) == (
        "disable_rule",
        "no mail",
        "firewall_block_rule",
    )
    assert found.routes[0].after is Outcome.WORKS


def test_an_explicit_disabled_tls11_is_kept_and_tls12_is_not() -> None:
    keys = {PROTOCOLS + rf"\{p}\Client": {"Enabled": 0} for p in ("TLS 1.1", "TLS 1.2")}
    found = steps(host("win7-sp1", keys, options=wishes(server("1.2"))))
    assert not any(step[1].startswith("TLS 1.1") for step in found if step[0] == "set")
    assert ("set", "TLS 1.2\\Client", "Enabled", "1") in found
    assert ("set", "TLS 1.2\\Client", "DisabledByDefault", "0") in found


def test_unread_schannel_is_unknown() -> None:
    found = audit(host("win11-24h2", unread={SCHANNEL: "Access is denied."}, options=wishes(server("1.2"))))
    assert found.verdict is Verdict.UNKNOWN
    assert not any(finding.state is State.PASS for finding in found.findings if finding.id.startswith("tls.tls"))


def test_an_unknown_windows_is_unknown_and_gets_no_plan() -> None:
    found = audit(host("win10-22h2", {NT: {"CurrentBuildNumber": "19999"}}, options=wishes(server("1.2"))))
    assert found.verdict is Verdict.UNKNOWN
    assert found.plan == Plan()


def test_a_waived_finding_moves_nothing_and_shows_its_reason() -> None:
    waiver = Waiver("tls.ssl30", "an old printer", datetime.date(2026, 12, 31))
    keys = {
        PROTOCOLS + r"\TLS 1.2\Client": {"DisabledByDefault": 0},
        PROTOCOLS + r"\TLS 1.1\Client": {"DisabledByDefault": 0},
    }
    found = audit(host("win7-sp1", keys, options=wishes(server("1.2"), waivers=(waiver,))))
    waived = next(finding for finding in found.findings if finding.id == "tls.ssl30")
    assert waived.state is State.WAIVED
    assert "an old printer" in waived.why
    late = Waiver("tls.ssl30", "an old printer", datetime.date(2026, 11, 21))
    again = audit(host("win7-sp1", keys, options=wishes(server("1.2"), waivers=(late,))))
    assert next(finding for finding in again.findings if finding.id == "tls.ssl30").state is State.FAIL


def test_winhttp_is_optional_where_no_account_needs_it() -> None:
    old = {rf"system32\{name}": FileVersion((6, 1, 7601, 17514)) for name in ("winhttp.dll", "webio.dll")}
    found = audit(host("win7-sp1", options=wishes(server("1.2")), files=old))
    winhttp = [
        change for change in found.plan.changes if change.family == "winhttp" or change.details.get("kb") == "KB3140245"
    ]
    assert winhttp
    assert all(change.optional for change in winhttp)
    assert all(finding.severity is Severity.INFO for finding in found.findings if finding.family == "winhttp")


OE = ALICE.root + r"\Software\Microsoft\Internet Account Manager\Accounts\00000001"


def test_an_account_with_implicit_tls_on_the_starttls_port_is_repaired() -> None:
    profiles = (
        ALICE.root
        + r"\Software\Microsoft\Office\16.0\Outlook\Profiles\Outlook\9375CFF0413111d3B88A00104B2A6676\00000002"
    )
    account = {
        "clsid": "{ED475412-B0D6-11D2-8C3B-00104B2A6676}",
        "Account Name": "work",
        "Email": "alice@example",
        "IMAP Server": "mail.example",
        "IMAP User": "alice",
        "IMAP Port": 143,
        "IMAP Use SSL": 1,
    }
    found = audit(host("win11-24h2", {profiles: account, NT: {"UBR": 9999}}, options=wishes()))
    change = next(change for change in found.plan.changes if change.kind is ChangeKind.ACCOUNT)
    assert (change.details["port"], change.details["security"]) == (143, "starttls")
    assert (found.routes[0].now, found.routes[0].after) == (Outcome.FAILS, Outcome.WORKS)
    assert found.verdict is Verdict.FIXABLE


def test_oauth_only_provider_and_outlook_express_is_blocked() -> None:
    account = {"Account Name": "x", "POP3 Server": "mail.example", "POP3 Port": 995, "POP3 Secure Connection": 1}
    entry = Server("mail.example", 995, MailProtocol.POP3, Security.IMPLICIT, ("oauth2",))
    found = audit(host("xp-sp3", {OE: account}, options=wishes(entry)))
    assert found.verdict is Verdict.BLOCKED
    assert not any(change.kind is ChangeKind.RELAY for change in found.plan.changes)


@pytest.mark.parametrize("policy", list(KNOWLEDGE.policies))
@pytest.mark.parametrize("os_id", [i for i, row in KNOWLEDGE.releases.items() if row.supported])
def test_a_plan_carried_out_leaves_nothing_to_plan(os_id: str, policy: str) -> None:
    ctx = host(os_id, {NT: {"UBR": 9999}}, options=wishes(server("1.2"), policy=policy))
    done = after(ctx, build(ctx))
    left = [change for change in build(done).changes if change.kind is not ChangeKind.UPDATE or not change.optional]
    assert left == []


def test_a_client_whose_accounts_are_not_read_is_named() -> None:
    thunderbird = {r"HKLM\SOFTWARE\Mozilla\Mozilla Thunderbird": {"CurrentVersion": "115.0"}}
    ctx = host("win10-22h2", thunderbird, {NT: {"UBR": 9999}}, options=wishes(server("1.2")))
    found = [f for f in audit(ctx).findings if f.id == "accounts.read" and f.subject == "thunderbird"]
    assert [finding.state for finding in found] == [State.UNKNOWN]
    assert any("Thunderbird" in what for what, _why in ctx.accounts_unread)
