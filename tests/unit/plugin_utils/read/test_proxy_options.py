# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``proxy``."""

from __future__ import annotations

import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.options import ProxyWish
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.proxy_options import parse_proxy

BOTH = ("winhttp", "wininet")
SERVER = "proxy.example:8080"


@pytest.mark.parametrize(
    ("raw", "wish"),
    [
        (None, None),
        ({"state": "off"}, ProxyWish("off")),
        ({"state": "OFF", "server": None, "stacks": ["wininet"]}, ProxyWish("off", stacks=("wininet",))),
        ({"state": "set", "server": SERVER}, ProxyWish("set", SERVER, (), BOTH)),
        ({"state": "set", "server": " Proxy.Example.:08080 "}, ProxyWish("set", SERVER)),
        ({"state": "set", "server": "b\u00fccher.example:80"}, ProxyWish("set", "xn--bcher-kva.example:80")),
        ({"state": "set", "server": "10.0.0.1:3128"}, ProxyWish("set", "10.0.0.1:3128")),
        ({"state": "set", "server": "[2001:DB8::1]:80"}, ProxyWish("set", "[2001:db8::1]:80")),
        ({"state": "set", "server": SERVER, "bypass": []}, ProxyWish("set", SERVER)),
        (
            {"state": "set", "server": SERVER, "bypass": ["*.Example", "<LOCAL>", "10.*", "[::1]"]},
            ProxyWish("set", SERVER, ("*.example", "<local>", "10.*", "[::1]")),
        ),
        ({"state": "set", "server": SERVER, "stacks": ["wininet", "WinHTTP"]}, ProxyWish("set", SERVER)),
        ({"state": "set", "server": "HTTP=a:1; https=b:2"}, ProxyWish("set", "http=a:1;https=b:2")),
        (
            {"state": "set", "server": "http=a:1;socks=b:2", "stacks": ["wininet"]},
            ProxyWish("set", "http=a:1;socks=b:2", (), ("wininet",)),
        ),
    ],
)
def test_taken(raw: object, wish: ProxyWish | None) -> None:
    assert parse_proxy(raw) == wish


def test_the_list_as_windows_keeps_it() -> None:
    assert ProxyWish("set", SERVER, ("*.example", "<local>")).bypass_text == "*.example;<local>"
    assert ProxyWish("off").bypass_text == ""


def of(**more: t.Any) -> dict[str, t.Any]:
    return {"state": "set", "server": SERVER, **more}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("off", "proxy: 'off' is not a dictionary."),
        ([], "proxy: a list is not a dictionary."),
        ({}, "proxy: the key state is missing; it is set or off."),
        ({"state": "on"}, "proxy.state: 'on' is not one of set or off."),
        ({"state": False}, "proxy.state: False is not one of set or off."),
        ({"state": "set"}, "proxy: state set needs a server, such as 'proxy.example:8080'."),
        ({"state": "off", "server": SERVER}, "proxy: the key server means nothing with state off; leave it out."),
        ({"state": "off", "bypass": []}, "proxy: the key bypass means nothing with state off; leave it out."),
        (of(port=1), "proxy: there is no key 'port' here, only state, server, bypass or stacks."),
        (of(server=""), "proxy.server: '' is not a proxy such as 'proxy.example:8080'."),
        (of(server=8080), "proxy.server: 8080 is not a proxy such as 'proxy.example:8080'."),
        (of(server="p"), "proxy.server: 'p' is not a host and a port, such as 'proxy.example:8080'."),
        (of(server="p:0"), "proxy.server: 'p:0' is not a host and a port, such as 'proxy.example:8080'."),
        (of(server="p:65536"), "proxy.server: 'p:65536' is not a host and a port, such as 'proxy.example:8080'."),
        (
            of(server="::1:80"),
            "proxy.server: '::1:80' needs brackets around its address, such as '[2001:db8::1]:8080'.",
        ),
        (of(server="http://p:80"), "proxy.server: 'http://p' is neither a DNS name nor an IP address."),
        (of(server="a:1;b:2"), "proxy.server: 'a:1;b' is neither a DNS name nor an IP address."),
        (of(server="p\n:80"), "proxy.server: 'p\\n' is neither a DNS name nor an IP address."),
        (of(server="http=a:1;b:2"), "proxy.server: 'b:2' lacks its scheme, such as 'http=proxy.example:8080'."),
        (of(server="socks=a:1"), "proxy.server: 'socks' is not one of http or https."),
        (of(server="http=a:1;http=b:2"), "proxy.server: 'http' is named twice."),
        (of(bypass="*.x"), "proxy.bypass: '*.x' is not a list."),
        (of(bypass=[1]), "proxy.bypass: 1 is not a text."),
        (of(bypass=["a;b"]), "proxy.bypass: 'a;b' is not a pattern such as '*.example' or '<local>'."),
        (of(bypass=[""]), "proxy.bypass: '' is not a pattern such as '*.example' or '<local>'."),
        (of(bypass=["b\u00fc"]), "proxy.bypass: 'b\u00fc' is not a pattern such as '*.example' or '<local>'."),
        (of(bypass=["a\n"]), "proxy.bypass: 'a\\n' is not a pattern such as '*.example' or '<local>'."),
        (of(bypass=["a", "A"]), "proxy.bypass: 'a' is named twice."),
        (
            of(bypass=[f"{number:0200}" for number in range(10)]),
            "proxy.bypass: the list has 2009 characters, and 2000 is the most that it may have.",
        ),
        (of(stacks=[]), "proxy.stacks: the list is empty; leave the key out where nothing is known."),
        (of(stacks=["ie"]), "proxy.stacks: 'ie' is not one of winhttp or wininet."),
        (of(stacks=["winhttp", "winhttp"]), "proxy.stacks: 'winhttp' is named twice."),
    ],
)
def test_refused(raw: object, message: str) -> None:
    with pytest.raises(OptionError, match=f"^{re.escape(message)}$"):
        parse_proxy(raw)


@pytest.mark.parametrize("server", ["http://me:hunter2@p:80", "me:hunter2@p:80", "http=me:hunter2@p:1"])
def test_a_password_is_refused_and_not_repeated(server: str) -> None:
    with pytest.raises(OptionError, match="a name or a password") as refused:
        parse_proxy(of(server=server))
    assert "hunter2" not in str(refused.value)


TEXTS = st.text(max_size=20) | st.from_regex(r"[a-z.=;:@\[\]0-9<>*]{0,20}", fullmatch=True)


@given(st.fixed_dictionaries({"state": st.just("set"), "server": TEXTS, "bypass": st.lists(TEXTS, max_size=3)}))
def test_whatever_is_taken_is_harmless_and_taken_again(raw: dict[str, t.Any]) -> None:
    try:
        wish = parse_proxy(raw)
    except OptionError:
        return
    assert wish is not None
    for text in (wish.server, wish.bypass_text):
        assert re.fullmatch(r"[a-z0-9.:;=*_<>\[\]-]*", text)
    assert parse_proxy({"state": "set", "server": wish.server, "bypass": list(wish.bypass)}) == wish
