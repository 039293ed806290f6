# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and passwords of proxies: shown by no finding, carried by no plan, however they are written."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    RegistryData,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import proxy
from tests.support.hosts import ALICE, host
from tests.support.proxy_hosts import (
    DEFAULT,
    NATIVE,
    SCRIPT,
    SET,
    USER,
    WINHTTP,
    findings,
    record,
    user,
    winhttp,
    wished,
)

LOGINS = [
    "http://alice:hunter2@p:1",
    "alice:hunter2@p:1",
    "http=a:1;https=alice:hunter2@p:1",
    "alice:hunter2/x@p",
    "alice:hunter2 x@p",
    "alice:x hunter2@p",
    "alice:hunter2;x@p",
    "alice:x;hunter2@p",
    "alice:hunter2%40p",
]
HIDDEN = "(not shown: may hold a user and a password)"
NAMES = ("ProxyServer", "AutoConfigURL", "ProxyOverride", "ProxyEnable")


@pytest.mark.parametrize("login", LOGINS)
def test_no_login_is_shown(login: str) -> None:
    layer = user({DEFAULT: record(7, login, script=SCRIPT)}, ProxyServer=login + "x", AutoConfigURL=login)
    ctx = host("win7-sp1", layer, {NATIVE: {WINHTTP: winhttp(3, login)}}, {USER: {"ProxyOverride": (login, "x")}})
    shown = repr(findings(ctx))
    assert "hunter2" not in shown
    assert shown.count(HIDDEN) >= 9
    assert SCRIPT in shown


def with_plain(value: RegistryValue) -> Context:
    """A host whose user has that plain value, where a named proxy is wished."""
    ctx = host("win7-sp1", user({DEFAULT: record(1)}), options=wished(SET))
    image = ctx.snapshot.image.with_value(USER, value)
    return dataclasses.replace(ctx, snapshot=dataclasses.replace(ctx.snapshot, image=image))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("kind", "data"),
    [
        (RegistryType.MULTI_SZ, ("alice:hunter2", "@p:1")),
        (RegistryType.NONE, "alice:hunter2@p:1".encode("utf-16-le")),
        (RegistryType.BINARY, b"alice:hunter2@p:1"),
        (RegistryType.LINK, "alice:hunter2@p:1".encode("utf-16-be")),
        # Data that do not fit their type are kept as they were printed.
        (RegistryType.DWORD_BIG_ENDIAN, "0x" + b"hunter2@p".hex()),
        (RegistryType.BINARY, b"hunter2@p".hex() + "0"),
    ],
)
def test_no_login_in_data_of_another_type_is_shown(name: str, kind: RegistryType, data: RegistryData) -> None:
    ctx = with_plain(RegistryValue(name, kind, data))
    found = findings(ctx)["proxy.wininet", ALICE.sid]
    assert found.observed[name] == HIDDEN
    shown = repr((findings(ctx), proxy.changes(ctx)))
    assert "hunter2" not in shown
    assert b"hunter2".hex() not in shown
    assert repr(data) not in shown
