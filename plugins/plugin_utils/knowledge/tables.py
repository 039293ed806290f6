# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shapes of the knowledge tables. The facts themselves are in the YAML and JSON files beside this one.

What every row has is in ``rows``.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge import account_rows, error_rows, install_rows
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.rows import Changeable, Row


@dataclass(frozen=True, slots=True, kw_only=True)
class OsRelease(Row):
    """One release of Windows, at one service pack.

    ``version``: NT version, "major.minor". ``builds``: inclusive range. ``product``: "client", "server" or "any"
    (from ProductType; XP x64 and Server 2003 share a version and are told apart by it).
    ``service_packs``: the service packs (0: none) that this row is about; None where the OS has none to tell apart.
    ``architectures``: subset of x86, amd64, arm64. ``posready``: needs ``WPA\\PosReady`` Installed=1 and nothing else
    that says plain XP. ``supported``: False for old service packs: they are recognised, and the remedy is the newer one
    (``upgrade_to``, an OS id). ``outbound_firewall``: whether the built-in firewall can filter outbound traffic.
    ``sends_sni``, ``has_ecc``: of its SCHANNEL client. ``suites``: name of a list in cipher_suites.
    """

    id: str
    name: str
    product: t.Literal["client", "server", "any"]
    version: str
    builds: tuple[int, int]
    service_packs: tuple[int, ...] | None
    architectures: tuple[str, ...]
    posready: bool
    supported: bool
    upgrade_to: str | None
    outbound_firewall: bool
    sends_sni: bool
    has_ecc: bool
    suites: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolDefault:
    """What SCHANNEL's client does when no value is in the registry. ``supported`` False: never, whatever is set."""

    supported: bool
    enabled: bool = False
    disabled_by_default: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SchannelDefaults(Row):
    """SCHANNEL client defaults of some OS releases.

    ``after``: id of the update that must be in for this row, or None for the OS as shipped. The row with ``after`` wins
    over the row without once the update (or what supersedes it) is in. ``protocols``: by SCHANNEL key name
    ("SSL 2.0" ... "TLS 1.3"), all six.
    """

    id: str
    os: tuple[str, ...]
    after: str | None
    protocols: Mapping[str, ProtocolDefault]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentDefaults(Row):
    """Default protocol mask of WinHTTP or WinINET on some OS releases.

    ``after`` as in SchannelDefaults. ``honours_registry``: whether DefaultSecureProtocols / SecureProtocols is read at
    all in this state (Windows 7's WinHTTP reads it only after KB3140245).
    """

    id: str
    component: t.Literal["winhttp", "wininet"]
    os: tuple[str, ...]
    after: str | None
    mask: int
    honours_registry: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryPath(Row):
    """A place in the registry that is read or written.

    ``key`` starts with HKLM or, where ``per_user``, is relative to the user's hive. ``value``: None for the key itself.
    ``type``: registry type of the value. ``view``: "native" (a Wow6432Node twin exists for 32-bit programs),
    "wow6432" (this is that twin) or "shared" (no redirection).
    """

    id: str
    key: str
    value: str | None
    type: str | None
    view: t.Literal["native", "wow6432", "shared"]
    per_user: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One way to prove an update. The best proof stands first in the update's list.

    kind "file_version": ``name`` is a path below %SystemRoot% (``system32\\winhttp.dll``), ``at_least`` the version;
    "filelist": XP's own record, a file name in ``Updates\\...\\<KB>\\Filelist`` at that version;
    "hotfix": a key named after the KB (``name``; suffixes -vN allowed, -IE8 is part of it) in the families of XP/2003;
    "package": a CBS package ``Package_for_<name>``;
    "rollup": ``Package_for_RollupFix`` of at least version ``at_least`` ("7601.23403");
    "ubr": ``CurrentBuild.UBR`` at least ``at_least`` ("17763.3469") on that same build;
    "dword": registry value ``name`` (``key|value``) equals ``at_least``.
    ``os``: OS ids this way is valid on; empty: all of the update's.
    """

    kind: t.Literal["file_version", "filelist", "hotfix", "package", "rollup", "ubr", "dword"]
    name: str
    at_least: str | None = None
    os: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """The file that installs an update. ``sha256``, ``sha1``, ``size`` (bytes): None where no source gives them."""

    file: str
    os: tuple[str, ...]
    architecture: str
    language: str | None = None
    sha1: str | None = None
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(Row):
    """One update package.

    ``enables``: capabilities, from the fixed list in updates.yml (``schannel-tls12``, ``winhttp-mask`` ...).
    ``order``: smaller first. ``requires``: ids of updates that must be in before; ``prerequisites``: registry or
    service-pack conditions, as names: "posready", "ie8", "sp2", "sp3", "sha2". ``superseded_by``: ids of updates that
    carry the same or newer files. ``registry_after``: ids of RegistryPaths that still have to be set afterwards.
    ``offered``: False where the row only exists to detect it, and it is never planned. ``after_reboot_of``: those of
    ``requires`` that must be in force, after a reboot, before this one is run.
    """

    id: str
    title: str
    os: tuple[str, ...]
    enables: tuple[str, ...]
    order: int
    requires: tuple[str, ...]
    prerequisites: tuple[str, ...]
    detect: tuple[Detection, ...]
    superseded_by: tuple[str, ...]
    registry_after: tuple[str, ...]
    packages: tuple[Package, ...]
    offered: bool
    notes: str
    after_reboot_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDetection:
    """One sign that a client is installed: a key exists, or a value exists there (and starts with ``prefix``).

    ``scope``: "machine" (key starts with HKLM) or "user" (relative to the hive). ``view32``: also look in the
    Wow6432Node twin.
    """

    scope: t.Literal["machine", "user"]
    key: str
    value: str | None = None
    prefix: str | None = None
    view32: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MailClient(Row):
    """One mail client.

    ``stacks``: which TLS stack it uses for smtp, imap, pop3 and http: "schannel", "winhttp", "wininet", "nss",
    "openssl", "webview2" or "none". ``oauth``: whether it can OAuth 2.0 for IMAP/POP/SMTP accounts of its own.
    ``account_store``: how accounts are kept ("outlook", "outlook-express", "oeaccount", "none" where we cannot read
    them). ``account_version``: registry version ("14.0"), for Outlook. ``program``: file name, for firewall rules.
    ``starttls_ports``: for clients that know only "secure: yes/no", the SMTP ports on which that means STARTTLS;
    ``starttls_unknown_ports``: ports on which nobody knows.
    """

    id: str
    name: str
    detect: tuple[ClientDetection, ...]
    program: str
    stacks: Mapping[str, str]
    oauth: bool
    account_store: str
    account_version: str | None
    starttls_ports: tuple[int, ...] | None
    starttls_unknown_ports: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider(Row):
    """A large mail provider. ``hosts``: host names or, with a leading dot, suffixes. ``auth``: protocol → accepted
    methods out of password, app_password, oauth2. ``tls``: protocol versions accepted, where a source says so.
    """

    id: str
    name: str
    hosts: tuple[str, ...]
    auth: Mapping[str, tuple[str, ...]]
    tls: tuple[str, ...] | None
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CipherSuite:
    """One suite as a client offers it: IANA name (no curve suffix), and the protocol versions it is offered with.

    ``after``: the update without which this suite is not there, or None.
    """

    name: str
    protocols: tuple[str, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteList(Row):
    """The suites a SCHANNEL client offers by default, best first."""

    id: str
    suites: tuple[CipherSuite, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port(Row):
    """A mail port: its protocol and the security that belongs to it ("implicit", "starttls": also used in clear)."""

    port: int
    protocol: str
    security: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Row):
    """A named policy. ``schannel``, ``winhttp``, ``wininet``: protocol name → "on", "off", "leave" or
    "on_where_shipped_off" (on only where the OS ships it off by default, else left as it is).
    ``keep_explicit_off``: protocols whose ``Enabled=0``, set by an administrator, is kept.
    ``suites``: "leave" or "modern". ``assumed_server_tls``: what a server accepts that nobody described or probed.
    """

    id: str
    title: str
    schannel: Mapping[str, str]
    winhttp: Mapping[str, str]
    wininet: Mapping[str, str]
    dotnet: str
    suites: str
    modern_suites: tuple[str, ...]
    keep_explicit_off: tuple[str, ...]
    assumed_server_tls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Row):
    """One check of the catalogue: what a finding of that id is about. ``why``, ``fix``: one sentence each."""

    id: str
    family: str
    title: str
    severity: str
    why: str
    fix: str


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All tables, checked. Mappings keep the order of the files."""

    releases: Mapping[str, OsRelease]
    schannel: tuple[SchannelDefaults, ...]
    components: tuple[ComponentDefaults, ...]
    registry: Mapping[str, RegistryPath]
    updates: Mapping[str, Update]
    clients: Mapping[str, MailClient]
    providers: Mapping[str, Provider]
    suites: Mapping[str, SuiteList]
    ports: Mapping[int, Port]
    policies: Mapping[str, Policy]
    checks: Mapping[str, Check]
    changeable: Mapping[str, Changeable]
    account_stores: Mapping[str, account_rows.AccountStore]
    installers: Mapping[str, install_rows.Installer]
    install_codes: Mapping[str, install_rows.InstallCode]
    languages: Mapping[str, install_rows.Language]
    error_codes: Mapping[str, error_rows.ErrorCode]
