# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what is asked for to what is made: options, what is there already, check mode, what is told."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import issuing
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.issuing import Issue, Order
from tests.unit.plugin_utils.relay.authorities import DAY, NAMES, NOW, founded

MAILBOX = {"name": "mailbox", "names": list(NAMES)}


def order(leaves: object = (), **more: t.Any) -> Order:
    """The options, the others as they are by default."""
    given = {"names": list(NAMES), "root_certificate": None, "root_key": None}
    return issuing.parse_order({**given, "leaves": list(leaves) if isinstance(leaves, tuple) else leaves, **more})


def issue(wanted: Order, there: dict[str, bytes], *, age: int = 0, check: bool = False) -> Issue:
    """At the time of the tests, or so many days later."""
    return issuing.issue(wanted, there, NOW + age * DAY, check=check, folder="/srv/ca")


def kept() -> dict[str, bytes]:
    """The files of an authority."""
    pair = founded()[1]
    return {"root.pem": pair.certificate, "root.key": pair.key}


def test_the_first_run_makes_all_and_the_second_nothing() -> None:
    wanted = order((MAILBOX,))
    first = issue(wanted, {})
    assert list(first.files) == ["root.key", "root.pem", "mailbox.key", "mailbox.pem"]
    second = issue(wanted, first.files)
    assert (second.files, second.made) == ({}, {})
    told = issuing.result(wanted, second, {name: f"/srv/ca/{name}" for name in wanted.files})
    assert not told["changed"]
    assert told["leaves"]["mailbox"]["names"] == list(NAMES)
    assert told["leaves"]["mailbox"]["key"] == "/srv/ca/mailbox.key"
    assert told["leaves"]["mailbox"]["not_after"] == f"{NOW + 730 * DAY:%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize("there", ["root", "nothing"])
def test_check_mode_makes_nothing_and_tells(there: str) -> None:
    wanted = order((MAILBOX,))
    found = issue(wanted, kept() if there == "root" else {}, check=True)
    told = issuing.result(wanted, found, dict.fromkeys(wanted.files, "x"))
    assert (found.files, told["changed"]) == ({}, True)
    assert list(found.made) == (["mailbox"] if there == "root" else ["root", "mailbox"])
    assert (told["fingerprint"] is None) == (there == "nothing")
    assert "mailbox: a certificate for relay.branch.example, 192.0.2.10" in told["diff"]["after"]


def test_no_key_is_told() -> None:
    wanted = order((MAILBOX,))
    found = issue(wanted, {})
    told = str(issuing.result(wanted, found, dict.fromkeys(wanted.files, "x")))
    assert "PRIVATE KEY" not in told
    assert "BEGIN CERTIFICATE" in told


def test_a_run_that_broke_off_is_finished() -> None:
    """Keys are written before what they belong to: what is missing then is a certificate, or the leaf does not fit."""
    wanted = order((MAILBOX,))
    done = issue(wanted, {}).files
    again = issue(wanted, {"root.key": done["root.key"]})
    assert list(again.files) == ["root.pem", "mailbox.key", "mailbox.pem"]
    half = {name: done[name] for name in ("root.key", "root.pem", "mailbox.key")}
    assert issue(wanted, half).made == {"mailbox": "it is not there"}
    torn = {**done, "mailbox.key": issue(wanted, half).files["mailbox.key"]}
    assert issue(wanted, torn).made == {"mailbox": "its key is not the one that is there"}


def test_an_authority_from_a_vault_leaves_no_key_in_the_folder() -> None:
    pair = founded()[1]
    given = {"root_certificate": pair.certificate.decode(), "root_key": pair.key.decode(), "names": []}
    wanted = order((MAILBOX,), **given)
    found = issue(wanted, {})
    assert list(found.files) == ["root.pem", "mailbox.key", "mailbox.pem"]
    assert issue(wanted, found.files).made == {}
    with pytest.raises(OptionError, match="holds another root"):
        issue(wanted, {"root.pem": founded("other.example")[1].certificate})


def test_a_root_that_ends_soon_is_told_of() -> None:
    wanted = order((MAILBOX,))
    there = kept()
    assert issuing.warnings(issue(wanted, there, age=669), NOW + 669 * DAY, "/srv/ca") == []
    (words,) = issuing.warnings(issue(wanted, there, age=671), NOW + 671 * DAY, "/srv/ca")
    assert "make a new authority" in words
    with pytest.raises(OptionError, match=r"valid from .* only"):
        issue(wanted, there, age=731)


def leaf(name: object = "mailbox", names: object = ("relay.branch.example",)) -> dict[str, t.Any]:
    """An entry of the option."""
    return {"name": name, "names": list(names) if isinstance(names, tuple) else names}


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"names": []}, "there is no authority in /srv/ca yet"),
        ({"names": ["relay"]}, "'relay' has no dot"),
        ({"names": ["com"]}, "'com' has no dot"),
        ({"names": ["*.branch.example"]}, "neither a DNS name nor an IP address"),
        ({"names": ["192.0.2.0/24"]}, "neither a DNS name nor an IP address"),
        ({"leaves": (leaf(names=("*.relay.branch.example",)),)}, "neither a DNS name nor an IP address"),
        ({"leaves": (leaf(names=("bank.example",)),)}, "'bank.example' of mailbox is outside of what"),
        ({"leaves": (leaf(names=("192.0.2.11",)),)}, "'192.0.2.11' of mailbox is outside of what"),
        ({"leaves": (leaf(names=()),)}, "the list is empty"),
        ({"leaves": (leaf(names=None),)}, "is not a list"),
        ({"leaves": (leaf("root"),)}, "'root' is no name of a relay"),
        ({"leaves": (leaf("../x"),)}, "'../x' is no name of a relay"),
        ({"leaves": (leaf("a/b"),)}, "is no name of a relay"),
        ({"leaves": (leaf(None),)}, "is no name of a relay"),
        ({"leaves": (leaf(), leaf())}, "stands there twice"),
        ({"leaves": ({**leaf(), "days": 9},)}, "there is no key 'days'"),
        ({"leaves": (7,)}, "is not a dictionary"),
        ({"root_certificate": "x"}, "give both"),
        ({"root_key": "x"}, "give both"),
        ({"root_certificate": "x", "root_key": "y"}, "no certificate in PEM"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_is_refused_in_a_sentence(options: dict[str, t.Any], why: str, check: bool) -> None:
    with pytest.raises(OptionError, match=why.replace("*", r"\*")) as caught:
        issue(order(**options), {}, check=check)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ({"root.key": None}, "holds root.pem without root.key"),
        ({"root.key": b""}, "no private key in PEM"),
        ({"root.pem": b""}, "no certificate in PEM"),
        ({"root.pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}, "no certificate in PEM"),
        ({"root.pem": None, "root.key": b"x"}, "root.key in /srv/ca cannot be used"),
    ],
)
def test_a_damaged_authority_is_refused_and_never_replaced(damage: dict[str, bytes | None], why: str) -> None:
    there = {name: raw for name, raw in {**kept(), **damage}.items() if raw is not None}
    with pytest.raises(OptionError, match=why):
        issue(order((MAILBOX,)), there)


def test_the_bounds_of_an_authority_stay() -> None:
    with pytest.raises(OptionError, match=r"bound to relay\.branch\.example, 192\.0\.2\.10, which does not cover"):
        issue(order(names=["other.example"]), kept())
    assert issue(order(names=["relay.branch.example"]), kept()).made == {}
    with pytest.raises(OptionError, match="outside of what the authority is bound to"):
        issue(order((leaf(names=("other.example",)),), names=[]), kept())
