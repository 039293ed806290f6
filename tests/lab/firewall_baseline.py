# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of a freshly installed Windows: its profiles and a handful of rules in that system's spelling."""

from __future__ import annotations

import typing as t

from .registry import Registry
from .systems import System

_POLICY: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
_SERVICES: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Services"

#: (name, rule without its version): incoming and outgoing, active and not, none of them about mail.
_RULES: t.Final = (
    (
        "CoreNet-DNS-Out-UDP",
        r"Action=Allow|Active=TRUE|Dir=Out|Protocol=17|RPort=53|App=%SystemRoot%\system32\svchost.exe|Svc=dnscache|"
        "Name=@FirewallAPI.dll,-25405|Desc=@FirewallAPI.dll,-25406|EmbedCtxt=@FirewallAPI.dll,-25000|",
    ),
    (
        "CoreNet-GP-Out-TCP",
        r"Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|App=%SystemRoot%\system32\svchost.exe|Svc=gpsvc|"
        "Name=@FirewallAPI.dll,-25403|EmbedCtxt=@FirewallAPI.dll,-25000|",
    ),
    (
        "RemoteAssistance-Out-TCP",
        r"Action=Allow|Active=FALSE|Dir=Out|Protocol=6|Profile=Public|App=%SystemRoot%\system32\msra.exe|"
        "Name=@FirewallAPI.dll,-33007|EmbedCtxt=@FirewallAPI.dll,-33002|",
    ),
    (
        "WINRM-HTTP-In-TCP",
        "Action=Allow|Active=TRUE|Dir=In|Protocol=6|Profile=Domain|Profile=Private|LPort=5985|App=System|"
        "Name=@FirewallAPI.dll,-30253|EmbedCtxt=@FirewallAPI.dll,-30267|",
    ),
    (
        "FPS-SMB-Out-TCP",
        "Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Domain|RPort=445|App=System|"
        "Name=@FirewallAPI.dll,-28515|EmbedCtxt=@FirewallAPI.dll,-28502|",
    ),
)

#: The schema version that rules of a release carry, newest first by build.
_VERSIONS: t.Final = (
    (19041, "v2.30"),
    (17763, "v2.29"),
    (15063, "v2.27"),
    (10240, "v2.24"),
    (9600, "v2.22"),
    (9200, "v2.20"),
    (0, "v2.10"),
)


def rule_version(system: System) -> str:
    """The schema version of that system's own rules; "" for XP and 2003, which have no rules."""
    if system.classic:
        return ""
    if system.nt == (6, 0):
        return "v2.0"
    return next(version for build, version in _VERSIONS if system.build >= build)


def add(registry: Registry, system: System) -> None:
    """XP and 2003 have two profiles and only incoming exceptions; later ones three, and rules."""
    profiles = ("DomainProfile", "StandardProfile") + (() if system.classic else ("PublicProfile",))
    for profile in profiles:
        registry.set_number(rf"{_POLICY}\{profile}", "EnableFirewall", 1)
        registry.set_number(rf"{_POLICY}\{profile}", "DisableNotifications", 0)
    registry.set_number(rf"{_SERVICES}\SharedAccess", "Start", 2 if system.classic else 4)
    if system.classic:
        registry.set_text(
            rf"{_POLICY}\StandardProfile\AuthorizedApplications\List",
            r"%windir%\system32\sessmgr.exe",
            r"%windir%\system32\sessmgr.exe:*:enabled:@xpsp2res.dll,-22019",
        )
        return
    registry.set_number(rf"{_SERVICES}\MpsSvc", "Start", 2)
    version = rule_version(system)
    for name, rule in _RULES:
        registry.set_text(rf"{_POLICY}\FirewallRules", name, f"{version}|{rule}")
    registry.set_text(
        rf"{_POLICY}\RestrictedServices\Static\System",
        "Audiosrv-1",
        r"V2.0|Action=Block|Dir=in|App=%SystemRoot%\system32\svchost.exe|Svc=Audiosrv|Name=Block any traffic|",
    )
