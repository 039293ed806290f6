# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts that are files: read, sent through a relay, put back to the byte, on simulated hosts."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.gather import context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import AuditOptions
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.outcome import audit
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_ends import relay_ends
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.runs import Fixed
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.collect import collect
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.commands import sections
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.exchange import Exchange
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.fixing import fix
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.runs import Terms, Visit
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.shell import Output, ShellError
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.stage import new_folder
from ansible_collections.mailfleet.client.plugins.plugin_utils.remote.update_reading import update_reading
from ansible_collections.mailfleet.client.plugins.plugin_utils.report.runs import fixed
from tests.support.hosts import KNOWLEDGE, TODAY
from tests.support.lab_shell import _READING, Bench, LabShell, consents
from tests.support.live_mail import FILE, PASSWORD, STORE, account, element, put, registry

RELAYS = relay_ends(
    [
        {"server": "pop.example.com", "port": 995, "protocol": "pop3", "host": "10.0.7.2"}
        | {"listen_port": 1110, "security": "none"},
        {"server": "smtp.example.com", "port": 465, "protocol": "smtp", "host": "10.0.7.2"}
        | {"listen_port": 1025, "security": "none"},
    ]
)
CONSENT = consents("cleartext_leg")


def bench(folder: Path, content: bytes | None = None, **more: object) -> Bench:
    """Windows 7 with an account of Windows Live Mail."""
    host = Bench(folder, os="win7-sp1", registry=[registry(folder)], **more)
    put(host.host.files, account() if content is None else content)
    return host


def seen(host: Bench) -> Context:
    return context(KNOWLEDGE, AuditOptions(today=TODAY), collect(LabShell(host.host), _READING))


def repoint(host: Bench, terms: Terms = CONSENT, relays: tuple[RelayEnd, ...] = RELAYS) -> Fixed:
    options = AuditOptions(today=TODAY, only=frozenset({"accounts"}))
    return fix(
        Visit(LabShell(host.host), KNOWLEDGE, options, update_reading(KNOWLEDGE), host.desk(), terms), relays=relays
    )


def content(host: Bench) -> bytes:
    return bytes(host.host.files.read(FILE))


def names(host: Bench) -> list[str]:
    """What stands in the folder of the account."""
    folder = host.host.files.find(FILE.rpartition("\\")[0])
    return sorted(folder.entries)


# --- reading -----------------------------------------------------------------------------------------------------


def test_an_account_is_read(tmp_path: Path) -> None:
    ctx = seen(bench(tmp_path))
    assert ctx.accounts_unread == ()
    pop3, smtp = ctx.accounts
    assert (pop3.kind, pop3.server, pop3.port, pop3.security) == (
        "oeaccount",
        "pop.example.com",
        995,
        Security.IMPLICIT,
    )
    assert (smtp.server, smtp.port, smtp.security, smtp.email) == (
        "smtp.example.com",
        465,
        Security.IMPLICIT,
        "till@example.com",
    )
    assert pop3.key.endswith(FILE)
    read = [finding for finding in audit(ctx).findings if finding.id == "accounts.read"]
    assert [finding.state.value for finding in read] == ["pass"]
    assert {finding.where for finding in audit(ctx).findings if finding.id == "accounts.auth"} == {FILE}
    assert "d08c9ddf" not in repr(ctx)


class Listening(LabShell):
    """Keeps what the host answered."""

    said = b""

    def run(self, line: str) -> Output:
        output = super().run(line)
        self.said += output.out + output.err
        return output


def test_passwords_do_not_leave_the_host(tmp_path: Path) -> None:
    shell = Listening(bench(tmp_path).host)
    collect(shell, _READING)
    assert b"pop.example.com" in shell.said
    assert b"d08c9ddf" not in shell.said


def test_hosts_without_such_a_store_are_asked_nothing_more(tmp_path: Path) -> None:
    lines = []
    for registries in ([], [registry(tmp_path)]):
        host = Bench(tmp_path, os="win7-sp1", registry=registries)
        shell = LabShell(host.host)
        collect(shell, _READING)
        lines.append(shell.lines)
    assert all("dir /" not in line and "oeaccount" not in line for line in lines[0])
    assert len(lines[1]) == len(lines[0]) + 1


