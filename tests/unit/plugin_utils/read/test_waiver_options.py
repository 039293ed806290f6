# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``waivers``."""

from __future__ import annotations

import datetime
import re
import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import Waiver
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.waiver_options import parse_waivers

CHECKS = ("tls.tls12", "firewall.outbound")
GOOD: dict[str, t.Any] = {"check": "tls.tls12", "reason": "replaced in spring"}


@pytest.mark.parametrize(
    ("entry", "waiver"),
    [
        ({}, Waiver("tls.tls12", "replaced in spring")),
        ({"check": "firewall.*"}, Waiver("firewall.*", "replaced in spring")),
        ({"expires": "2027-03-31"}, Waiver("tls.tls12", "replaced in spring", datetime.date(2027, 3, 31))),
        (
            {"expires": datetime.date(2027, 3, 31)},
            Waiver("tls.tls12", "replaced in spring", datetime.date(2027, 3, 31)),
        ),
        ({"expires": None, "subject": None}, Waiver("tls.tls12", "replaced in spring")),
        ({"subject": "S-1-5-21-*"}, Waiver("tls.tls12", "replaced in spring", None, "S-1-5-21-*")),
        ({"reason": "  two\n lines\n"}, Waiver("tls.tls12", "two lines")),
    ],
)
def test_taken(entry: dict[str, t.Any], waiver: Waiver) -> None:
    assert parse_waivers([{**GOOD, **entry}], CHECKS) == (waiver,)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"reason": None}, "waivers[0].reason: None is not a reason, and a waiver (of 'tls.tls12') needs one."),
        ({"reason": " \n"}, "waivers[0].reason: ' \\n' is not a reason, and a waiver (of 'tls.tls12') needs one."),
        ({"reason": 5}, "waivers[0].reason: 5 is not a reason, and a waiver (of 'tls.tls12') needs one."),
        ({"check": None}, "waivers[0].check: None is not the id of a check or a pattern such as 'firewall.*'."),
        (
            {"check": "TLS 1.2"},
            "waivers[0].check: 'TLS 1.2' is not the id of a check or a pattern such as 'firewall.*'.",
        ),
        ({"check": "tls.tls21"}, "waivers[0].check: 'tls.tls21' fits no check that exists."),
        ({"expires": "2027-02-30"}, "waivers[0].expires: '2027-02-30' is not a date such as 2026-12-31."),
        ({"expires": "soon"}, "waivers[0].expires: 'soon' is not a date such as 2026-12-31."),
        ({"expires": 20270331}, "waivers[0].expires: 20270331 is not a date such as 2026-12-31."),
        ({"expires": "20270331"}, "waivers[0].expires: '20270331' is not a date such as 2026-12-31."),
        ({"expires": False}, "waivers[0].expires: False is not a date such as 2026-12-31."),
        (
            {"expires": datetime.datetime(2027, 3, 31, tzinfo=datetime.UTC)},
            "waivers[0].expires: a datetime is not a date such as 2026-12-31.",
        ),
        ({"subject": ""}, "waivers[0].subject: '' is not a text."),
        ({"subject": 5}, "waivers[0].subject: 5 is not a text."),
        (
            {"expire": "2027-03-31"},
            "waivers[0]: there is no key 'expire' here, only check, reason, expires or subject.",
        ),
    ],
)
def test_refused(entry: dict[str, t.Any], message: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse_waivers([{**GOOD, **entry}], CHECKS)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (GOOD, "waivers: a dict is not a list."),
        (["tls.tls12"], "waivers[0]: 'tls.tls12' is not a dictionary."),
        ([GOOD, {"check": "firewall.*"}], "waivers[1].reason: None is not a reason"),
        ([GOOD, GOOD], "waivers[1]: 'tls.tls12' for '*' is in waivers[0] already."),
    ],
)
def test_refused_lists(raw: object, words: str) -> None:
    with pytest.raises(OptionError, match=re.escape(words)):
        parse_waivers(raw)


def test_without_a_catalogue_any_id_will_do() -> None:
    assert parse_waivers([{**GOOD, "check": "no.such"}])[0].check == "no.such"
    assert parse_waivers(None) == ()
