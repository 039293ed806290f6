# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail accounts in the registry of a user."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import clients
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Region,
    RegistryData,
    RegistryImage,
    RegistryKey,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.snapshot import UserHive
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.accounts import (
    AccountPaths,
    AccountReading,
    ProfileRoot,
    account_paths,
    outlook_accounts,
    outlook_express_accounts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_file import RegFile, RegFileKey
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.reg_image import image_of

R, SID = RegistryType, "S-1-5-21-1-2-3-1001"
USER = UserHive(SID, f"HKU\\{SID}")
PLACE = (r"HKLM\Outlook14", "Path")
PROFILES = (ProfileRoot("New", (("16.0", None),)), ProfileRoot("Old", (("14.0", PLACE),)))
PATHS, DIALECT = AccountPaths(PROFILES, "Manager", "Idents"), clients.express(load())
SECTION = r"9375CFF0413111d3B88A00104B2A6676"
POP3, IMAP, MAPI = (f"{{ED4754{n}-B0D6-11D2-8C3B-00104B2A6676}}" for n in (11, 12, 14))
EAS = "{4DB5CBF0-3B77-4852-BC8E-BB81908861F3}"

Values = dict[str, RegistryData]


def typed(name: str, data: RegistryData) -> RegistryValue:
    kind = {int: R.DWORD, str: R.SZ, bytes: R.BINARY, tuple: R.MULTI_SZ}[type(data)]
    return RegistryValue(name, kind, data)


def image(keys: dict[str, Values]) -> RegistryImage:
    """An image in which these keys are below the user."""
    everything = {"New": {}, "Old": {}, "Manager": {}, "Idents": {}} | keys
    sections = [
        RegFileKey(path if path.startswith("HKLM") else f"HKCU\\{path}", tuple(typed(*item) for item in values.items()))
        for path, values in everything.items()
    ]
    return image_of([RegFile(tuple(sections))], USER.root)


def outlook(values: Values, root: str = "New") -> AccountReading:
    found = image({rf"{root}\Profile\{SECTION}\00000002": values, PLACE[0]: {"Path": "C:\\"}})
    return outlook_accounts(found, USER, PATHS)


def express(values: Values, path: str = r"Manager\Accounts\00000001") -> AccountReading:
    return outlook_express_accounts(image({path: values}), USER, PATHS, DIALECT)


def utf16(text: str) -> bytes:
    return (text + "\0").encode("utf-16-le")


def brief(reading: AccountReading) -> list[tuple[str, str, int, bool, str, bool]]:
    assert reading.unread == ()
    return [(a.protocol.value, a.server, a.port, a.port_is_default, a.security.value, a.spa) for a in reading.accounts]


def test_an_account_of_outlook() -> None:
    reading = outlook({"clsid": POP3, "Account Name": "a@x", "Email": "a@y", "POP3 Server": "p", "SMTP Server": "s"})
    pop3, smtp = reading.accounts
    assert (pop3.user, pop3.kind, pop3.client_version, pop3.account, pop3.email) == (
        SID,
        "outlook",
        "16.0",
        "a@x",
        "a@y",
    )
    assert pop3.key == rf"HKU\{SID}\New\Profile\{SECTION}\00000002"
    assert (smtp.protocol, smtp.server, smtp.port, smtp.port_is_default) == (MailProtocol.SMTP, "s", 25, True)
    assert smtp.security is Security.NONE


def test_texts_as_bytes_and_the_version_of_a_shared_place() -> None:
    values: Values = {
        "clsid": POP3,
        "Account Name": utf16("ä@x"),
        "POP3 Server": utf16("p") + b"rest",
        "POP3 Port": 995,
    }
    (account,) = outlook(values, "Old").accounts
    assert (account.account, account.server, account.port, account.client_version) == ("ä@x", "p", 995, "14.0")


OUTLOOK: list[tuple[Values, tuple[t.Any, ...]]] = [
    ({}, ("smtp", "s", 25, True, "none", False)),
    ({"SMTP Secure Connection": 0}, ("smtp", "s", 25, True, "none", False)),
    ({"SMTP Secure Connection": 1}, ("smtp", "s", 25, True, "implicit", False)),
    ({"SMTP Secure Connection": 1, "SMTP Port": 465}, ("smtp", "s", 465, False, "implicit", False)),
    ({"SMTP Secure Connection": 2, "SMTP Port": 587}, ("smtp", "s", 587, False, "starttls", False)),
    ({"SMTP Secure Connection": 3}, ("smtp", "s", 25, True, "auto", False)),
    ({"SMTP Secure Connection": 4}, ("smtp", "s", 25, True, "unknown", False)),
    ({"SMTP Use SSL": 1}, ("smtp", "s", 25, True, "implicit", False)),
    ({"SMTP Use SSL": 0}, ("smtp", "s", 25, True, "none", False)),
    ({"SMTP Use SSL": 1, "SMTP Secure Connection": 2}, ("smtp", "s", 25, True, "starttls", False)),
    ({"SMTP Use SSL": 1, "SMTP Secure Connection": 0}, ("smtp", "s", 25, True, "unknown", False)),
    ({"SMTP Use SPA": 1}, ("smtp", "s", 25, True, "none", True)),
    ({"smtp port": 25}, ("smtp", "s", 25, False, "none", False)),
]


@pytest.mark.parametrize(("values", "expected"), OUTLOOK)
def test_how_outlook_stores_smtp(values: Values, expected: tuple[t.Any, ...]) -> None:
    assert brief(outlook({"clsid": IMAP, "SMTP Server": "s"} | values)) == [expected]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, ("imap", "i", 143, True, "none", False)),
        ({"IMAP Use SSL": 1, "IMAP Port": 993}, ("imap", "i", 993, False, "implicit", False)),
        ({"IMAP Use SSL": 1}, ("imap", "i", 143, True, "implicit", False)),
        ({"IMAP Secure Connection": 2}, ("imap", "i", 143, True, "starttls", False)),
        ({"IMAP Use SPA": 1}, ("imap", "i", 143, True, "none", True)),
        ({"POP3 Server": "p"}, ("imap", "i", 143, True, "none", False)),
    ],
)
def test_how_outlook_stores_imap(values: Values, expected: tuple[t.Any, ...]) -> None:
    assert brief(outlook({"clsid": IMAP, "IMAP Server": "i"} | values)) == [expected]


