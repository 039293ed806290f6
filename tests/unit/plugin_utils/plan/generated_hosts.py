# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Any host: a release, some of what its registry may hold, some of it unread, and an operator's wishes."""

from __future__ import annotations

import dataclasses
import typing as t

from hypothesis import strategies as st

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
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions, ProxyWish, Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import RegistryData, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy import (
    ConnectionSettings,
    WinHttpProxy,
    write_connection_settings,
    write_winhttp_settings,
)
from tests.support.hosts import ALICE, KNOWLEDGE, NT, PROTOCOLS, SCHANNEL, TODAY, host

Layer = dict[str, dict[str, RegistryData]]
SUITES = (
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
)
FAMILIES = ("tls", "winhttp", "wininet", "dotnet", "updates", "firewall", "accounts", "trust", "proxy", "reboot")
INET = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"
INET_POLICY = r"Software\Policies\Microsoft\Windows\CurrentVersion\Internet Settings"
POLICY = KNOWLEDGE.registry["firewall-policy-rules"].key
LOCAL = KNOWLEDGE.registry["firewall-rules"].key
PACKAGES = KNOWLEDGE.registry["cbs-packages"].key
XP_RECORD = r"HKLM\SOFTWARE\Microsoft\Updates\Windows XP\SP4"
SERVER_RECORD = r"HKLM\SOFTWARE\Microsoft\Updates\Windows Server 2003\SP3"
PROFILES = r"\Software\Microsoft\Office\16.0\Outlook\Profiles\Outlook\9375CFF0413111d3B88A00104B2A6676"
EXPRESS = r"\Software\Microsoft\Internet Account Manager\Accounts"
#: What may be unread: whole hives, the keys that decide, and single ones of them.
ROOTS = (
    r"HKLM\SYSTEM\CurrentControlSet",
    r"HKLM\SOFTWARE",
    r"HKLM\SOFTWARE\Policies",
    r"HKLM\SOFTWARE\Microsoft\Updates",
    PACKAGES,
    SCHANNEL,
    PROTOCOLS,
    PROTOCOLS + r"\TLS 1.2\Client",
    SCHANNEL + r"\Ciphers",
    KNOWLEDGE.registry["fips-key"].key,
    KNOWLEDGE.registry["suites-policy"].key,
    KNOWLEDGE.registry["suites-local"].key,
    LOCAL,
    POLICY,
    KNOWLEDGE.registry["firewall-public"].key,
    KNOWLEDGE.registry["winhttp-native"].key,
    ALICE.root,
    ALICE.root + "\\" + INET,
    ALICE.root + r"\Software\Microsoft\Office",
    r"HKLM\SYSTEM\WPA",
)
#: Roots to deny, often none.
some_roots = st.lists(st.sampled_from(ROOTS), unique=True, max_size=3)
numbers = st.sampled_from((0, 1, 0xFFFFFFFF, "1", 0xA80, 0x2800))


def values(*names: str) -> st.SearchStrategy[dict[str, RegistryData]]:
    return st.dictionaries(st.sampled_from(names), numbers, max_size=len(names))


@st.composite
def protocols(draw: st.DrawFn) -> Layer:
    some = draw(st.lists(st.sampled_from(list(Protocol)), unique=True, max_size=4))
    return {rf"{PROTOCOLS}\{p.value}\Client": draw(values("Enabled", "DisabledByDefault")) for p in some}


@st.composite
def components(draw: st.DrawFn) -> Layer:
    some = {
        KNOWLEDGE.registry["winhttp-native"].key: values("DefaultSecureProtocols", "SecureProtocols"),
        KNOWLEDGE.registry["winhttp-wow6432"].key: values("DefaultSecureProtocols"),
        KNOWLEDGE.registry["dotnet-native-v4"].key: values("SchUseStrongCrypto", "SystemDefaultTlsVersions"),
        "HKLM\\" + INET: values("SecureProtocols"),
        "HKLM\\" + INET_POLICY: values("SecureProtocols"),
        f"{ALICE.root}\\{INET}": values("SecureProtocols"),
        f"{ALICE.root}\\{INET_POLICY}": values("SecureProtocols"),
        SCHANNEL + r"\Ciphers\AES 128/128": values("Enabled"),
        KNOWLEDGE.registry["fips-key"].key: values("Enabled"),
        KNOWLEDGE.registry["lsa"].key: values("FipsAlgorithmPolicy"),
    }
    keys = draw(st.lists(st.sampled_from(sorted(some)), unique=True, max_size=4))
    return {key: draw(some[key]) for key in keys}


