# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading whole hosts: honest ones of every kind, and those that lie, break off or are no Windows."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryKey,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import FileVersion
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from tests.lab.entry import Profile
from tests.unit.plugin_utils.remote.stand_ins import (
    MAIL,
    NT,
    THUMBPRINTS,
    USER,
    SimulatedShell,
    data,
    entry,
    plan,
    reg,
    region,
    same_or_unread,
    token_of,
)

OUTLOOK = rf"HKU\{USER}\Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles"
SCHANNEL = r"HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL"
PLAN = plan()
TRUTH = collect(SimulatedShell(entry("win7-sp1")), PLAN)


@pytest.mark.parametrize(
    ("os", "build", "lines"),
    [("xp-sp3", "2600", 1), ("win7-sp1", "7601", 1), ("win10-1709", "16299", 1), ("server-2025", "26100", 1)],
)
@pytest.mark.parametrize("language", ["en", "de", "ru", "ja"])
def test_an_honest_host_is_read_as_a_whole(os: str, build: str, lines: int, language: str) -> None:
    shell = SimulatedShell(entry(os, language=language))
    snapshot = collect(shell, PLAN)
    assert snapshot.unread == ()
    assert len(shell.lines) == lines
    assert data(snapshot, NT, "CurrentBuildNumber") == build
    assert isinstance(snapshot.ver, str)
    assert build in snapshot.ver
    assert isinstance(snapshot.environment, dict)
    assert snapshot.environment["PROCESSOR_ARCHITECTURE"]
    assert snapshot.codepage == shell.host.codepage
    assert snapshot.users
    assert [user.sid for user in snapshot.users] == [USER]  # type: ignore[union-attr]
    assert snapshot.writes == ()
    assert data(snapshot, rf"{SCHANNEL}\Protocols\TLS 1.2\Client", "Enabled") is ABSENT
    for thumbprint in THUMBPRINTS:
        place = rf"HKLM\SOFTWARE\Microsoft\SystemCertificates\Root\Certificates\{thumbprint}"
        assert snapshot.image.key(place) is ABSENT


def test_versions_of_files_are_read_where_wmic_is_known_to_be() -> None:
    files = TRUTH.files
    assert isinstance(files, dict)
    assert files[r"system32\schannel.dll"] == FileVersion((6, 1, 7601, 17514))
    old = collect(SimulatedShell(entry("xp-sp3")), PLAN).files
    assert old == Unread("file versions are only read on Vista to 8.1")


def test_a_file_that_wmic_does_not_name_is_absent_and_no_answer_is_unread() -> None:
    gone = collect(SimulatedShell(entry("win7-sp1", files={r"system32\winhttp.dll": "absent"})), PLAN)
    assert isinstance(gone.files, dict)
    assert gone.files[r"system32\winhttp.dll"] is ABSENT
    without = collect(SimulatedShell(entry("win7-sp1", missing=("wmic",))), PLAN)
    assert isinstance(without.files, Unread)
    assert "wmic did not answer" in without.files.why
    assert without.unread == (("file versions", without.files.why),)


def test_what_is_denied_is_unread_and_gathered_for_people() -> None:
    snapshot = collect(SimulatedShell(entry(unreadable=(r"HKLM\SOFTWARE",), readable=(NT,))), PLAN)
    policy = r"HKLM\SOFTWARE\Policies\Microsoft\WindowsFirewall"
    for key in (
        rf"{policy}\DomainProfile",
        rf"{policy}\FirewallRules",
        r"HKLM\SOFTWARE\Microsoft\.NETFramework\v4.0.30319",
    ):
        assert snapshot.image.key(key) == Unread("ERROR: Access is denied.")
    assert data(snapshot, NT, "CurrentBuildNumber") == "16299"
    ((what, why),) = snapshot.unread
    assert what.endswith("keys below HKLM\\SOFTWARE, such as " + what.partition("such as ")[2])
    assert why == "ERROR: Access is denied."


def test_a_hive_of_a_user_that_is_denied_is_unread() -> None:
    snapshot = collect(SimulatedShell(entry(unreadable=(rf"HKU\{USER}\Software",))), PLAN)
    assert isinstance(snapshot.image.below(MAIL), Unread)
    assert isinstance(
        data(snapshot, rf"HKU\{USER}\Software\Microsoft\Windows\CurrentVersion\Internet Settings", "x"), Unread
    )


