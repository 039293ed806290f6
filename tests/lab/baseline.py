# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The registry of a freshly installed Windows, as far as an audit of mail clients reads it."""

from __future__ import annotations

import functools
import typing as t

from . import firewall_baseline, power
from .regfile import REG_BINARY, REG_EXPAND_SZ, REG_MULTI_SZ
from .registry import Key, Registry
from .systems import System
from .words import Words

_CV: t.Final = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion"
_CONTROL: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Control"
_SERVICES: t.Final = r"HKLM\SYSTEM\CurrentControlSet\Services"
_SCHANNEL: t.Final = rf"{_CONTROL}\SecurityProviders\SCHANNEL"
_INTERNET: t.Final = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"

#: How often it was booted, when it was last shut down (seconds since 1970), and an id that each host replaces.
_BOOTS: t.Final = 12
_LAST_SHUTDOWN: t.Final = 1_577_836_800
MACHINE_GUID: t.Final = "00000000-0000-4000-8000-000000000000"

#: WinINET's blob as it ships: version 0x46, counter, flags 9 = direct and automatic detection, no texts, no tail.
_CONNECTIONS: t.Final = bytes.fromhex("46000000 02000000 09000000") + bytes(44)

#: Roots that every Windows has, by thumbprint; the lab's hosts hold the keys, not the certificates.
_ROOTS: t.Final = ("CDD4EEAE6000AC7F40C3802C171E30148030C072", "A43489159A520F0D93D032CCAF37E7FE20A8B419")


def build(system: System, arch: str, words: Words, user: str) -> Registry:
    """A registry of its own; ``user`` is the SID of the one user who is logged on."""
    registry = Registry(user)
    _identity(registry, system, arch, words)
    _security(registry, system)
    _machine_software(registry, system, arch)
    _profiles(registry, system, user)
    _user(registry, f"HKU\\{user}", system)
    for service in (".DEFAULT", "S-1-5-18", "S-1-5-19", "S-1-5-20"):
        _user(registry, f"HKU\\{service}", system, logged_on=False)
    registry.create(f"HKU\\{user}_Classes")
    firewall_baseline.add(registry, system)
    return registry


def _identity(registry: Registry, system: System, arch: str, words: Words) -> None:
    texts = {
        "ProductName": system.product,
        "CurrentVersion": system.cv,
        "CurrentBuildNumber": str(system.build),
        "CurrentBuild": "1.511.1 () (Obsolete data - do not use)" if system.classic else str(system.build),
        "CSDVersion": system.sp,
        "ReleaseId": system.release,
        "DisplayVersion": system.display,
        "InstallationType": system.installation if system.nt >= (6, 1) else "",
        "EditionID": ("ServerStandard" if system.type == "ServerNT" else "Professional") if system.nt >= (6, 1) else "",
        "SystemRoot": r"C:\Windows",
        "PathName": r"C:\Windows",
        "RegisteredOwner": "Fleet",
    }
    for name, text in texts.items():
        if text:
            registry.set_text(_CV, name, text)
    if system.nt >= (6, 3):
        registry.set_number(_CV, "UBR", system.ubr)
    if system.nt >= (10, 0):
        registry.set_number(_CV, "CurrentMajorVersionNumber", 10)
        registry.set_number(_CV, "CurrentMinorVersionNumber", 0)
    registry.set_text(rf"{_CONTROL}\ProductOptions", "ProductType", system.type)
    registry.set_text(rf"{_CONTROL}\Nls\CodePage", "OEMCP", str(words.oem))
    registry.set_text(rf"{_CONTROL}\Nls\CodePage", "ACP", str(words.ansi))
    level = int(system.sp.rpartition(" ")[2] or 0)
    registry.set_number(rf"{_CONTROL}\Windows", "CSDVersion", level << 8)
    registry.set_text(rf"{_CONTROL}\Nls\Language", "InstallLanguage", words.langid)
    registry.set(*power.SHUTDOWN_TIME, REG_BINARY, power.filetime(_LAST_SHUTDOWN))
    registry.set_number(*power.BOOT_ID, _BOOTS)
    registry.set_text(r"HKLM\SOFTWARE\Microsoft\Cryptography", "MachineGuid", MACHINE_GUID)
    environment = rf"{_CONTROL}\Session Manager\Environment"
    registry.set_text(environment, "PROCESSOR_ARCHITECTURE", arch.upper() if arch != "x86" else arch)
    for key in ("ComputerName", "ActiveComputerName"):
        registry.set_text(rf"{_CONTROL}\ComputerName\{key}", "ComputerName", "STANDIN")
    if system.classic:
        _activation(registry, system)


def _activation(registry: Registry, system: System) -> None:
    """Windows Product Activation: on every XP and 2003 [own]; POSReady says there what it is."""
    registry.create(r"HKLM\SYSTEM\WPA")
    if system.id == "posready-2009":
        registry.set_number(r"HKLM\SYSTEM\WPA\PosReady", "Installed", 1)


def _security(registry: Registry, system: System) -> None:
    registry.set_number(_SCHANNEL, "EventLogging", 1)
    for key in ("Ciphers", "CipherSuites", "Hashes", "KeyExchangeAlgorithms", "Protocols"):
        registry.create(rf"{_SCHANNEL}\{key}")
    if system.nt >= (6, 0) and system.build < 14393:
        registry.set_number(rf"{_SCHANNEL}\Protocols\SSL 2.0\Client", "DisabledByDefault", 1)
    if system.classic:
        registry.set_number(rf"{_CONTROL}\Lsa", "FipsAlgorithmPolicy", 0)
        return
    registry.set_number(rf"{_CONTROL}\Lsa\FipsAlgorithmPolicy", "Enabled", 0)
    local = rf"{_CONTROL}\Cryptography\Configuration\Local\SSL\00010002"
    registry.set_text(local, "", "NCRYPT_SCHANNEL_INTERFACE")
    _set_list(registry, local, "Functions", _suites(system))
    if system.nt >= (10, 0):
        _set_list(registry, local, "EccCurves", ("curve25519", "NistP256", "NistP384"))


