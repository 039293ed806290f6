# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Account files of Windows Mail and Windows Live Mail."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.account_files import file_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import Region, RegistryImage, Unread
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.account_legs import AccountReading, express_dialect
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.oeaccount import KIND, account_file, file_accounts
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.text import decode

HEAD = '<?xml version="1.0" encoding="UTF-16"?>\r\n'
USER = UserHive("S-1-5-21-1", r"HKU\S-1-5-21-1")
FILE = file_key(USER.root, r"C:\Users\a\account{1}.oeaccount")


def element(name: str, kind: str, text: str) -> str:
    return f'<{name} type="{kind}">{text}</{name}>\r\n'


ACCOUNT = "".join(
    [
        element("Account_Name", "SZ", "Mail &amp; more"),
        element("POP3_Server", "SZ", "pop.example.net"),
        element("POP3_Port", "DWORD", "000003e3"),
        element("POP3_Secure_Connection", "DWORD", "00000001"),
        element("POP3_Password2", "BINARY", "01000000d08c9ddf"),
        element("SMTP_Server", "SZ", "smtp.example.net"),
        element("SMTP_Port", "DWORD", "0000024b"),
        element("SMTP_Secure_Connection", "DWORD", "TRUE"),
        element("SMTP_Email_Address", "SZ", "a@example.net"),
        element("SMTP_Use_Sicily", "DWORD", "00000002"),
        element("IMAP_Junk_E-mail_Folder", "SZ", "Junk"),
    ]
)


def document(body: str, root: str = "MessageAccount", head: str = HEAD) -> str:
    return f"{head}<{root}>\r\n{body}</{root}>\r\n"


def read(
    data: bytes | str, starttls_ports: tuple[int, ...] = (25,), unknown_ports: tuple[int, ...] = (587,)
) -> AccountReading:
    raw = data if isinstance(data, bytes) else b"\xff\xfe" + data.encode("utf-16-le", "surrogatepass")
    found = account_file(decode(raw), FILE)
    region = Region(FILE, False, found if isinstance(found, Unread) else {FILE.casefold(): found})
    dialect = express_dialect(KIND, starttls_ports, unknown_ports)
    return file_accounts(RegistryImage((region,)), USER, lambda _path: dialect)


def test_an_account() -> None:
    reading = read(document(ACCOUNT))
    assert reading.unread == ()
    pop3, smtp = reading.accounts
    assert (pop3.user, pop3.kind, pop3.account, pop3.key) == ("S-1-5-21-1", "oeaccount", "Mail & more", FILE)
    assert (pop3.protocol, pop3.server, pop3.port, pop3.security) == (
        MailProtocol.POP3,
        "pop.example.net",
        995,
        Security.IMPLICIT,
    )
    assert (smtp.server, smtp.port, smtp.security, smtp.email) == (
        "smtp.example.net",
        587,
        Security.UNKNOWN,
        "a@example.net",
    )
    assert "d08c9ddf" not in repr(reading)


def test_the_ports_of_another_client() -> None:
    _pop3, smtp = read(document(ACCOUNT), starttls_ports=(25, 587), unknown_ports=()).accounts
    assert smtp.security is Security.STARTTLS


@pytest.mark.parametrize(
    ("text", "port", "is_default"), [("19", 25, False), ("0000024b", 587, False), ("1D1", 465, False), (None, 25, True)]
)
def test_numbers_are_hexadecimal(text: str | None, port: int, is_default: bool) -> None:
    body = element("SMTP_Server", "SZ", "s") + (element("SMTP_Port", "DWORD", text) if text else "")
    (smtp,) = read(document(body)).accounts
    assert (smtp.port, smtp.port_is_default) == (port, is_default)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8"])
def test_encodings(encoding: str) -> None:
    text = document(element("SMTP_Server", "SZ", "bücher"), head="" if encoding == "utf-8" else HEAD)
    bom = b"\xfe\xff" if encoding == "utf-16-be" else b""
    assert [leg.server for leg in read(bom + text.encode(encoding)).accounts] == ["bücher"]


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY {name} "{"&" + before + ";" * 1}{("&" + before + ";") * 9}">'
        for before, name in zip("abcdef", "bcdefg", strict=True)
    )
    + "]>"
)

REFUSED = [
    pytest.param(b"", "it is not XML", id="empty"),
    pytest.param(b"\0\1\2", "it is not XML", id="bytes"),
    pytest.param(document("", root="Other"), "its root is Other", id="another-root"),
    pytest.param(document("<a>"), "it is not XML", id="not-closed"),
    pytest.param(document("\ud800"), "it is not XML", id="half-a-character"),
    pytest.param(HEAD + BOMB + "<MessageAccount>&g;</MessageAccount>", "a document type", id="entities"),
    pytest.param('<!DOCTYPE x SYSTEM "file:///etc/passwd"><MessageAccount/>', "a document type", id="external"),
    pytest.param("<!-- x --><!DOCTYPE x><MessageAccount/>", "a document type", id="after-a-comment"),
    pytest.param(document("<![CDATA[x]]>"), "a marked section", id="cdata"),
    pytest.param(document("&undefined;"), "it is not XML", id="undefined-entity"),
    pytest.param(document("<a>" * 5000), "too many elements", id="deep"),
    pytest.param(document("x" * 300_000), "it is too large", id="big"),
    pytest.param(document(element("A", "SZ", "1") + element("a", "SZ", "2")), "ambiguous: a stands", id="twice"),
]


@pytest.mark.parametrize(("data", "why"), REFUSED)
def test_hostile_files_are_refused(data: bytes | str, why: str) -> None:
    reading = read(data)
    assert (reading.accounts, reading.others) == ((), ())
    ((what, problem),) = reading.unread
    assert what == FILE
    assert why in problem
    assert problem.isprintable()


@pytest.mark.parametrize("text", ["0x19", "25.", "zz", "", "123456789", "10000", "0"])
def test_what_is_no_port_is_unread(text: str) -> None:
    reading = read(document(element("SMTP_Server", "SZ", "s") + element("SMTP_Port", "DWORD", text)))
    assert reading.accounts == ()
    assert [what for what, _why in reading.unread] == [f"{FILE} | SMTP Port"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        element("SMTP_Server", "BINARY", "00"),
        "<SMTP_Server>s</SMTP_Server>",
        "<SMTP_Server type='SZ'><a/>s</SMTP_Server>",
    ],
)
def test_what_holds_no_server_gives_no_leg(body: str) -> None:
    assert read(document(body)) == AccountReading()


@given(st.binary() | st.text().map(str.encode) | st.text().map(lambda text: document(text).encode("utf-16", "replace")))
def test_any_bytes_give_a_reading(data: bytes) -> None:
    assert isinstance(read(data), AccountReading)


def test_hostile_sizes_take_no_time() -> None:
    start = time.process_time()
    read(document("<a " + "b='" + "x" * 100_000 + "'/>"))
    read(document("<" * 60_000))
    assert time.process_time() - start < 2