def test_a_32_bit_process_sees_another_software_but_the_same_policies() -> None:
    shell = SimulatedShell(entry(environment={"PROCESSOR_ARCHITECTURE": "x86", "PROCESSOR_ARCHITEW6432": "AMD64"}))
    snapshot = collect(shell, PLAN)
    why = "the connection's shell is a 32-bit process and sees another view of this key"
    assert data(snapshot, NT, "CurrentBuildNumber") == Unread(why)
    assert (
        data(snapshot, r"HKLM\SOFTWARE\Policies\Microsoft\SystemCertificates\AuthRoot", "DisableRootAutoUpdate")
        is ABSENT
    )
    wow = r"HKLM\SOFTWARE\Wow6432Node\Microsoft\Windows\CurrentVersion\Internet Settings\WinHttp"
    assert not isinstance(data(snapshot, wow, "DefaultSecureProtocols"), Unread)
    assert isinstance(snapshot.image.below(rf"{NT}\ProfileList"), tuple)


def test_states_of_packages_are_asked_for_by_name_below_windows_10(tmp_path: Path) -> None:
    name, other = (f"Package_for_{kb}~31bf3856ad364e35~amd64~~6.1.1.1" for kb in ("KB3140245", "KB999"))
    packages = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages"
    text = f'[HKEY_LOCAL_MACHINE{packages[4:]}\\{name}]\n"CurrentState"=dword:00000070\n'
    text += f'[HKEY_LOCAL_MACHINE{packages[4:]}\\{other}]\n"CurrentState"=dword:00000040\n'
    shell = SimulatedShell(entry("win7-sp1", registry=(reg(tmp_path, text),)))
    snapshot = collect(shell, PLAN)
    key = snapshot.image.key(packages)
    assert isinstance(key, RegistryKey)
    assert key.subkeys == (name,)
    assert data(snapshot, rf"{packages}\{name}", "CurrentState") == 0x70
    assert len(shell.lines) == 2
    assert snapshot.image.key(rf"{packages}\{other}") == Unread("was not asked for")
    modern = SimulatedShell(entry("win10-1709", registry=(reg(tmp_path, text),)))
    collect(modern, PLAN)
    assert len(modern.lines) == 1


def test_users_who_are_not_logged_on_are_named() -> None:
    sid = "S-1-5-21-1-2-3-1002"
    hive = {r"C:\Users\bob\NTUSER.DAT": Profile((), sid)}
    snapshot = collect(SimulatedShell(entry(profiles=hive)), PLAN)
    why = "is not logged on; the settings of such users are read with profiles: all"
    assert snapshot.unread == ((rf"user {sid} (C:\Users\bob)", why),)
    assert snapshot.writes == ()


OUTLOOK_REG = r"""
[{root}\{profile}]
"001f3001"=hex:41,00,42,00
[{root}\{profile}\9375CFF0413111d3B88A00104B2A6676\00000001]
"clsid"="{{ED475411-B0D6-11D2-8C3B-00104B2A6676}}"
"POP3 Server"="10.0.0.5"
"POP3 Password"=hex:01,d0,8c,9d
"SMTP Server"="01mail.example.org"
"SMTP Secure Connection"=dword:00000000
"01020fff"=hex:00
""".replace(
    "{root}",
    r"HKEY_CURRENT_USER\Software\Microsoft\Windows NT\CurrentVersion\Windows Messaging Subsystem\Profiles",
)


def test_accounts_come_without_passwords_and_without_mapi_noise(tmp_path: Path) -> None:
    shell = SimulatedShell(entry("win7-sp1", registry=(reg(tmp_path, OUTLOOK_REG.format(profile="Outlook")),)))
    snapshot = collect(shell, PLAN)
    account = rf"{OUTLOOK}\Outlook\9375CFF0413111d3B88A00104B2A6676\00000001"
    assert data(snapshot, account, "POP3 Server") == "10.0.0.5"
    assert data(snapshot, account, "SMTP Server") == "01mail.example.org"
    assert data(snapshot, account, "SMTP Secure Connection") == 0
    key = snapshot.image.key(account)
    assert isinstance(key, RegistryKey)
    assert [value.name for value in key.values] == ["clsid", "POP3 Server", "SMTP Server", "SMTP Secure Connection"]
    assert b"01D08C9D" not in shell.answers[0]
    assert b"0102" not in shell.answers[0]


def test_profiles_with_the_word_password_in_a_path_are_unread_and_not_mixed_up(tmp_path: Path) -> None:
    other = OUTLOOK_REG.format(profile="new password").replace('"POP3 Server"', '"IMAP Server"').splitlines()
    text = OUTLOOK_REG.format(profile="A") + "\n".join(line for line in other if "IMAP" in line or line.startswith("["))
    snapshot = collect(SimulatedShell(entry("win7-sp1", registry=(reg(tmp_path, text),))), PLAN)
    found = region(snapshot, OUTLOOK).keys
    assert isinstance(found, Unread)
    assert '"password" in its path' in found.why
    assert isinstance(snapshot.image.below(MAIL), tuple) or snapshot.image.below(MAIL) is ABSENT


