# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading list: every place of a host that an audit reads, as data.

Filters run on the host and only make the answer smaller. reg.exe writes its errors past the filter, so "denied" and
"absent" always arrive; what a filter drops is never called absent, because the region then says so (``names``,
``keys_only``, ``values_only``) or because nobody asks for it by name (inactive and inbound firewall rules).
Quoted texts hold no ``&|<>^``: over ssh the line passes through a second cmd.exe that sees the quotes the other way.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Iterable

from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.section import Group, Query, Section, section
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.signs import (
    KEYS,
    Signs,
    file_names,
    sign_groups,
)

VALUES: t.Final = ('find "REG_"',)
NO_SECRETS: t.Final = 'find /v /i "password"'
#: Headers and values that begin with a letter or a brace: drops the hundreds of MAPI properties (001f3001 ...).
NAMED: t.Final = 'findstr /r /x /c:" *[A-Z{c].*"'

_CCS = r"HKLM\SYSTEM\CurrentControlSet"
_NT = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_WINDOWS = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion"
_POLICIES = r"HKLM\SOFTWARE\Policies\Microsoft"
_FIREWALL = rf"{_CCS}\Services\SharedAccess\Parameters\FirewallPolicy"
_INTERNET = r"Windows\CurrentVersion\Internet Settings"
_USER = r"HKU\{user}\Software\Microsoft"
_UPDATES = r"HKLM\SOFTWARE\Microsoft\Updates"

#: The two views of HKLM\SOFTWARE\Microsoft. On a 32-bit Windows the second one is absent.
VIEWS: t.Final = ("Microsoft", r"Wow6432Node\Microsoft")
#: Roots of the trees in which XP and 2003 record their updates.
FAMILIES: t.Final = (
    r"Updates\Windows XP\SP4",
    r"Updates\Windows XP\SP0",
    r"Updates\Windows Server 2003\SP3",
    r"Updates\Windows XP Version 2003\SP3",
    r"Windows NT\CurrentVersion\HotFix",
)
#: Stores that hold roots and distrusted certificates: machine, group policy, domain.
STORES: t.Final = (
    r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Root",
    r"HKLM\SOFTWARE\Microsoft\SystemCertificates\AuthRoot",
    r"HKLM\SOFTWARE\Microsoft\SystemCertificates\Disallowed",
    r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates\Root",
    r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates\Disallowed",
    r"HKLM\SOFTWARE\Microsoft\EnterpriseCertificates\Root",
    r"HKLM\SOFTWARE\Microsoft\EnterpriseCertificates\Disallowed",
)
#: Where Outlook keeps its profiles: 2003 to 2010, 2013, 2016 and later.
OUTLOOK: t.Final = (
    r"Windows NT\CurrentVersion\Windows Messaging Subsystem",
    r"Office\15.0\Outlook",
    r"Office\16.0\Outlook",
)
#: The marks whose answers are not registry.
ENVIRONMENT, VERSION, CODEPAGE, FILE_VERSIONS = "ENV", "VER", "CHC", "FIL"
#: The mark of the list of loaded hives, and of the packages whose names were filtered on the host.
HIVES_CODE, PACKAGES_CODE, STATES_CODE = "HKU", "CBS", "PKS"
#: Marks of Outlook's profiles, and of the keys there that the filter for passwords hides.
OUTLOOK_CODE, HIDDEN_CODE = "UOL", "UOH"

_OS_VALUES = frozenset(
    "currentversion currentbuild currentbuildnumber currentmajorversionnumber currentminorversionnumber ubr "
    "csdversion productname installationtype editionid displayversion releaseid buildlab buildlabex systemroot "
    "currenttype".split()
)
_NO_NUMBERS = ('find /v "REG_BINARY"', 'find /v "REG_DWORD"', 'find /v "REG_QWORD"')
_THUMBPRINT = re.compile(r"[0-9A-F]{40}")
_PACKAGE = re.compile(r"Package_for_[A-Za-z0-9_]{1,60}~[0-9a-f]{16}~[a-z0-9]{0,8}~[A-Za-z-]{0,12}~[0-9.]{1,30}")


def reading(signs: Signs, thumbprints: Iterable[str] = ()) -> tuple[Section, ...]:
    """The whole list, in the order in which it is sent; what may be slow stands last.

    :param thumbprints: SHA-1 thumbprints (40 upper-case hex digits) of the certificates that matter.
    :raises ValueError: a thumbprint or a sign is not what it should be.
    """
    return (
        *_host(),
        *_tls(),
        *_internet(),
        *_firewall(),
        *_updates(signs),
        *_trust(tuple(thumbprints)),
        *_clients(signs),
        *_users(signs),
        _files(signs),
    )