@pytest.mark.parametrize(
    ("values", "others"),
    [
        ({"clsid": MAPI, "Service Name": utf16("MSEMS"), "Account Name": utf16("me")}, ("exchange: me",)),
        ({"clsid": MAPI, "Service Name": "MSEMS"}, ("exchange: 00000002",)),
        ({"clsid": MAPI, "Service Name": "MSUPST MS", "Account Name": "Store"}, ()),
        ({"clsid": MAPI, "Service Name": "CONTAB"}, ()),
        ({"clsid": EAS.lower(), "Account Name": "phone"}, ("eas: phone",)),
        ({"clsid": "{4DB5CBF2-3B77-4852-BC8E-BB81908861F3}", "POP3 Server": "ldap"}, ()),
        ({}, ()),
        ({"SMTP Server": "s"}, ()),
    ],
)
def test_what_is_no_account_of_a_mail_protocol(values: Values, others: tuple[str, ...]) -> None:
    assert outlook(values) == AccountReading(others=others)


def test_an_account_without_a_class_is_known_by_its_server() -> None:
    assert brief(outlook({"POP3 Server": "p"})) == [("pop3", "p", 110, True, "none", False)]


WRONG = [
    ({"POP3 Port": "995"}, "POP3 Port", "is REG_SZ, not a number"),
    ({"POP3 Port": 0}, "POP3 Port", "is 0, which is no port"),
    ({"POP3 Port": 65536}, "POP3 Port", "is 65536, which is no port"),
    ({"POP3 Use SSL": b"\1"}, "POP3 Use SSL", "is REG_BINARY, not a number"),
    ({"POP3 Server": 5}, "POP3 Server", "is REG_DWORD, which holds no text"),
    ({"POP3 Server": b"abc"}, "POP3 Server", "holds bytes that are not UTF-16"),
    ({"POP3 Server": b"\0\xd8a\0"}, "POP3 Server", "holds bytes that are not UTF-16"),
    ({"Account Name": ("a",)}, "Account Name", "is REG_MULTI_SZ, which holds no text"),
    ({"clsid": 1}, "clsid", "is REG_DWORD, which holds no text"),
]


@pytest.mark.parametrize(("values", "name", "why"), WRONG)
def test_what_is_stored_wrongly_is_unread(values: Values, name: str, why: str) -> None:
    reading = outlook({"clsid": POP3, "POP3 Server": "p"} | values)
    assert reading.accounts == ()
    assert reading.unread == ((rf"HKU\{SID}\New\Profile\{SECTION}\00000002 | {name}", why),)


def test_one_wrong_leg_leaves_the_other() -> None:
    reading = outlook({"clsid": POP3, "POP3 Server": "p", "POP3 Port": "x", "SMTP Server": "s"})
    assert [account.server for account in reading.accounts] == ["s"]
    assert len(reading.unread) == 1