def test_the_answer_is_decoded_by_the_code_page_that_the_host_names(tmp_path: Path) -> None:
    text = (
        '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\W32Time\\Parameters]\n"NtpServer"="表示.example"\n'
    )
    overlay = (reg(tmp_path, text),)
    shell = SimulatedShell(entry("win7-sp1", language="ja", registry=overlay))
    key = r"HKLM\SYSTEM\CurrentControlSet\Services\W32Time\Parameters"
    assert data(collect(shell, PLAN), key, "NtpServer") == "表示.example"
    foreign = collect(SimulatedShell(entry("win7-sp1", language="ja", registry=overlay), codepage=437), PLAN)
    assert data(foreign, key, "NtpServer") == "??.example"
    why = "the shell used code page 437, the host's own is 932 (ansible_winrs_codepage: 932)"
    assert foreign.unread == (("letters outside the code page", why),)


def test_an_unknown_code_page_is_said() -> None:
    strange = SimulatedShell(
        entry("win7-sp1"), twist=lambda answer, _t: answer.replace(b"code page: 437", b"code page: 9999")
    )
    snapshot = collect(strange, PLAN)
    assert snapshot.codepage == 9999
    assert ("text that is not ASCII", "the host uses code page 9999, unknown here") in snapshot.unread
    assert data(snapshot, NT, "CurrentBuildNumber") == "7601"


class Breaking:
    """A shell that goes away after so many lines."""

    def __init__(self, shell: SimulatedShell, lines: int) -> None:
        self.shell, self.lines = shell, lines
        self.limit = shell.limit

    def run(self, line: str) -> Output:
        """Run it, or fail."""
        if self.lines == 0:
            raise ShellError("the connection was lost", unreachable=True)
        self.lines -= 1
        return self.shell.run(line)


def test_a_host_that_goes_away_later_leaves_the_rest_unread() -> None:
    shell = Breaking(SimulatedShell(entry("win7-sp1"), limit=2900), 2)
    snapshot = collect(shell, PLAN)
    assert data(snapshot, NT, "CurrentBuildNumber") == "7601"
    assert same_or_unread(snapshot, TRUTH)
    assert any("the connection was lost" in why for _what, why in snapshot.unread)
    with pytest.raises(ShellError) as failure:
        collect(Breaking(SimulatedShell(entry("win7-sp1")), 0), PLAN)
    assert failure.value.unreachable


def test_narrow_and_wide_lines_read_the_same() -> None:
    narrow = collect(SimulatedShell(entry("win7-sp1"), limit=2900), PLAN)
    assert narrow.image == TRUTH.image
    assert (narrow.users, narrow.files, narrow.unread) == (TRUTH.users, TRUTH.files, TRUTH.unread)


def test_why_an_answer_was_cut_is_said() -> None:
    class Slow(SimulatedShell):
        def run(self, line: str) -> Output:
            output = super().run(line)
            return Output(258, output.out[:9000], b"", "took more than 300 seconds")

    snapshot = collect(Slow(entry("win7-sp1")), PLAN)
    assert snapshot.unread[0] == ("the end of an answer", "took more than 300 seconds")


def test_a_host_that_answered_nothing_in_time_is_unreachable() -> None:
    class Silent(SimulatedShell):
        def run(self, line: str) -> Output:
            return Output(258, b"", b"", "the command took more than 300 seconds and was terminated.")

    with pytest.raises(ShellError, match=r"^the command took more than 300 seconds") as failure:
        collect(Silent(entry("win7-sp1")), PLAN)
    assert failure.value.unreachable


def test_each_line_has_a_token_of_its_own() -> None:
    shell = SimulatedShell(entry("win7-sp1"), limit=2900)
    collect(shell, PLAN)
    assert len({token_of(line) for line in shell.lines}) == len(shell.lines) > 1


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("os", "file"), [("win10-1709", "win10-1709-office16.reg"), ("win7-sp1", "win7sp1-shieldbase.reg")]
)
def test_real_registries_stay_within_the_budget(realdata: Path, os: str, file: str) -> None:
    denied: dict[str, t.Any] = {"unreadable": (r"HKLM\SOFTWARE",), "readable": (NT,)}
    arch = "x86" if os == "win7-sp1" else "amd64"
    shell = SimulatedShell(entry(os, arch=arch, registry=(realdata / "hosts" / file,), **denied))
    snapshot = collect(shell, PLAN)
    # That of Windows 7 names a store of Windows Mail, and whether there is the program could not be read.
    assert len(shell.lines) == {"win10-1709": 1, "win7-sp1": 2}[os]
    # 120 KB down with base64 and envelopes.
    assert len(shell.answers[0]) < 80_000
    rules = region(
        snapshot, r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy\FirewallRules"
    )
    assert isinstance(rules.keys, dict)
    (key,) = rules.keys.values()
    assert len(key.values) == {"win10-1709": 109, "win7-sp1": 55}[os]
    assert all("|Dir=Out|" in str(value.data) and "|Active=TRUE|" in str(value.data) for value in key.values)
    assert b"Password" not in shell.answers[0]