def _set_list(registry: Registry, path: str, name: str, texts: t.Iterable[str]) -> None:
    registry.set(path, name, REG_MULTI_SZ, ("\0".join(texts) + "\0\0").encode("utf-16-le"))


def _suites(system: System) -> tuple[str, ...]:
    """A short list in that system's spelling: before 10 the names of ECDHE suites carry a curve."""
    if system.nt < (6, 1):
        return (
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA_P256",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        )
    if system.nt < (10, 0):
        return (
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P256",
            "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256_P256",
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA_P256",
            "TLS_RSA_WITH_AES_256_GCM_SHA384",
            "TLS_RSA_WITH_AES_128_CBC_SHA",
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        )
    newer = ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256") if system.build >= 20348 else ()
    return (
        *newer,
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
    )


def _machine_software(registry: Registry, system: System, arch: str) -> None:
    views = ["SOFTWARE"] if arch == "x86" else ["SOFTWARE", r"SOFTWARE\Wow6432Node"]
    for view in views:
        settings = rf"HKLM\{view}\Microsoft\Windows\CurrentVersion\Internet Settings"
        registry.create(rf"{settings}\WinHttp")
        registry.create(rf"{settings}\Connections")
        registry.set_number(rf"HKLM\{view}\Microsoft\.NETFramework", "UseRyuJIT", 1)
        if system.nt >= (6, 2):
            registry.create(rf"HKLM\{view}\Microsoft\.NETFramework\v4.0.30319")
    for store in ("ROOT", "AuthRoot", "Disallowed", "CA"):
        registry.create(rf"HKLM\SOFTWARE\Microsoft\SystemCertificates\{store}\Certificates")
    for thumbprint in _ROOTS:
        blob = b"\x03\0\0\0\x01\0\0\0\x14\0\0\0" + bytes.fromhex(thumbprint)
        registry.set(
            rf"HKLM\SOFTWARE\Microsoft\SystemCertificates\ROOT\Certificates\{thumbprint}", "Blob", REG_BINARY, blob
        )
    registry.create(r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates")
    if system.classic:
        registry.create(r"HKLM\SOFTWARE\Microsoft\Updates")
        registry.create(rf"{_CV}\HotFix")
    else:
        registry.create(r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages")
    registry.set_text(rf"{_SERVICES}\W32Time\Parameters", "Type", "NTP")
    registry.set_text(
        rf"{_SERVICES}\W32Time\Parameters", "NtpServer", "time.windows.com,0x" + ("1" if system.classic else "9")
    )
    registry.set_number(rf"{_SERVICES}\W32Time", "Start", 2 if system.classic else 3)
    registry.create(rf"{_CONTROL}\Session Manager")


def _profiles(registry: Registry, system: System, user: str) -> None:
    listing = rf"{_CV}\ProfileList"
    home = r"%SystemDrive%\Documents and Settings" if system.classic else r"%SystemDrive%\Users"
    registry.set_text(listing, "ProfilesDirectory", home, REG_EXPAND_SZ)
    if system.classic:
        registry.set_text(listing, "DefaultUserProfile", "Default User")
    else:
        registry.set_text(listing, "Default", rf"{home}\Default", REG_EXPAND_SZ)
    service = r"%systemroot%\ServiceProfiles"
    places = {
        "S-1-5-18": r"%systemroot%\system32\config\systemprofile",
        "S-1-5-19": rf"{home}\LocalService" if system.classic else rf"{service}\LocalService",
        "S-1-5-20": rf"{home}\NetworkService" if system.classic else rf"{service}\NetworkService",
    }
    for sid, place in places.items():
        registry.set_text(rf"{listing}\{sid}", "ProfileImagePath", place, REG_EXPAND_SZ)
    registry.set_text(rf"{listing}\{user}", "ProfileImagePath", user_home(system) + r"\mail", REG_EXPAND_SZ)


def user_home(system: System) -> str:
    """The folder of all users' profiles."""
    return r"C:\Documents and Settings" if system.classic else r"C:\Users"


def default_hive_file(system: System) -> str:
    """The hive that new users start with."""
    return user_home(system) + (r"\Default User\NTUSER.DAT" if system.classic else r"\Default\NTUSER.DAT")


@functools.lru_cache(maxsize=64)
def default_hive(system: System) -> Key:
    """What is in that hive. Shared: a registry that mounts it copies before it writes."""
    registry = Registry("default")
    _user(registry, r"HKU\default", system, logged_on=False)
    tree = registry.fork().find(r"HKU\default")
    assert tree is not None
    return tree


def _user(registry: Registry, root: str, system: System, logged_on: bool = True) -> None:
    settings = rf"{root}\{_INTERNET}"
    registry.set_number(settings, "SecureProtocols", system.wininet)
    registry.set_number(settings, "ProxyEnable", 0)
    registry.set_number(settings, "MigrateProxy", 1)
    if logged_on:
        for name in ("DefaultConnectionSettings", "SavedLegacySettings"):
            registry.set(rf"{settings}\Connections", name, REG_BINARY, _CONNECTIONS)
    registry.create(rf"{root}\Software\Policies\Microsoft")