@st.composite
def updates(draw: st.DrawFn) -> Layer:
    found: Layer = {}
    for kb in draw(st.lists(st.sampled_from(sorted(KNOWLEDGE.updates)), unique=True, max_size=3)):
        where = draw(st.sampled_from((XP_RECORD, SERVER_RECORD, PACKAGES)))
        if where == PACKAGES:
            state = draw(st.sampled_from((0x0, 0x50, 0x60, 0x70)))
            found[rf"{PACKAGES}\Package_for_{kb}~31bf3856ad364e35~amd64~~6.1.1.1"] = {"CurrentState": state}
        else:
            found[rf"{where}\{kb}"] = {}
    if draw(st.booleans()):
        found[NT] = {"UBR": draw(st.sampled_from((1, 99999)))}
    return found


@st.composite
def walls(draw: st.DrawFn) -> Layer:
    found: Layer = {}
    for key in draw(st.lists(st.sampled_from((LOCAL, POLICY)), unique=True)):
        action, port = draw(st.sampled_from(("Block", "Allow"))), draw(st.sampled_from((993, 587, 25)))
        text = f"v2.10|Action={action}|Active=TRUE|Dir=Out|Protocol=6|RPort={port}|Name=some rule|"
        found[key] = {"{1}": text}
    if draw(st.booleans()):
        place = draw(st.sampled_from(("firewall-public", "firewall-domain", "firewall-policy-public")))
        found[KNOWLEDGE.registry[place].key] = {"DefaultOutboundAction": draw(st.sampled_from((0, 1, "1")))}
    return found


@st.composite
def accounts(draw: st.DrawFn) -> Layer:
    found: Layer = {}
    servers = st.sampled_from(("mail.example", "MAIL.example.", "other.example"))
    if draw(st.booleans()):
        found[ALICE.root + PROFILES + r"\00000002"] = {
            "clsid": "{ED475412-B0D6-11D2-8C3B-00104B2A6676}",
            "Account Name": "work",
            "IMAP Server": draw(servers),
            "IMAP Port": draw(st.sampled_from((143, 993, 1993))),
            "IMAP Use SSL": draw(st.integers(0, 1)),
            "SMTP Server": draw(servers),
            "SMTP Port": draw(st.sampled_from((25, 465, 587))),
            "SMTP Secure Connection": draw(st.integers(0, 3)),
        }
    if draw(st.booleans()):
        found[ALICE.root + EXPRESS + r"\00000001"] = {
            "Account Name": "home",
            "POP3 Server": draw(servers),
            "POP3 Port": draw(st.sampled_from((110, 995))),
            "POP3 Secure Connection": draw(st.integers(0, 1)),
            "SMTP Server": draw(servers),
            "SMTP Port": draw(st.sampled_from((25, 465, 587))),
            "SMTP Secure Connection": draw(st.integers(0, 1)),
        }
    if draw(st.integers(0, 4)) == 4:
        found[ALICE.root + PROFILES + r"\00000003"] = {
            "clsid": "{ED475414-B0D6-11D2-8C3B-00104B2A6676}",
            "Service Name": "MSEMS",
        }
    return found


#: Direct, a named proxy, cut off, of an unknown layout.
HTTP_RECORDS = (
    write_winhttp_settings(WinHttpProxy(0x18, 0, 1, "", "")),
    write_winhttp_settings(WinHttpProxy(0x28, 0, 3, "p:1", "", bytes(8))),
    b"\x18",
    b"\x19\0\0\0" + bytes(16),
)
#: As Windows makes it, a named proxy and a script, cut off, of an unknown layout.
RECORDS = (
    write_connection_settings(ConnectionSettings(0x46, 2, 9, "", "", "", bytes(32))),
    write_connection_settings(ConnectionSettings(0x46, 0xFFFFFFFF, 7, "p:1", "", "http://wpad/wpad.dat", bytes(40))),
    b"\x46\0\0\0" + bytes(9),
    b"\x47\0\0\0" + bytes(52),
)


@st.composite
def proxies(draw: st.DrawFn) -> Layer:
    found: Layer = {}
    if draw(st.booleans()):
        place = draw(st.sampled_from(("proxy-winhttp-native", "proxy-winhttp-wow6432")))
        found[KNOWLEDGE.registry[place].key] = {"WinHttpSettings": draw(st.sampled_from(HTTP_RECORDS))}
    user = (f"{ALICE.root}\\{INET}", f"{ALICE.root}\\{KNOWLEDGE.registry['proxy-user-connections'].key}")
    for key, connections in (user, ("HKLM\\" + INET, KNOWLEDGE.registry["proxy-machine-connections"].key)):
        if draw(st.booleans()):
            names = st.sampled_from(("DefaultConnectionSettings", "SavedLegacySettings"))
            records = draw(st.dictionaries(names, st.sampled_from(RECORDS), max_size=2))
            found.setdefault(connections, {}).update(records)
            texts = st.sampled_from(("p:1", "http://wpad/wpad.dat", "", "me:secret@p:1"))
            plain = st.dictionaries(st.sampled_from(("ProxyServer", "ProxyOverride", "AutoConfigURL")), texts)
            found[key] = {**draw(plain), **draw(values("ProxyEnable"))}
    if draw(st.integers(0, 5)) == 5:
        found["HKLM\\" + INET_POLICY] = draw(values("ProxySettingsPerUser", "ProxyEnable"))
    return found


