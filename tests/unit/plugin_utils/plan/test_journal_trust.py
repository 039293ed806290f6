# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals that may be followed on a host, and hostile ones that are named entry by entry."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    HostIdentity,
    Journal,
    RegistryStep,
    RuleStep,
    Step,
    inverse,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.journal_trust import objections
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.settings import changes
from tests.support.hosts import ALICE, KNOWLEDGE, PROTOCOLS, SCHANNEL, TODAY, host, value
from tests.unit.plugin_utils.model.journals import (
    ADDED,
    BLOCK,
    CLIENT,
    FIX,
    HOST,
    MASK,
    RULES,
    RUN,
    SWITCH,
    SWITCHED,
    allow,
    dword,
    journals,
)
from tests.unit.plugin_utils.plan.trusted import (
    DIRECT,
    INET,
    SIDS,
    WINHTTP,
    WOW,
    K,
    fix,
    judged,
    named_proxy,
    rollback,
    step,
)

GOOD = [
    *FIX.steps,
    step("tls", CLIENT, "Enabled", 1, dword("Enabled", 0xFFFFFFFF)),
    step("tls", CLIENT.upper(), "ENABLED", 1, value("Enabled", "no")),
    replace(SWITCH, creates=(SCHANNEL, PROTOCOLS, PROTOCOLS + r"\TLS 1.2", CLIENT)),
    step("tls", K["suites-local"].key, "Functions", ("TLS_AES_128_GCM_SHA256",), value("Functions", ("a",))),
    step("tls", K["suites-local"].key, "Functions", ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256_P256",)),
    replace(step("winhttp", WOW, "DefaultSecureProtocols", 0x800), creates=(WOW,)),
    step("winhttp", WOW, "DefaultSecureProtocols", 0x40000800, dword("DefaultSecureProtocols", 0x40000000)),
    step("wininet", K["wininet-machine"].key, "SecureProtocols", 0xA80),
    step("dotnet", K["dotnet-native-v4"].key, "SchUseStrongCrypto", 1),
    step("proxy", INET, "ProxyEnable", 0, dword("ProxyEnable", 1)),
    step("proxy", INET, "ProxyServer", "http=p:8080;https=p:8080"),
    step("proxy", INET, "ProxyOverride", None, value("ProxyOverride", "<local>")),
    step("proxy", INET, "AutoConfigURL", None, value("AutoConfigURL", "http://user:secret@p/x.pac")),
    step("proxy", K["proxy-machine"].key, "ProxyServer", "p:8080"),
    step("proxy", K["wininet-machine-wow6432"].key, "ProxyServer", "p:8080"),
    step("proxy", INET + r"\Connections", "DefaultConnectionSettings", named_proxy("p:8080"), value("x", DIRECT)),
    step("proxy", INET + r"\Connections", "SavedLegacySettings", DIRECT),
    step("proxy", K["proxy-machine-connections"].key, "SavedLegacySettings", DIRECT),
    step("proxy", K["proxy-winhttp-wow6432"].key, "WinHttpSettings", WINHTTP),
    step("proxy", K["proxy-winhttp-native"].key, "WinHttpSettings", None, value("WinHttpSettings", b"damaged")),
    replace(ADDED, name=f"MailFleet {RUN} 9999", after=allow(number=9999)),
]


@pytest.mark.parametrize("entry", GOOD)
def test_what_a_plan_can_do_may_be_done_undone_and_done_again(entry: Step) -> None:
    # The name of a value may be spelled in the host's own way, but it is one name.
    assert judged(fix(entry)) == ()
    assert judged(rollback(inverse(entry))) == ()
    assert judged(rollback(entry)) == ()


RUN_KEY = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Run"
PLACE = "is no place that a plan changes"
HIVE = "is not in the hive of a user"
DATA = "writes data that no plan writes there"
KEYS = "comes or goes with it, which no plan does"
NAME = "has a name that is never put on a command line"
ODD = "conditions that no plan sets"

HOSTILE_ANYWAY = [
    (step("tls", RUN_KEY, "x", "calc"), PLACE),
    (step("tls", CLIENT, "Other", 1), PLACE),
    (step("tls", CLIENT.replace("Client", "Server"), "Enabled", 1), PLACE),
    (step("tls", CLIENT + r"\x", "Enabled", 1), PLACE),
    (step("tls", "HKLM\\SOFTWARE", "", 1), PLACE),
    (step("tls", CLIENT.replace("S", "\u017f"), "Enabled", 1), PLACE),
    (step("tls", CLIENT, "Enab\u2113ed", 1), PLACE),
    (step("tls", CLIENT, 'Enabled" & calc & "', 1), PLACE),
    (step("wininet", K["wininet-machine-policy"].key, "SecureProtocols", 0x800), PLACE),
    (step("tls", "HKCU\\" + CLIENT, "Enabled", 1), PLACE),
    (step("tls", f"{ALICE.root}\\{CLIENT}", "Enabled", 1), PLACE),
    (step("wininet", K["wininet-user"].key, "SecureProtocols", 0x800), PLACE),
    (step("wininet", INET.replace("HKU", "HKCR"), "SecureProtocols", 0x800), PLACE),
    (step("wininet", INET.replace(ALICE.sid, "S-1-5-18"), "SecureProtocols", 0x800), HIVE),
    (step("wininet", INET.replace(ALICE.sid, ".DEFAULT"), "SecureProtocols", 0x800), HIVE),
    (step("wininet", INET.replace(ALICE.sid, ALICE.sid + "_Classes"), "SecureProtocols", 0x800), HIVE),
    (step("wininet", INET.replace(ALICE.sid, ALICE.sid + "&calc"), "SecureProtocols", 0x800), HIVE),
    (step("wininet", INET.replace(ALICE.sid, "S-1-5-21-9-9-9-9"), "SecureProtocols", 0x800), "whom this host does not"),
    (step("wininet", CLIENT, "Enabled", 1), "is of the family tls, not wininet"),
    (replace(SWITCH, creates=(SCHANNEL.rpartition("\\")[0],)), KEYS),
    (replace(SWITCH, creates=(r"HKLM\SOFTWARE\Microsoft",)), KEYS),
    (replace(SWITCH, creates=(CLIENT + r"\x",)), KEYS),
    (replace(SWITCH, creates=(PROTOCOLS + r"\TLS 1.1",)), KEYS),
    (replace(SWITCH, creates=(CLIENT, CLIENT.upper())), "names a key twice"),
    (replace(MASK, creates=(INET, INET.rpartition("\\")[0])), KEYS),
    (replace(MASK, creates=(r"HKLM\SOFTWARE\Microsoft",)), KEYS),
    (replace(ADDED, key=K["firewall-policy-rules"].key), "not a rule of the local firewall"),
    (replace(ADDED, key=RULES.replace("S", "\u017f")), "not a rule of the local firewall"),
    (replace(ADDED, name="all", after=allow().replace(f"MailFleet {RUN} 1", "all")), NAME),
    (replace(SWITCHED, name=" ALL "), NAME),
    (replace(SWITCHED, name='x" & calc & "'), NAME),
    (replace(SWITCHED, name="%PATH%"), NAME),
    (replace(SWITCHED, name="@x.dll,-1"), NAME),
    (replace(SWITCHED, name="a\nb"), NAME),
    (replace(SWITCHED, name=""), NAME),
    (replace(SWITCHED, name="Other"), "a rule of another name"),
    (replace(SWITCHED, before="calc"), "no rule of the firewall"),
    (replace(SWITCHED, before=BLOCK.format("FALSE")), "more than to switch"),
    (replace(SWITCHED, before=BLOCK.format("TRUE").replace("25", "443")), "more than to switch"),
    (
        replace(
            SWITCHED,
            **{side: BLOCK.format(on).replace("Out", "In") for side, on in (("before", "TRUE"), ("after", "FALSE"))},
        ),
        "not about outgoing",
    ),
    (
        replace(
            SWITCHED,
            **{
                side: BLOCK.format(on).replace("Block", "Allow")
                for side, on in (("before", "TRUE"), ("after", "FALSE"))
            },
        ),
        "blocks nothing",
    ),
    (replace(ADDED, after=allow().replace("Dir=Out", "Dir=In")), "not about outgoing"),
    (replace(ADDED, after=allow().replace("Allow", "Block")), "not a rule that lets"),
    (replace(ADDED, after=allow().replace("TRUE", "FALSE")), "not a rule that lets"),
    (replace(ADDED, after=allow().replace("RPort=465|", "")), "not a rule that lets"),
    (replace(ADDED, after=allow().replace("Protocol=6", "Protocol=17")), "not a rule that lets"),
    (replace(ADDED, after=allow() + "RA4=1.2.3.4|"), ODD),
    (replace(ADDED, after=allow() + "Svc=x|"), ODD),
    (replace(ADDED, after=allow() + "RPort=RPC|"), ODD),
    (replace(ADDED, after=allow() + "Unknown=x|"), ODD),
    (replace(ADDED, after=allow() + 'App=x" & calc|'), ODD),
    (replace(ADDED, name=f"MailFleet {RUN} 0", after=allow(number=0)), "without the name that this run gives"),
    (replace(ADDED, name="MailFleet x 1", after=allow("x")), "without the name that this run gives"),
    (replace(ADDED, name="Web", after=allow().replace(f"MailFleet {RUN} 1", "Web")), "without the name"),
]


@pytest.mark.parametrize(("entry", "why"), HOSTILE_ANYWAY)
def test_what_no_run_may_do(entry: Step, why: str) -> None:
    for journal in (fix(entry), rollback(entry), rollback(inverse(entry))):
        (found,) = judged(journal)
        assert found.startswith("Entry 1 (")
        assert why in found
        assert found.isprintable()
        assert len(found) < 600


def test_keys_come_or_go() -> None:
    (found,) = judged(rollback(replace(SWITCH, creates=(CLIENT,), removes=(CLIENT,))))
    assert "come and go at once" in found


def test_rules_may_come_back_in_another_spelling() -> None:
    """netsh writes a rule anew, in its own version of the grammar and order."""
    after = "v2.31|Action=Block|Dir=Out|Protocol=6|RPort=25|Active=TRUE|Name=No mail|"
    back = RuleStep(RULES, "{1-2}", "No mail", BLOCK.format("FALSE"), after)
    assert judged(rollback(back)) == ()


@pytest.mark.parametrize(
    ("told", "found", "why"),
    [
        (HOST, replace(HOST, name="standin"), None),
        (HOST, replace(HOST, machine=HOST.machine.upper()), None),
        (HOST, replace(HOST, machine=""), None),
        (replace(HOST, machine=""), HOST, None),
        (HostIdentity("", HOST.machine), HostIdentity("", HOST.machine), None),
        (HOST, replace(HOST, name="OTHER"), "is of the host 'STANDIN', and this one is 'OTHER'"),
        (HOST, replace(HOST, machine="0"), "another machine of the same name"),
        (HostIdentity("", ""), HostIdentity("", ""), "Neither the journal nor the host"),
        (HostIdentity("\x1b[2J\u202e", ""), HOST, r"\x1b[2J\u202e"),
    ],
)
def test_a_journal_is_about_one_host(told: HostIdentity, found: HostIdentity, why: str | None) -> None:
    words = objections(KNOWLEDGE, replace(FIX, host=told), found, SIDS)
    assert len(words) == (0 if why is None else 1)
    for text in words:
        assert why is not None
        assert why in text
        assert text.isprintable()


def test_every_entry_is_named_by_its_number() -> None:
    bad = step("tls", RUN_KEY + "\x1b[2J", "x", "calc")
    found = judged(fix(SWITCH, bad, MASK, SWITCH, bad), name="other")
    assert [text.partition(" (")[0] for text in found[1:]] == ["Entry 2", "Entry 4", "Entry 5"]
    assert "stands there twice" in found[2]
    assert r"Run\x1b[2J\x" in found[1]


@given(journals())
@settings(max_examples=100)
def test_any_journal_of_strangers_is_refused(journal: Journal) -> None:
    found = objections(KNOWLEDGE, journal, journal.host, SIDS)
    entries = [text for text in found if text.startswith("Entry ")]
    assert len(entries) == len(journal.steps)
    assert all(text.isprintable() for text in found)


@pytest.mark.parametrize("os", ["xp-sp3", "win7-sp1", "win8.1", "win10-1809", "win11-23h2", "server-2019"])
@pytest.mark.parametrize("policy", sorted(KNOWLEDGE.policies))
def test_what_is_planned_may_be_followed(os: str, policy: str) -> None:
    keys = {CLIENT: {"Enabled": 0}, INET: {"SecureProtocols": 0xA8}}
    ctx = host(os, keys, options=AuditOptions(today=TODAY, policy=policy))
    planned = [
        RegistryStep(
            change.family,
            str(change.details["key"]),
            str(change.details["name"]),
            ctx.snapshot.image.value(change.details["key"], change.details["name"]),
            RegistryValue(str(change.details["name"]), RegistryType(change.details["type"]), change.details["data"]),
        )
        for change in changes(ctx)
        if change.kind.value == "registry"
    ]
    assert planned
    assert judged(fix(*planned)) == ()