EXPRESS: list[tuple[Values, list[tuple[t.Any, ...]]]] = [
    ({"SMTP Server": "s"}, [("smtp", "s", 25, True, "none", False)]),
    ({"SMTP Server": "s", "SMTP Secure Connection": 1}, [("smtp", "s", 25, True, "starttls", False)]),
    (
        {"SMTP Server": "s", "SMTP Secure Connection": 1, "SMTP Port": 465},
        [("smtp", "s", 465, False, "implicit", False)],
    ),
    (
        {"SMTP Server": "s", "SMTP Secure Connection": 1, "SMTP Port": 587},
        [("smtp", "s", 587, False, "unknown", False)],
    ),
    ({"SMTP Server": "s", "SMTP Port": 587}, [("smtp", "s", 587, False, "none", False)]),
    ({"SMTP Server": "s", "SMTP Secure Connection": 2}, [("smtp", "s", 25, True, "unknown", False)]),
    ({"POP3 Server": "p", "POP3 Secure Connection": 1}, [("pop3", "p", 110, True, "implicit", False)]),
    ({"IMAP Server": "i", "IMAP Secure Connection": 1, "IMAP Port": 25}, [("imap", "i", 25, False, "implicit", False)]),
    ({"SMTP Server": "s", "SMTP Use Sicily": 1}, [("smtp", "s", 25, True, "none", True)]),
    ({"SMTP Server": "s", "SMTP Use Sicily": 3}, [("smtp", "s", 25, True, "none", False)]),
    (
        {"POP3 Server": "p", "POP3 Use Sicily": 1, "SMTP Server": "s", "SMTP Use Sicily": 2},
        [("pop3", "p", 110, True, "none", True), ("smtp", "s", 25, True, "none", True)],
    ),
    (
        {"POP3 Server": "p", "SMTP Server": "s", "SMTP Use Sicily": 2},
        [("pop3", "p", 110, True, "none", False), ("smtp", "s", 25, True, "none", False)],
    ),
    ({"LDAP Server": "l", "LDAP Port": 389}, []),
    ({"POP3 Server": "", "SMTP Server": " "}, []),
]


@pytest.mark.parametrize(("values", "expected"), EXPRESS)
def test_how_outlook_express_stores_an_account(values: Values, expected: list[tuple[t.Any, ...]]) -> None:
    assert brief(express(values)) == expected


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (r"Manager\Accounts\00000001", True),
        (r"manager\accounts\X", True),
        (r"Idents\{1}\Manager\Accounts\00000001", True),
        (r"Idents\{1}\Manager\Accounts\00000001\Deeper", False),
        (r"Manager\Accounts\00000001\Deeper", False),
        (r"Manager\00000001", False),
        (r"Idents\{1}\Other\Manager\Accounts\00000001", False),
    ],
)
def test_where_outlook_express_stores_accounts(path: str, found: bool) -> None:
    reading = express({"SMTP Server": "s", "Account Name": "n", "SMTP Email Address": "e"}, path)
    expected = [("outlook-express", "", "n", "e", rf"HKU\{SID}\{path}".casefold())] if found else []
    assert [(a.kind, a.client_version, a.account, a.email, a.key.casefold()) for a in reading.accounts] == expected


@pytest.mark.parametrize(("name", "other"), [("m", "httpmail: m"), (5, "httpmail: 00000001")])
def test_httpmail_is_another_kind(name: RegistryData, other: str) -> None:
    assert express({"HTTPMail Server": "h", "Account Name": name}).others == (other,)


def test_what_was_not_read_is_told() -> None:
    root = rf"{USER.root}\New"
    regions = (Region(root, True, Unread("denied")), Region(rf"{USER.root}\Manager", True, Unread("cut off")))
    found = RegistryImage(regions)
    assert outlook_accounts(found, USER, PATHS).unread == (
        (root, "denied"),
        (rf"{USER.root}\Old", "was not asked for"),
    )
    assert outlook_express_accounts(found, USER, PATHS, DIALECT).unread == (
        (rf"{USER.root}\Manager\Accounts", "cut off"),
        (rf"{USER.root}\Idents", "was not asked for"),
    )


def test_another_user_is_left_alone() -> None:
    other = UserHive("S-1-5-18", r"HKU\S-1-5-18")
    found = image({r"Manager\Accounts\1": {"SMTP Server": "s"}})
    assert outlook_express_accounts(found, other, PATHS, DIALECT) == AccountReading()


def test_the_table_of_registry_paths_has_all_places() -> None:
    paths = account_paths(load().registry)
    assert [root.versions[0][0] for root in paths.profiles] == ["16.0", "15.0", "14.0"]
    assert [place for _version, place in paths.profiles[2].versions if place and not place[1]] == []
    assert paths.manager.endswith("Internet Account Manager")
    assert paths.identities == "Identities"


DATA: st.SearchStrategy[RegistryData] = st.text() | st.binary() | st.integers(0, 2**32 - 1) | st.tuples(st.text())
NAMES = st.sampled_from(
    [
        "clsid",
        "Account Name",
        "POP3 Server",
        "POP3 Port",
        "IMAP Server",
        "SMTP Server",
        "SMTP Use SSL",
        "SMTP Port",
        "x",
    ]
)


@given(st.dictionaries(NAMES, DATA))
def test_anything_can_be_an_account(values: Values) -> None:
    key = RegistryKey(rf"{USER.root}\New\1", tuple(typed(*item) for item in values.items()))
    keys = {rf"{USER.root}\New".casefold(): RegistryKey(rf"{USER.root}\New"), key.path.casefold(): key}
    reading = outlook_accounts(RegistryImage((Region(rf"{USER.root}\New", True, keys),)), USER, PATHS)
    assert all(0 < account.port <= 65535 and account.server for account in reading.accounts)
