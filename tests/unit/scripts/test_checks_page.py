# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/checks.md says what the catalogue says."""

from __future__ import annotations

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.loader import load
from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import Check
from scripts import checks_page


def a_check(name: str, why: str) -> Check:
    return Check(
        id=name,
        family=name.split(".")[0],
        title="A title",
        severity="high",
        why=why,
        fix="Set it.",
        source="W32",
        confidence="1",
    )


def test_the_page_is_current() -> None:
    assert checks_page.PAGE.read_text(encoding="utf-8") == checks_page.page(load().checks.values()), "run `make docs`"


def test_families_keep_their_order_and_their_members() -> None:
    checks = [a_check("tls.one", "a"), a_check("clock.one", "b"), a_check("tls.two", "c")]
    assert {name: [check.id for check in members] for name, members in checks_page.families(checks).items()} == {
        "tls": ["tls.one", "tls.two"],
        "clock": ["clock.one"],
    }


def test_text_of_the_table_is_no_markup() -> None:
    text = checks_page.section(a_check("tls.one", "a <b>\n  and *c* `d` [e](f)"))
    assert r"a \<b\> and \*c\* \`d\` \[e\](f)" in text
