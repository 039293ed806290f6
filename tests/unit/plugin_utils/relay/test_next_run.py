# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The relays of a fleet at the next run: what stays as it was, and what goes."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import RelayError
from tests.unit.plugin_utils.relay.fleets import AES, BASE, OLD, audited, change, fleet, used


def test_relays_of_before_keep_their_names_and_ports() -> None:
    first = fleet({"pc1": audited(change(server="z.example.test"))})
    both = audited(
        change(server="z.example.test"), change(server="a.example.test"), change(server="z.example.test", port=25)
    )
    second = fleet({"pc1": both}, keep=list(first.relays))
    assert [(one["name"], one["listen"]) for one in second.relays] == [
        ("smtp-a-example-test", "192.0.2.10:2501"),
        ("smtp-z-example-test", "192.0.2.10:2500"),
        ("smtp-z-example-test-2", "192.0.2.10:2502"),
    ]
    assert fleet({"pc1": both}, keep=list(second.relays)) == second


@pytest.mark.parametrize(
    ("server", "names", "stays"),
    [
        (BASE, [], True),
        ("relay.example.test", ["Relay.Example.Test"], True),
        ("Relay.example.test", ["relay.example.test"], True),
        ("relay.example.test", [], False),
        ("192.0.2.11", [], False),
    ],
)
def test_a_relay_stays_as_long_as_an_account_leads_to_it(server: str, names: list[str], stays: bool) -> None:
    """After the accounts are repointed the audits ask for no relay any more."""
    first = fleet({"pc1": audited(change()), "pc2": audited(change(server="other.example.test"))})
    by_name = {one["upstream"]: one for one in first.relays}
    port = int(by_name["mail.example.test"]["listen"].rpartition(":")[2])
    repointed = {
        "plan": [change(server=BASE, port=port, security="none")],
        "routes": [{"server": server, "port": port}],
    }
    addresses = {"pc1": "192.0.2.81", "pc2": "192.0.2.82"}
    second = fleet({"pc1": repointed, "pc2": {"plan": []}}, addresses, keep=list(first.relays), names=names)
    assert list(second.relays) == ([by_name["mail.example.test"]] if stays else [])


SEEN: dict[str, t.Any] = {"plan": [], "routes": []}


@pytest.mark.parametrize(
    ("result", "prune", "stays"),
    [
        (SEEN, False, True),
        (SEEN, True, False),
        ({"unreachable": True}, True, True),
        (None, True, True),
    ],
    ids=["a user who is not logged on", "told to go by what is seen", "off", "not asked"],
)
def test_a_relay_stays_where_no_audit_speaks_against_it(result: t.Any, prune: bool, stays: bool) -> None:
    addresses = {"pc1": "192.0.2.81", "pc2": "192.0.2.82"}
    need = audited(change())
    first = fleet({"pc1": need, "pc2": need}, addresses)
    results = {"pc1": need} | ({} if result is None else {"pc2": result})
    second = fleet(results, addresses, prune=prune, **used(first))
    assert [relay["allow"] for relay in second.relays] == [
        ["192.0.2.81/32", "192.0.2.82/32"] if stays else ["192.0.2.81/32"]
    ]
    assert (second == first) is stays


def test_a_server_that_accounts_left_for_a_relay_is_no_need_of_nobody() -> None:
    """The audit judges each entry of ``servers`` that no account names, and after a run none names them any more."""
    mine = change(server="Mail.example.test")
    first = fleet({"pc1": audited(mine)})
    nobodys = [change(port=port, clients=["schannel"]) for port in (587, 465)]
    after = {**audited(*nobodys), "routes": [{"server": BASE, "port": 2500}]}
    assert fleet({"pc1": after}, **used(first)) == first
    assert fleet({"pc1": after}, prune=True, **used(first)) == first
    assert [relay["port"] for relay in fleet({"pc1": audited(*nobodys)}).relays] == [465, 587]


def test_a_host_that_left_the_inventory_leaves_its_relay() -> None:
    first = fleet({"pc1": audited(change())}, {"pc1": "192.0.2.81"})
    assert fleet({}, {}, **used(first)).relays == ()


def test_a_host_that_learnt_tls_does_not_keep_its_clear_text_beside() -> None:
    first = fleet({"pc1": audited(change(), suites=OLD)})
    second = fleet({"pc1": audited(change(), suites=AES)}, **used(first))
    assert [(use.inbound, use.relay_port) for use in second.uses] == [("legacy_tls", 2501)]


def test_an_account_that_leads_to_a_relay_that_nobody_knows_of_any_more_stops_the_run() -> None:
    lost = {"plan": [], "routes": [{"server": BASE, "port": 2500}]}
    with pytest.raises(RelayError, match=r"keep: an account of pc1 leads to port 2500 of 192\.0\.2\.10 already"):
        fleet({"pc1": lost})
    other = {"plan": [], "routes": [{"server": BASE, "port": 25}]}
    assert fleet({"pc1": other}).relays == ()


def test_one_account_that_points_astray_does_not_stop_the_others() -> None:
    first = fleet({"pc1": audited(change())})
    astray = {"plan": [], "routes": [{"server": BASE, "port": 60000}]}
    second = fleet({"pc1": audited(change()), "pc2": astray}, **used(first))
    assert second.relays == first.relays
    assert [(one.host, one.why) for one in second.left_out] == [
        (
            "pc2",
            f"An account leads to port 60000 of {BASE} already, and no relay of before has that port. Correct the"
            " account.",
        )
    ]
