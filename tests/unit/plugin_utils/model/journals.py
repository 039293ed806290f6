# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals for tests: one that a plan could have made, and any at all."""

from __future__ import annotations

import datetime
import typing as t

from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    HostIdentity,
    Journal,
    RegistryStep,
    RuleStep,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    HIVES,
    RegistryType,
    RegistryValue,
)
from tests.support.hosts import ALICE, KNOWLEDGE, PROTOCOLS

RUN = "20261122T070000Z-0123abcd"
OLDER = "20261121T235959Z-89abcdef"
TIME = "2026-11-22T07:00:00Z"
HOST = HostIdentity("STANDIN", "6f9619ff-8b86-d011-b42d-00c04fc964ff")
CLIENT = PROTOCOLS + r"\TLS 1.2\Client"
RULES = KNOWLEDGE.registry["firewall-rules"].key
BLOCK = "v2.10|Action=Block|Active={}|Dir=Out|Protocol=6|RPort=25|Name=No mail|"


def allow(run: str = RUN, number: int = 1) -> str:
    """The text of a rule that a plan adds."""
    return f"v2.10|Action=Allow|Active=TRUE|Dir=Out|Protocol=6|Profile=Public|RPort=465|Name=MailFleet {run} {number}|"


def dword(name: str, data: int) -> RegistryValue:
    """A number."""
    return RegistryValue(name, RegistryType.DWORD, data)


SWITCH = RegistryStep("tls", CLIENT, "DisabledByDefault", ABSENT, dword("DisabledByDefault", 0), (CLIENT,))
MASK_KEY = f"{ALICE.root}\\{KNOWLEDGE.registry['wininet-user'].key}"
MASK = RegistryStep(
    "wininet", MASK_KEY, "SecureProtocols", dword("SecureProtocols", 0xA0), dword("SecureProtocols", 0x8A0)
)
ADDED = RuleStep(RULES, "", f"MailFleet {RUN} 1", ABSENT, allow())
SWITCHED = RuleStep(RULES, "{1-2}", "No mail", BLOCK.format("TRUE"), BLOCK.format("FALSE"))
FIX = Journal(RUN, "fix", HOST, TIME, (SWITCH, MASK, ADDED, SWITCHED))

texts = st.text(max_size=12).map(lambda text: text.replace("\0", ""))
runs = st.builds(
    lambda moment, end: f"{moment:%Y%m%dT%H%M%SZ}-{end:08x}",
    st.datetimes(min_value=datetime.datetime(2000, 1, 1)),
    st.integers(0, 0xFFFFFFFF),
)
paths = st.builds(
    lambda hive, parts: "\\".join((hive, *parts)),
    st.sampled_from(sorted(HIVES.values())),
    st.lists(texts.map(lambda text: text.replace("\\", "") or "k"), min_size=1, max_size=3),
)
_SPECIAL = {
    RegistryType.DWORD: st.integers(0, 0xFFFFFFFF) | st.binary(max_size=3),
    RegistryType.QWORD: st.integers(0, 2**64 - 1) | st.binary(min_size=9, max_size=10),
    RegistryType.SZ: texts,
    RegistryType.EXPAND_SZ: texts,
    RegistryType.MULTI_SZ: st.lists(texts, max_size=3).map(tuple),
}


@st.composite
def values(draw: st.DrawFn, name: str) -> t.Any:
    """ABSENT, or a value of any type with data that fit it; its name in another spelling."""
    if draw(st.booleans()):
        return ABSENT
    kind = draw(st.sampled_from(list(RegistryType)))
    spelled = draw(
        st.sampled_from([one for one in (name, name.upper(), name.lower()) if one.casefold() == name.casefold()])
    )
    return RegistryValue(spelled, kind, draw(_SPECIAL.get(kind, st.binary(max_size=40))))


@st.composite
def registry_steps(draw: st.DrawFn) -> RegistryStep:
    """Any step about a value."""
    name = draw(texts)
    keys = st.lists(paths, max_size=2).map(tuple)
    return RegistryStep(
        draw(st.sampled_from(("tls", "proxy"))),
        draw(paths),
        name,
        draw(values(name)),
        draw(values(name)),
        draw(keys),
        draw(keys),
    )


rule_steps = st.builds(
    RuleStep, key=paths, id=texts, name=texts, before=texts | st.just(ABSENT), after=texts
) | st.builds(RuleStep, key=paths, id=texts, name=texts, before=texts, after=st.just(ABSENT))


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Any sound journal."""
    kind = draw(st.sampled_from(("fix", "rollback")))
    undoes = draw(st.lists(runs, max_size=2).map(tuple)) if kind == "rollback" else ()
    steps = draw(st.lists(registry_steps() | rule_steps, max_size=4).map(tuple))
    return Journal(draw(runs), kind, HostIdentity(draw(texts), draw(texts)), TIME, steps, undoes)