def test_without_the_program_its_store_is_not_looked_at(tmp_path: Path) -> None:
    """Windows 7 names a store of Windows Mail for everybody."""
    text = (tmp_path / registry(tmp_path)).read_text("utf-16").replace("Windows Live Mail", "Windows Mail")
    shells = []
    for number, body in enumerate(
        (text, text.replace(r"SOFTWARE\Microsoft\Windows Mail", r"SOFTWARE\Clients\Mail\Windows Mail"))
    ):
        (tmp_path / f"{number}.reg").write_bytes(b"\xff\xfe" + body.encode("utf-16-le"))
        shell = LabShell(Bench(tmp_path, os="win7-sp1", registry=[f"{number}.reg"]).host)
        collect(shell, _READING)
        shells.append(shell)
    assert ["oeaccount" in "".join(shell.lines) for shell in shells] == [False, True]


UNREAD = [
    pytest.param(FILE, b"", "not an account file", id="empty"),
    pytest.param(FILE, account()[:400], "not an account file", id="cut-off"),
    pytest.param(FILE, b"\xff\xfe" + b"x\0" * 200_000, "not an account file", id="large"),
    pytest.param(FILE, account().replace(b"P\0O\0P\x003\0_\0S\0e", b"S\0M\0T\0P\0_\0S\0e", 1), "not an acc", id="torn"),
    pytest.param(
        FILE, account(more=element("SMTP_Port", "DWORD", "19")), "ambiguous: SMTP Port stands in it twice", id="twice"
    ),
    pytest.param(rf"{STORE}\a%b%c\account{{1}}.oeaccount", account(), "may not stand in a command", id="percent"),
    pytest.param(rf"{STORE}\a&b\account{{1}}.oeaccount", account(), "may not stand in a command", id="ampersand"),
    pytest.param(rf"{STORE}\{{part}}\account{{1}}.oeaccount", account(), "may not stand in a command", id="taken"),
    pytest.param(rf"{STORE}\account{{1 (2)}}.oeaccount", account(), "is not named as an account's", id="copy"),
]


@pytest.mark.parametrize(("path", "data", "why"), UNREAD)
def test_what_cannot_be_read_is_named(tmp_path: Path, path: str, data: bytes, why: str) -> None:
    host = Bench(tmp_path, os="win7-sp1", registry=[registry(tmp_path)])
    put(host.host.files, data, path)
    ctx = seen(host)
    assert ctx.accounts == ()
    ((what, said),) = ctx.accounts_unread
    assert why in said
    assert path.casefold() in what.casefold()
    findings = [finding for finding in audit(ctx).findings if finding.id == "accounts.read"]
    assert [finding.state.value for finding in findings] == ["unknown"]
    assert any(path.casefold() in what.casefold() for what, _why in ctx.snapshot.unread)


def test_a_store_that_shows_nothing_is_unread(tmp_path: Path) -> None:
    host = Bench(tmp_path, os="win7-sp1", registry=[registry(tmp_path)])
    host.host.files.make(STORE)
    assert [why for _what, why in seen(host).accounts_unread] == ["it cannot be listed"]


def test_a_store_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    host = Bench(tmp_path, os="win7-sp1", registry=[registry(tmp_path)])
    host.host.files.make(STORE.rpartition("\\")[0] + "\\Windows")
    ctx = seen(host)
    assert (ctx.accounts, ctx.accounts_unread) == ((), ())


# --- changing ----------------------------------------------------------------------------------------------------