def _host() -> tuple[Section, ...]:
    return (
        section("code page", Query(CODEPAGE, command="chcp")),
        section("version", Query(VERSION, command="ver")),
        section("environment", Query(ENVIRONMENT, command="set PROCESSOR_ARCH")),
        section(
            "windows",
            # Two values of the key hold product ids of some hundred bytes each.
            Query("OSV", _NT, filters=(*VALUES, 'find /v "ProductId"'), names=_OS_VALUES, values_only=True),
            Query("OSP", rf"{_CCS}\Control\ProductOptions", "ProductType"),
            Query("OSC", rf"{_CCS}\Control\Windows", "CSDVersion"),
            Query("CPN", rf"{_CCS}\Control\ComputerName\ComputerName", "ComputerName"),
            Query("OEM", rf"{_CCS}\Control\Nls\CodePage", "OEMCP"),
        ),
        section("embedded", Query("WPA", r"HKLM\SYSTEM\WPA\{part}", "Installed"), parts=("PosReady", "WES", "WEPOS")),
    )


def _tls() -> tuple[Section, ...]:
    suites = r"Cryptography\Configuration"
    return (
        section("schannel", Query("SCH", rf"{_CCS}\Control\SecurityProviders\SCHANNEL", recursive=True)),
        section(
            "cipher suites",
            Query("CSP", rf"{_POLICIES}\{suites}\SSL\00010002", filters=VALUES, values_only=True),
            Query("CSL", rf"{_CCS}\Control\{suites}\Local\SSL\00010002", filters=VALUES, values_only=True),
        ),
        section(
            "fips",
            Query("FPV", rf"{_CCS}\Control\Lsa", "FipsAlgorithmPolicy"),
            Query("FPK", rf"{_CCS}\Control\Lsa\FipsAlgorithmPolicy", "Enabled"),
        ),
        section(
            "dotnet",
            Query("NE4", r"HKLM\SOFTWARE\{part}\.NETFramework\v4.0.30319", filters=VALUES, values_only=True),
            Query("NE2", r"HKLM\SOFTWARE\{part}\.NETFramework\v2.0.50727", filters=VALUES, values_only=True),
            parts=VIEWS,
        ),
    )


def _internet() -> tuple[Section, ...]:
    settings = rf"HKLM\SOFTWARE\{{part}}\{_INTERNET}"
    explorer = r"HKLM\SOFTWARE\{part}\Internet Explorer"
    return (
        section(
            "internet settings",
            Query("INS", settings, filters=VALUES, values_only=True),
            Query("WHT", rf"{settings}\WinHttp"),
            Query("CON", rf"{settings}\Connections"),
            parts=VIEWS,
        ),
        section("internet policy", Query("INP", rf"{_POLICIES}\{_INTERNET}", filters=VALUES, values_only=True)),
        section(
            "internet explorer",
            Query("IEV", explorer, filters=VALUES, values_only=True),
            Query("IEC", rf"{explorer}\AdvancedOptions\CRYPTO\TLS1.1", "OSVersion"),
            Query("IED", rf"{explorer}\AdvancedOptions\CRYPTO\TLS1.2", "OSVersion"),
            parts=VIEWS,
        ),
    )


def _firewall() -> tuple[Section, ...]:
    outbound = ('find /i "Dir=Out"', 'find /i "Active=TRUE"')
    profiles = ("DomainProfile", "StandardProfile", "PublicProfile")
    policy = rf"{_POLICIES}\WindowsFirewall"
    return (
        section(
            "services",
            Query("SVC", rf"{_CCS}\Services\{{part}}", "Start"),
            parts=("MpsSvc", "SharedAccess", "W32Time"),
        ),
        section(
            "firewall profiles",
            Query("FWL", rf"{_FIREWALL}\{{part}}", filters=VALUES, values_only=True),
            parts=profiles,
        ),
        section(
            "firewall policy",
            Query("FWP", rf"{policy}\{{part}}", filters=VALUES, values_only=True),
            parts=(*profiles, "PrivateProfile"),
        ),
        section("firewall rules", Query("FRL", rf"{_FIREWALL}\FirewallRules", filters=outbound, values_only=True)),
        section("device rules", Query("FRM", rf"{_FIREWALL}\Mdm\FirewallRules", filters=outbound, values_only=True)),
        section("policy rules", Query("FRP", rf"{policy}\FirewallRules", filters=outbound, values_only=True)),
        section(
            "clock",
            Query("W3P", rf"{_CCS}\Services\W32Time\Parameters"),
            Query("W3G", rf"{_POLICIES}\W32Time", recursive=True),
        ),
    )


