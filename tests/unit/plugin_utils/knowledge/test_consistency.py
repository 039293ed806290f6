# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Contradictions and dangling references: each kind of defect, put into the real tables, is named."""

from __future__ import annotations

import copy
import re
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import loader
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.consistency_updates import SAFE_KEY

RAW = loader.read_files()


def row_of(raw: loader.RawTables, file: str, name: str) -> t.Any:
    rows = raw[file]["updates"] if file == "updates.yml" else raw[file]
    return next(row for row in rows if str(row.get("id", row.get("port"))) == name)


def problems_with(file: str, changes: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """``changes``: "row/path" → new value, all in one file."""
    raw = {**RAW, file: copy.deepcopy(RAW[file])}
    for path, value in changes.items():
        name, *steps = path.split("/")
        place = row_of(raw, file, name)
        *way, last = (int(step) if step.isdigit() else step for step in steps)
        for step in way:
            place = place[step]
        place[last] = value
    return loader.check(loader.build(raw))


RELEASES = [
    ("win7-sp1/id", "Windows 7", "id: must be lower-case words"),
    ("win7-sp1/version", "six", "version: must be major.minor"),
    ("win7-sp1/builds", [7602, 7601], "builds: the first is greater than the last"),
    ("win7-sp1/architectures", "x86 itanium", "architectures: must be some of"),
    ("win7-sp1/suites", "nothing", "suites: there is no list 'nothing'"),
    ("win7-rtm/upgrade_to", "win7-sp9", "upgrade_to: there is no release 'win7-sp9'"),
    ("win7-rtm/upgrade_to", "win8", "win8 is another Windows"),
    ("win7-rtm/upgrade_to", None, "must name the newer release where supported is false"),
    ("win7-sp1/upgrade_to", "win7-sp1", "must name the newer release where supported is false"),
    ("xp-rtm/upgrade_to", "xp-sp2", "xp-sp2 is not supported either"),
    ("win7-rtm/builds", [7600, 7601], "a host that fits win7-rtm fits this one too"),
    ("xp-sp2/service_packs", [2, 3], "a host that fits xp-sp2 fits this one too"),
    ("xp-sp3/service_packs", None, "fits this one too"),
    ("posready-2009/posready", False, "a host that fits xp-sp3 fits this one too"),
    ("win10-1607/product", "any", "a host that fits win10-1607 fits this one too"),
]
DEFAULTS = [
    (
        "schannel_defaults.yml",
        "win7/os",
        "win7-sp1",
        "server-2008r2-sp1: no row says what this release does as shipped",
    ),
    ("schannel_defaults.yml", "win7/os", "win7-sp1 server-2008r2-sp1 win9", "there is no release 'win9'"),
    ("schannel_defaults.yml", "win7/os", [], "os: names no release"),
    (
        "schannel_defaults.yml",
        "nt5/os",
        "xp-sp3 posready-2009 xp-x64-sp2 server-2003-sp2 win8",
        "win8 as shipped stands in nt5 too",
    ),
    ("schannel_defaults.yml", "xp-kb4019276/after", "KB1", "after: there is no update 'KB1'"),
    ("schannel_defaults.yml", "xp-kb4019276/after", "KB3140245", "KB3140245 is not for xp-sp3, posready-2009"),
    ("schannel_defaults.yml", "xp-kb4019276/after", None, "xp-sp3 as shipped stands in nt5 too"),
    ("schannel_defaults.yml", "xp-kb4019276/os", "xp-sp3 xp-x64-sp2", "KB4019276 is not for xp-x64-sp2"),
    ("schannel_defaults.yml", "win7/protocols", {"TLS 1.2": "enabled"}, "protocols: must be exactly SSL 2.0"),
    ("component_defaults.yml", "winhttp-win7/os", "win7-sp1", "no row of winhttp says"),
    ("component_defaults.yml", "winhttp-win7/component", "wininet", "no row of winhttp says"),
    ("component_defaults.yml", "wininet-win11/os", "win11-21h2", "no row of wininet says"),
    ("component_defaults.yml", "winhttp-win7/mask", 0x1000, "0x1000 has bits that mean no protocol"),
    ("component_defaults.yml", "winhttp-win7/mask", 0, "or none at all"),
]
SUITES = [
    ("cipher_suites.json", "win7/suites", [], "suites: is empty"),
    ("cipher_suites.json", "win7/suites/1/name", "TLS_RSA_WITH_AES_128_CBC_SHA_P256", "is not the name of a suite"),
    ("cipher_suites.json", "win7/suites/1/name", "TLS_RSA_WITH_AES_128_CBC_SHA", "stands there twice"),
    ("cipher_suites.json", "win7/suites/1/protocols", ["TLS 1.4"], "has protocols that are none: TLS 1.4"),
    ("cipher_suites.json", "win7/suites/1/after", "KB1", "after: there is no update 'KB1'"),
    ("cipher_suites.json", "win7/suites/1/after", "KB2919355", "KB2919355 is not for win7-sp1"),
    ("cipher_suites_legacy.yml", "xp/id", "xp-new", "no release uses this list"),
]
REGISTRY = [
    ("schannel/key", 'HKLM\\SYSTEM\\a" & echo PWNED & "b', "is not a key that may stand in a command line"),
    ("schannel/key", "HKLM\\SYSTEM\\%PATH%", "is not a key that may stand in a command line"),
    ("schannel/key", "HKLM\\SYSTEM\\CurrentControlSet\\", "is not a key that may stand in a command line"),
    ("schannel/key", "SYSTEM\\CurrentControlSet", "keys of the machine begin with HKLM"),
    ("wininet-user/per_user", False, "keys of the machine begin with HKLM"),
    ("schannel/value", "Enabled", "type: must be given where there is a value"),
    ("winhttp-native/type", "REG_NUMBER", "'REG_NUMBER' is no registry type"),
    ("schannel/view", "native", "view: must be shared, is native"),
    ("wininet-machine-policy/view", "native", "view: must be shared, is native"),
    ("winhttp-wow6432/view", "native", "view: must be wow6432, is native"),
    ("uninstall/key", "HKLM\\SOFTWARE\\Elsewhere", "uninstall-wow6432: key: has no native twin"),
    ("schannel/key", "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Lsa", "is the same place"),
]
UPDATES = [
    ("KB3140245/id", "3140245", "id: must be KB and a number"),
    ("KB3140245/os", [], "os: is empty"),
    ("KB3140245/enables", [], "enables: is empty"),
    ("KB3140245/os", "win9 win7-sp1", "there is no release 'win9'"),
    ("KB4467770/requires", "KB1", "there is no update 'KB1'"),
    ("KB4467770/requires", "KB3140245", "KB3140245 is not for every release"),
    ("KB4467770/order", 30, "KB4019276 must come before this one"),
    ("KB3140245/registry_after", "winhttp", "there is no registry path 'winhttp'"),
    ("KB3140245/superseded_by", "KB1", "superseded_by: there is no update 'KB1'"),
    ("KB3140245/superseded_by", "KB4056564", "KB4056564 is for other releases"),
    ("KB3140245/superseded_by", "KB3140245", "is itself superseded by this one"),
    ("KB4493435/superseded_by", "KB4230450", "is itself superseded by this one"),
    ("KB948963/detect", [], "there is no way for server-2003-sp2"),
    ("KB4019276/detect/4/os", "vista-sp2 win8", "is for releases that the update is not for: win8"),
    ("KB4019276/detect/0/name", "schannel.dll", "'schannel.dll' is no name for file_version"),
    ("KB4230450/detect/0/name", "kb4230450", "is no name for hotfix"),
    ("KB4019276/detect/0/at_least", None, "at_least of file_version must look otherwise"),
    ("KB4019276/detect/0/at_least", "5.1", "at_least of file_version must look otherwise"),
    ("KB948963/detect/0/at_least", "1.0", "hotfix knows no at_least"),
    ("KB5017811/detect/0/at_least", "17763", "at_least of ubr must look otherwise"),
    ("KB5017811/detect/0/at_least", "17134.1", "build 17134 is not one of win10-1809"),
    ("KB3140245/packages", [], "offered, and no package is for win7-sp1"),
    ("KB3140245/packages/0/file", "..\\evil.msu", "is no file name"),
    ("KB3140245/packages/0/file", "windows6.1-kb1-x86.msu", "does not name KB3140245"),
    ("KB3140245/packages/0/os", "win8.1", "is for releases that the update is not for"),
    ("KB3140245/packages/0/architecture", "ia64", "'ia64' is no architecture"),
    ("KB3140245/packages/1/architecture", "x86", "is for x86, which one of its releases does not have"),
    ("KB3140245/packages/0/sha1", "xyz", "sha1: 'xyz' is none"),
    ("KB4019276/packages/0/sha256", "381ABDED" * 8, "sha256: '381ABDED"),
    ("KB3140245/packages/0/sha1", "0" * 40, "the name of the file says cdafb409"),
    ("KB4019276/packages/3/sha256", "0" * 64, "a pattern cannot have a hash"),
]
MAIL = [
    ("mail_clients.yml", "outlook-2010/stacks", {"smtp": "schannel"}, "stacks: must give one of"),
    ("mail_clients.yml", "outlook-2010/stacks/smtp", "gnutls", "stacks: must give one of"),
    ("mail_clients.yml", "outlook-2010/account_store", "mbox", "account_store: must be one of"),
    ("mail_clients.yml", "outlook-2010/account_version", None, "account_version: belongs to Outlook"),
    ("mail_clients.yml", "thunderbird/account_version", "1.0", "account_version: belongs to Outlook"),
    ("mail_clients.yml", "outlook-2010/detect", [], "every client but schannel has signs"),
    ("mail_clients.yml", "outlook-2010/program", "", "every client but schannel has signs and a program"),
    ("mail_clients.yml", "schannel/id", "any", "schannel: id: this row must be there"),
    ("mail_clients.yml", "outlook-2010/detect/0/key", "HKLM\\SOFTWARE\\Nowhere", "is not in registry_paths.yml"),
    ("mail_clients.yml", "outlook-2010/detect/0/value", "Pfad", "is not in registry_paths.yml"),
    (
        "mail_clients.yml",
        "thunderbird/detect/1/scope",
        "machine",
        "is not in registry_paths.yml as a place of the machine",
    ),
    ("mail_clients.yml", "new-outlook/detect/0/prefix", "olk", "a prefix needs a value"),
    ("mail_clients.yml", "outlook-express/starttls_ports", [25, 587], "cannot be both known and unknown"),
    ("mail_clients.yml", "outlook-express/starttls_ports", None, "only makes sense with starttls_ports"),
    ("mail_clients.yml", "outlook-express/starttls_ports", [993], "993 is no port of SMTP"),
    ("providers.yml", "gmail/hosts", "IMAP.gmail.com", "is no host name or suffix in lower case"),
    ("providers.yml", "gmail/hosts", "imap.aol.com", "imap.aol.com belongs to gmail too"),
    ("providers.yml", "gmail/hosts", [], "a provider has hosts"),
    ("providers.yml", "gmail/auth/smtp", ["kerberos"], "auth: smtp: kerberos is not"),
    ("providers.yml", "gmail/auth/jmap", ["oauth2"], "auth: jmap: oauth2 is not"),
    ("providers.yml", "gmail/tls", ["TLS 2.0"], "tls: names a protocol that is none"),
    ("ports.yml", "587/port", 70000, "port: is no port"),
    ("ports.yml", "587/protocol", "http", "'http' is no mail protocol"),
    ("ports.yml", "587/security", "auto", "'auto' is neither implicit nor starttls"),
    ("policies.yml", "strict/id", "harsh", "strict: id: this policy must be there"),
    ("policies.yml", "compat/schannel", {"TLS 1.2": "on"}, "schannel: must speak of exactly"),
    ("policies.yml", "compat/schannel/TLS 1.2", "maybe", "'maybe' is no word for TLS 1.2"),
    ("policies.yml", "compat/winhttp/TLS 1.1", "on_where_shipped_off", "is no word for TLS 1.1"),
    ("policies.yml", "compat/keep_explicit_off", ["TLS 9"], "keep_explicit_off: names a protocol that is none: TLS 9"),
    ("policies.yml", "compat/assumed_server_tls", ["TLS 9"], "assumed_server_tls: names a protocol that is none"),
    ("policies.yml", "compat/assumed_server_tls", [], "assumed_server_tls: is empty"),
    ("policies.yml", "compat/dotnet", "weak", "dotnet: must be strong or leave"),
    ("policies.yml", "compat/suites", "modern", "must be modern, with modern_suites"),
    ("policies.yml", "strict/modern_suites", ["TLS_NOTHING"], "no release offers any of these"),
    ("checks.yml", "tls.tls12/family", "updates", "family: must be the part of the id"),
    ("checks.yml", "tls.tls12/severity", "fatal", "severity: must be one of"),
    ("checks.yml", "tls.tls12/why", "Because", "why: must be a sentence"),
    ("checks.yml", "tls.tls12/title", "Done.", "title: must be a title"),
]
CHANGEABLE = [
    ("winhttp-mask/family", "web", "family: there is no family 'web'"),
    ("winhttp-mask/type", "REG_SZ", "type: mask is of type REG_DWORD"),
    ("winhttp-mask/paths", [], "paths: is empty"),
    ("winhttp-mask/paths", "winhttp", "paths: there is no registry path 'winhttp'"),
    ("winhttp-mask/paths", "wininet-machine-policy", "paths: wininet-machine-policy is a group policy"),
    ("winhttp-mask/paths", "product-name", "type: product-name is of type REG_SZ"),
    ("winhttp-mask/paths", "wininet-user", "is about Software\\Microsoft\\Windows"),
    ("winhttp-mask/twin", True, "twin: winhttp-wow6432 has no twin below Wow6432Node"),
    ("proxy-enable-machine/values", [], "values: must name values, since proxy-machine does not"),
    ("winhttp-mask/levels", 5, "levels: 5 levels of winhttp-native would reach keys that Windows always has"),
    ("wininet-mask/levels", 4, "levels: 4 levels of wininet-user would reach"),
    ("wininet-mask/levels", -1, "levels: -1 levels of wininet-user would reach"),
]


@pytest.mark.parametrize(
    ("file", "path", "value", "problem"),
    [
        *(("os_releases.yml", *case) for case in RELEASES),
        *DEFAULTS,
        *SUITES,
        *(("registry_paths.yml", *case) for case in REGISTRY),
        *(("updates.yml", *case) for case in UPDATES),
        *(("changeable.yml", *case) for case in CHANGEABLE),
        *MAIL,
    ],
)
def test_names_the_defect(file: str, path: str, value: t.Any, problem: str) -> None:
    found = problems_with(file, {path: value})
    assert any(problem in line for line in found), found


def test_a_problem_names_file_row_and_field() -> None:
    found = problems_with("updates.yml", {"KB3140245/os": "win9", "KB4467770/requires": "KB1"})
    assert len(found) > 2
    for line in found:
        assert re.match(r"[a-z_]+(\.yml|\.json)?: [^:]+: [a-z_.0-9]+: ", line), line


@pytest.mark.parametrize(
    ("key", "safe"),
    [
        ("HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", True),
        ("HKLM\\SOFTWARE\\Microsoft\\.NETFramework\\v4.0.30319", True),
        ("Software\\Microsoft\\Windows\\CurrentVersion\\App Paths\\olk.exe", True),
        ("HKLM\\SOFTWARE\\a&b", False),
        ("HKLM\\SOFTWARE\\a|b", False),
        ("HKLM\\SOFTWARE\\a^b", False),
        ("HKLM\\SOFTWARE\\a>b", False),
        ('HKLM\\SOFTWARE\\a"b', False),
        ("HKLM\\SOFTWARE\\%a%", False),
        ("HKLM\\SOFTWARE\\a!b", False),
        ("HKLM\\SOFTWARE\\(a)", False),
        ("HKLM\\SOFTWARE\\a\nb", False),
        ("HKLM\\SOFTWARE\\", False),
        ("HKLM\\\\SOFTWARE", False),
        ("", False),
    ],
)
def test_keys_are_safe_in_a_command_line(key: str, safe: bool) -> None:
    assert bool(SAFE_KEY.fullmatch(key)) is safe
