# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fix carries out of a plan."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.mailfleet.client.plugins.doc_fragments.changing import ModuleDocFragment
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.firewall import CONSENT_BLOCK_RULE
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import BLOCK_RULE, CONSENTS, lacking
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import (
    CARRIED_OUT,
    Selection,
    Withheld,
    select,
)

NOTHING: frozenset[str] = frozenset()


def change(kind: ChangeKind, consent: str | None = None, optional: bool = False) -> Change:
    return Change(kind, "some", "why", {}, optional, consent)


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_registry_proxy_and_firewall_are_carried_out_and_nothing_else(kind: ChangeKind) -> None:
    assert (kind in CARRIED_OUT) == (kind.value in ("registry", "proxy", "firewall"))
    one = change(kind, optional=True)
    assert select(Plan((one,)), NOTHING) == Selection((one,) if kind in CARRIED_OUT else (), ())


def test_a_change_without_its_consent_is_withheld_in_one_sentence_that_names_it() -> None:
    plain, risky = change(ChangeKind.REGISTRY), change(ChangeKind.FIREWALL, BLOCK_RULE)
    found = select(Plan((risky, plain)), NOTHING)
    assert found.chosen == (plain,)
    assert found.withheld == (Withheld(risky, lacking(BLOCK_RULE), BLOCK_RULE),)
    assert found.withheld[0].why == (
        'This needs the consent "firewall_block_rule": it would switch off a firewall rule that somebody made to block'
        " mail ports, and traffic that the rule kept in can leave the host."
    )
    assert select(Plan((risky, plain)), frozenset({BLOCK_RULE})) == Selection((risky, plain), ())
    assert select(Plan((risky, plain)), frozenset({"own_connection"})) == found


def test_an_equal_change_that_needs_no_consent_is_not_withheld_with_another() -> None:
    changes = (change(ChangeKind.FIREWALL, "unheard_of"), change(ChangeKind.FIREWALL))
    found = select(Plan(changes), NOTHING)
    assert found.chosen == changes[1:]
    assert found.withheld[0].why == 'This needs the consent "unheard_of".'


def test_a_change_that_a_relay_or_an_update_needs_is_not_withheld_but_stays_in_the_plan() -> None:
    assert select(Plan((change(ChangeKind.UPDATE, BLOCK_RULE),)), NOTHING) == Selection((), ())


def test_the_consents_are_those_of_the_option() -> None:
    option = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]["consent"]
    assert sorted(CONSENTS) == sorted(option["choices"])
    assert all(f"V({consent})" in str(option["description"]) for consent in CONSENTS)
    assert CONSENT_BLOCK_RULE == BLOCK_RULE
    assert all(consent.id == id and consent.title and consent.risk for id, consent in CONSENTS.items())