def _updates(signs: Signs) -> tuple[Section, ...]:
    servicing = rf"{_WINDOWS}\Component Based Servicing"
    packages = (*signs.packages, "RollupFix")
    names = Query("HFX", r"HKLM\SOFTWARE\Microsoft\{part}", filters=KEYS, keys_only=True)
    found = [section("hotfixes", names, parts=FAMILIES)]
    if signs.filelists:
        files = Query("FLX", rf"{_UPDATES}\Windows XP\SP4\{{part}}\Filelist", recursive=True)
        found.append(section("installed files", files, parts=signs.filelists))
    named = Query(PACKAGES_CODE, rf"{servicing}\Packages", filters=('find /i "Package_for_{part}"',), keys_only=True)
    manager = rf"{_CCS}\Control\Session Manager"
    return (
        *found,
        section("packages", named, parts=packages),
        section(
            "pending reboot",
            Query("RBP", rf"{servicing}\RebootPending"),
            Query("RBR", rf"{_WINDOWS}\WindowsUpdate\Auto Update\RebootRequired"),
            Query("RBX", rf"{_UPDATES}\UpdateExeVolatile"),
            Query("RBV", _UPDATES, "UpdateExeVolatile"),
            Query("RBF", manager, "PendingFileRenameOperations"),
            Query("RBG", manager, "PendingFileRenameOperations2"),
        ),
    )


def package_states(names: Iterable[str]) -> tuple[Section, ...]:
    """The states of packages whose names were read before: only names that can do no harm in a command."""
    parts = tuple(name for name in dict.fromkeys(names) if _PACKAGE.fullmatch(name))
    query = Query(STATES_CODE, rf"{_WINDOWS}\Component Based Servicing\Packages\{{part}}", "CurrentState")
    portions = [parts[start : start + 20] for start in range(0, len(parts), 20)]
    return tuple(section("package states", query, parts=portion) for portion in portions)


def _trust(thumbprints: tuple[str, ...]) -> tuple[Section, ...]:
    for thumbprint in thumbprints:
        if not _THUMBPRINT.fullmatch(thumbprint):
            raise ValueError(f"not a SHA-1 thumbprint of 40 upper-case hex digits: {thumbprint!r}")
    automatic = Query("RAU", rf"{_POLICIES}\SystemCertificates\AuthRoot", "DisableRootAutoUpdate")
    stores = tuple(
        Query(f"CR{number}", rf"{store}\Certificates\{{part}}", filters=KEYS, keys_only=True)
        for number, store in enumerate(STORES)
    )
    # In portions that surely fit into a line.
    portions = [thumbprints[start : start + 20] for start in range(0, len(thumbprints), 20)]
    return (
        section("automatic roots", automatic),
        *(section("certificates", *stores, parts=portion) for portion in portions),
    )


def _clients(signs: Signs) -> tuple[Section, ...]:
    """Signs of mail clients in the machine's registry, where their programs are, and who has a profile."""
    groups = sign_groups(signs, "machine", "CL")
    path = frozenset({"profileimagepath"})
    profiles = Query("PRF", rf"{_NT}\ProfileList", recursive=True, filters=_NO_NUMBERS, names=path)
    hives = Query(HIVES_CODE, "HKU", keys_only=True)
    folders = Query("APP", rf"{_WINDOWS}\App Paths\{{part}}", "Path")
    return (
        *((Section("mail clients", groups),) if groups else ()),
        *((section("programs", folders, parts=signs.programs),) if signs.programs else ()),
        section("profiles", profiles, hives),
    )


def _users(signs: Signs) -> tuple[Section, ...]:
    settings = rf"{_USER}\{_INTERNET}"
    policy = rf"HKU\{{user}}\Software\Policies\Microsoft\{_INTERNET}"
    profiles = rf"{_USER}\{{part}}\Profiles"
    internet = (
        Query("UIS", settings, filters=VALUES, values_only=True),
        Query("UIP", policy, filters=VALUES, values_only=True),
        Query("UIC", rf"{settings}\Connections"),
    )
    outlook = (
        Query(OUTLOOK_CODE, profiles, recursive=True, filters=(NO_SECRETS, NAMED)),
        # A key with that word in its path loses its headers above: then nothing of the profiles may be believed.
        Query(HIDDEN_CODE, profiles, recursive=True, filters=(*KEYS, 'find /i "password"'), keys_only=True),
    )
    express = (
        Query("UOE", rf"{_USER}\Internet Account Manager", recursive=True, filters=(NO_SECRETS,)),
        Query("UID", r"HKU\{user}\Identities", recursive=True, filters=(NO_SECRETS, 'find /v "REG_BINARY"')),
    )
    store = Query("UWM", rf"{_USER}\{{part}}", "Store Root")
    mail = (
        Group(express),
        Group(outlook, OUTLOOK),
        Group((store,), ("Windows Mail", "Windows Live Mail")),
        *sign_groups(signs, "user", "UC"),
    )
    return (Section("internet", (Group(internet),), per_user=True), Section("mail", mail, per_user=True))


def _files(signs: Signs) -> Section:
    """File versions on Vista to 8.1, where they are the best proof of an update and wmic is sure to be there."""
    names = " or ".join("name='c:\\\\windows\\\\" + name.replace("\\", "\\\\") + "'" for name in file_names(signs))
    wmic = f'wmic datafile where "{names}" get Name,Version'
    return section("files", Query(FILE_VERSIONS, command=f'ver|find " 6."&(if not errorlevel 1 ({wmic}))'))