PROXY_WISHES = (None, None, ProxyWish("off"), ProxyWish("set", "p:1"), ProxyWish("set", "new:8080", ("<local>",)))


@st.composite
def servers(draw: st.DrawFn) -> Server:
    tls = draw(st.frozensets(st.sampled_from(list(Protocol)[2:]), max_size=4))
    refused = frozenset(Protocol) - tls if draw(st.booleans()) else frozenset()
    suites = draw(st.none() | st.lists(st.sampled_from(SUITES), unique=True).map(tuple))
    key, signature = draw(st.sampled_from((None, "rsa", "ecdsa"))), draw(st.sampled_from((None, "sha1", "sha256")))
    certificate = draw(st.none() | st.just(Certificate(key=key, signature=signature)))
    source = draw(st.sampled_from((Source.DECLARED, Source.PROBE)))
    accepts = draw(st.none() | st.just(Acceptance(source, tls, refused, suites, certificate=certificate)))
    protocol, port, security = draw(
        st.sampled_from(
            (
                (MailProtocol.IMAP, 993, Security.IMPLICIT),
                (MailProtocol.IMAP, 1993, Security.IMPLICIT),
                (MailProtocol.IMAP, 143, Security.STARTTLS),
                (MailProtocol.SMTP, 587, Security.STARTTLS),
                (MailProtocol.SMTP, 465, Security.IMPLICIT),
                (MailProtocol.SMTP, 25, Security.NONE),
                (MailProtocol.POP3, 995, Security.IMPLICIT),
            )
        )
    )
    auth = draw(st.sampled_from((None, None, ("password",), ("oauth2",))))
    return Server("mail.example", port, protocol, security, auth, accepts=accepts)


@st.composite
def wishes(draw: st.DrawFn) -> AuditOptions:
    checks = st.sampled_from(
        ("tls.ssl30", "tls.*", "firewall.*", "accounts.*", "updates.needed", "proxy.w*", "os.*", "*")
    )
    waivers = draw(st.lists(st.builds(Waiver, checks, st.just("a reason")), max_size=1)) if draw(st.booleans()) else []
    families = st.frozensets(st.sampled_from(FAMILIES), max_size=3)
    narrow = draw(st.sampled_from(("", "", "", "only", "skip")))
    return AuditOptions(
        policy=draw(st.sampled_from(list(KNOWLEDGE.policies))),
        servers=tuple(draw(st.lists(servers(), max_size=3, unique_by=lambda s: (s.port, s.protocol)))),
        only=draw(families) if narrow == "only" else frozenset(),
        skip=draw(families) if narrow == "skip" else frozenset(),
        waivers=tuple(waivers),
        today=TODAY,
        proxy=draw(st.sampled_from(PROXY_WISHES)),
    )


@dataclasses.dataclass(frozen=True)
class Case:
    """A host in few words, so that a failing example can be read."""

    os_id: str
    layers: tuple[Layer, ...]
    fields: dict[str, t.Any]
    options: AuditOptions
    unread: tuple[str, ...] = ()

    def context(self, *more: str) -> Context:
        """What the checks are handed; ``more``: keys that are unread, too."""
        roots = dict.fromkeys((*self.unread, *more), "Access is denied.")
        return host(self.os_id, *self.layers, unread=roots, options=self.options, **self.fields)


@st.composite
def hosts(draw: st.DrawFn) -> Case:
    os_id = draw(st.sampled_from(list(KNOWLEDGE.releases)))
    layers = tuple(draw(layer) for layer in (protocols(), components(), updates(), walls(), proxies(), accounts()))
    old = {r"system32\winhttp.dll": FileVersion((5, 0)), r"system32\schannel.dll": FileVersion((5, 0))}
    new = {name: FileVersion((99, 0)) for name in old}
    known = {"PROCESSOR_ARCHITECTURE": draw(st.sampled_from(KNOWLEDGE.releases[os_id].architectures)).upper()}
    fields = {
        "files": draw(st.sampled_from((Unread("wmic is not there."), old, new))),
        "environment": draw(st.sampled_from((known, known, Unread("was cut off.")))),
        "users": draw(st.sampled_from(((ALICE,), (ALICE,), (ALICE,), Unread("was cut off.")))),
    }
    return Case(os_id, layers, fields, draw(wishes()), tuple(draw(some_roots)))