def test_it_goes_to_the_relay_and_back(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before, registries, there = content(host), host.registry(), names(host)
    done = repoint(host)
    assert (done.failed, done.left, done.withheld) == ((), (), ())
    wanted = before
    for name, old, new in (
        ("POP3_Server", "pop.example.com", "10.0.7.2"),
        ("POP3_Port", "000003E3", "00000456"),
        ("POP3_Secure_Connection", "00000001", "00000000"),
        ("SMTP_Server", "smtp.example.com", "10.0.7.2"),
        ("SMTP_Port", "000001d1", "00000401"),
        ("SMTP_Secure_Connection", "00000001", "00000000"),
    ):
        sides = [f">{text}</{name}>".encode("utf-16-le") for text in (old, new)]
        assert wanted.count(sides[0]) == 1
        wanted = wanted.replace(*sides)
    assert content(host) == wanted
    assert names(host) == there
    assert "d08c9ddf" not in repr(done)
    assert PASSWORD not in "".join(path.read_text() for path in tmp_path.rglob("*.json"))
    assert repoint(host).steps == ()
    undone = host.roll_back()
    assert (undone.failed, undone.undo.refused) == ((), ())
    assert content(host) == before
    assert (host.registry(), names(host)) == (registries, there)


def test_check_mode_changes_nothing(tmp_path: Path) -> None:
    host = bench(tmp_path)
    before = content(host)
    foreseen = repoint(host, consents("cleartext_leg", check=True))
    assert content(host) == before
    assert fixed(repoint(host))["changes"] == fixed(foreseen)["changes"] != []


def test_not_while_it_runs(tmp_path: Path) -> None:
    host = bench(tmp_path, running=["wlmail.exe"])
    before = content(host)
    done = repoint(host)
    assert done.steps == ()
    assert "wlmail.exe is running for this user" in done.left[0]
    assert content(host) == before


ODD = [
    pytest.param(account(port="  3e3"), id="blanks"),
    pytest.param(b"\xfe\xff" + account()[2:].decode("utf-16-le").encode("utf-16-be"), id="big-endian"),
    pytest.param(account()[2:].decode("utf-16-le").encode(), id="utf-8"),
    pytest.param(account(more="<!-- <POP3_Port>1</POP3_Port> -->\r\n"), id="comment"),
    pytest.param(
        b"\xff\xfe" + account()[2:].replace(b"p\0o\0p\0.\0", b"&\0#\x001\x001\x002\0;\0o\0p\0.\0"), id="entity"
    ),
]


@pytest.mark.parametrize("data", ODD)
def test_odd_files_are_not_changed(tmp_path: Path, data: bytes) -> None:
    host = bench(tmp_path, data)
    done = repoint(host)
    assert content(host) == data
    assert done.left or done.withheld or done.failed
    assert names(host) == [FILE.rpartition("\\")[2].casefold()]


def test_no_element_is_added(tmp_path: Path) -> None:
    """A port that is not stored is the default one; an account that would need one that is stored is left."""
    data = account().replace(element("POP3_Port", "DWORD", "000003E3").encode("utf-16-le"), b"")
    relay = {"server": "pop.example.com", "port": 110, "protocol": "pop3", "host": "10.0.7.2", "security": "none"}
    for port, changed in ((1110, False), (110, True)):
        host = bench(tmp_path, data)
        done = repoint(host, relays=relay_ends([relay | {"listen_port": port}]))
        assert (content(host) != data) is changed
        assert bool(done.withheld) is not changed


def test_a_change_between_reading_and_writing_is_not_overwritten(tmp_path: Path) -> None:
    """The script itself looks: the file is another one than a moment before."""
    steps = repoint(bench(tmp_path), consents("cleartext_leg", check=True)).steps
    other = account(port="000003e2")
    host = bench(tmp_path, other)
    Exchange(LabShell(host.host)).run(sections(steps, new_folder()))
    assert content(host) == other
    assert names(host) == [FILE.rpartition("\\")[2].casefold()]


@pytest.mark.parametrize("cut", range(1, 40))
def test_power_cuts_leave_the_old_file_or_the_new_one(tmp_path: Path, cut: int) -> None:
    steps = repoint(bench(tmp_path), consents("cleartext_leg", check=True)).steps
    host = bench(tmp_path)
    whole = bench(tmp_path)
    Exchange(LabShell(whole.host)).run(sections(steps, new_folder()))
    with contextlib.suppress(ShellError):
        Exchange(LabShell(host.host, cut_at=cut)).run(sections(steps, new_folder()))
    assert content(host) in (account(), content(whole))
    assert content(whole) != account()


def test_drift_is_refused(tmp_path: Path) -> None:
    host = bench(tmp_path)
    repoint(host)
    drifted = content(host).replace(">00000456<".encode("utf-16-le"), ">00000457<".encode("utf-16-le"))
    put(host.host.files, drifted)
    undone = host.roll_back()
    assert undone.undo.steps == ()
    assert any("has changed since run" in why for why in undone.undo.refused)
    assert content(host) == drifted
