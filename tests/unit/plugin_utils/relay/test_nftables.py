# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence: its text, and what a real kernel does with it."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import typing as t
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.nftables import ruleset
from tests.support.relays import relay

HEAD = """\
#!/usr/sbin/nft -f
# Written by mailfleet.client.tls_relay, which overwrites it.
table inet mailfleet_relay
delete table inet mailfleet_relay
"""
WHOLE = """
table inet mailfleet_relay {
    counter refused-a { }
    counter refused-b { }

    chain relay-a {
        ip saddr { 192.0.2.0/24, 198.51.100.7/32 } return
        counter name "refused-a" drop
    }

    chain relay-b {
        ip saddr { 10.0.0.0/8 } return
        ip6 saddr { 2001:db8::/32 } return
        counter name "refused-b" drop
    }

    chain input {
        type filter hook input priority -10; policy accept;
        iif "lo" return
        ip daddr 192.0.2.10 tcp dport 2587 jump relay-a
        tcp dport 2588 jump relay-b
    }

    chain output {
        type filter hook output priority -10; policy accept;
        meta skuid 0 return
        oif "lo" ip daddr 192.0.2.10 tcp dport 2587 jump relay-a
        oif "lo" tcp dport 2588 jump relay-b
    }
}
""".replace("    ", "\t")


def test_the_whole_file() -> None:
    relays = [
        relay(name="a", allow=["198.51.100.7", "192.0.2.0/24"]),
        relay(name="b", listen="[::]:2588", any_address=True, allow=["10.1.0.0/16", "10.0.0.0/8", "2001:db8::/32"]),
    ]
    assert ruleset(relays) == HEAD + WHOLE


def test_without_relays_the_table_goes() -> None:
    assert ruleset(()) == HEAD


def test_another_role_has_a_table_and_a_name_of_its_own() -> None:
    text = ruleset([relay()], "inet other", "smtp_relay")
    assert [line for line in text.splitlines() if "inet" in line] == [
        "table inet other",
        "delete table inet other",
        "table inet other {",
    ]
    assert "# Written by mailfleet.client.smtp_relay, which" in text
    assert "tls_relay" not in text


@pytest.mark.parametrize(
    ("listen", "rule"),
    [
        ("192.0.2.10:25", "ip daddr 192.0.2.10 tcp dport 25"),
        ("[2001:db8::10]:2587", "ip6 daddr 2001:db8::10 tcp dport 2587"),
        ("0.0.0.0:2587", "meta nfproto ipv4 tcp dport 2587"),
        ("[::]:2587", "tcp dport 2587"),
    ],
)
def test_a_listener(listen: str, rule: str) -> None:
    allow = ["2001:db8::/32"] if "[" in listen else ["192.0.2.0/24"]
    assert f"\n\t\t{rule} jump relay-submission\n" in ruleset([relay(listen=listen, allow=allow, any_address=True)])


#: Runs in a network of its own, as root there: loads the rules, listens, and tries every source against every target.
#: Where ``outside`` has addresses, a second network with these tries, over a cable: [address, the machine's own].
PROGRAM = textwrap.dedent(
    """
    import json, socket, subprocess, sys
    task = json.loads(sys.argv[1])

    def tried():
        for source, host, port in task["tries"]:
            try:
                socket.create_connection((host, port), 0.4, (source, 0)).close()
                yield True
            except TimeoutError:
                yield False

    def cable(end, *addresses):
        for one in addresses:
            subprocess.run(["ip", "addr", "add", one, "dev", end], check=True)
        subprocess.run(["ip", "link", "set", end, "up"], check=True)

    if task.get("outsider"):
        print("here", flush=True)
        sys.stdin.readline()
        cable("there", *[address for address, _own in task["outside"]])
        subprocess.run(["nft", "-f", "-"], check=True, text=True, input=task["outsider"])
        print(json.dumps(list(tried())))
        sys.exit()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for one in task["more"]:
        subprocess.run(["ip", "addr", "add", one + "/128", "dev", "lo", "nodad"], check=True)
    for path in task["rules"]:
        subprocess.run(["nft", "-f", path], check=True)
    kept = []
    for host, port in task["listen"]:
        kept.append(socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET))
    if task["outside"]:
        told = json.dumps({**task, "outsider": sys.argv[3]})
        other = subprocess.Popen(["unshare", "--net", sys.executable, "-c", sys.argv[2], told], text=True,
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        other.stdout.readline()
        pair = ["here", "type", "veth", "peer", "there", "netns", str(other.pid)]
        subprocess.run(["ip", "link", "add", *pair], check=True)
        cable("here", *[own for _address, own in task["outside"]])
        found = json.loads(other.communicate("go\\n")[0])
    else:
        found = list(tried())
    counters = json.loads(subprocess.run(["nft", "-j", "list", "counters"], check=True, capture_output=True).stdout)
    named = {one["counter"]["name"]: one["counter"]["packets"] for one in counters["nftables"] if "counter" in one}
    tables = subprocess.run(["nft", "list", "tables"], check=True, capture_output=True, text=True).stdout.split("\\n")
    print(json.dumps({"found": found, "counters": named, "tables": [one for one in tables if one]}))
    """
)
NEEDS = pytest.mark.needs("nft", "unshare", "ip")
#: What somebody elsewhere can do to his own packets. Marks and users do not travel.
MARKS = """
table ip marks {
    chain output {
        type filter hook output priority 0; policy accept;
        meta mark set 0xffffffff
    }
}
"""


def in_a_kernel(folder: Path, texts: t.Sequence[str], **task: t.Any) -> dict[str, t.Any]:
    """What came of it, in a network namespace that goes away with the program."""
    rules = []
    for number, text in enumerate(texts):
        rules.append(str(folder / f"{number}.nft"))
        Path(rules[-1]).write_text(text, encoding="ascii")
    given = json.dumps({"more": [], "listen": [], "tries": [], "outside": [], **task, "rules": rules})
    command = ["unshare", "--map-root-user", "--net", sys.executable, "-c", PROGRAM, given, PROGRAM, MARKS]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, done.stderr
    answer: dict[str, t.Any] = json.loads(done.stdout)
    return answer


def for_another_user(text: str) -> str:
    """The same rules for root of a name space as for anybody but root: another user is not to be had in each."""
    assert "meta skuid 0 return" in text
    return text.replace("meta skuid 0 return", "meta skuid 12345 return")


@NEEDS
def test_a_kernel_lets_in_other_users_of_the_machine_that_are_allowed_and_nobody_else(tmp_path: Path) -> None:
    relays = [
        relay(name="a", listen="127.10.0.1:2587", allow=["127.20.0.0/16"]),
        relay(name="b", listen="[fd00::10]:2587", allow=["fd00::20/124"]),
        relay(name="c", listen="0.0.0.0:2590", any_address=True, allow=["127.30.0.1"], inbound="legacy_tls"),
    ]
    listen = [("127.10.0.1", 2587), ("fd00::10", 2587), ("0.0.0.0", 2590), ("127.10.0.2", 2587)]
    table = [
        (("127.20.0.1", "127.10.0.1", 2587), True),
        (("127.21.0.1", "127.10.0.1", 2587), False),
        (("127.0.0.1", "127.10.0.1", 2587), False),
        (("127.30.0.1", "127.10.0.1", 2587), False),
        (("fd00::21", "fd00::10", 2587), True),
        (("fd00::41", "fd00::10", 2587), False),
        (("127.30.0.1", "127.99.0.1", 2590), True),
        (("127.20.0.1", "127.99.0.1", 2590), False),
        # What is not a relay's is not our business.
        (("127.0.0.1", "127.10.0.2", 2587), True),
    ]
    tries = [one for one, _allowed in table]
    answer = in_a_kernel(
        tmp_path,
        [for_another_user(ruleset(relays))],
        more=["fd00::10", "fd00::21", "fd00::41"],
        listen=listen,
        tries=tries,
    )
    assert dict(zip(tries_named(tries), answer["found"], strict=True)) == dict(
        zip(tries_named(tries), [allowed for _one, allowed in table], strict=True)
    )
    assert set(answer["counters"]) == {"refused-a", "refused-b", "refused-c"}
    assert all(count > 0 for count in answer["counters"].values())


@NEEDS
def test_a_kernel_lets_in_root_of_the_machine_itself(tmp_path: Path) -> None:
    relays = [relay(name="a", listen="127.10.0.1:2587", allow=["127.20.0.0/16"])]
    tries = [("127.20.0.1", "127.10.0.1", 2587), ("127.0.0.1", "127.10.0.1", 2587)]
    answer = in_a_kernel(tmp_path, [ruleset(relays)], listen=[("127.10.0.1", 2587)], tries=tries)
    assert (answer["found"], answer["counters"]) == ([True, True], {"refused-a": 0})
    answer = in_a_kernel(tmp_path, [for_another_user(ruleset(relays))], listen=[("127.10.0.1", 2587)], tries=tries)
    assert answer["found"] == [True, False]


@NEEDS
def test_a_kernel_asks_everybody_else_where_they_come_from(tmp_path: Path) -> None:
    """Root elsewhere is nobody here, whatever it writes onto its packets."""
    relays = [
        relay(name="a", listen="10.9.0.1:2587", allow=["10.9.0.2"]),
        relay(name="b", listen="[fd00::1]:2587", allow=["fd00::2"]),
    ]
    outside = [("10.9.0.2/24", "10.9.0.1/24"), ("10.9.0.3/24", "10.9.0.4/24"), ("fd00::2/64", "fd00::1/64")]
    tries = [("10.9.0.2", "10.9.0.1", 2587), ("10.9.0.3", "10.9.0.1", 2587), ("10.9.0.3", "10.9.0.4", 2588)]
    answer = in_a_kernel(
        tmp_path, [ruleset(relays)], listen=[("0.0.0.0", 2587), ("0.0.0.0", 2588)], tries=tries, outside=outside
    )
    assert (answer["found"], answer["counters"]["refused-a"] > 0) == ([True, False, True], True)


def tries_named(tries: t.Iterable[tuple[str, str, int]]) -> list[str]:
    return [f"{source} to {host} {port}" for source, host, port in tries]


@NEEDS
def test_the_file_can_be_loaded_again_and_leaves_other_tables_alone(tmp_path: Path) -> None:
    others = "table inet other {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t}\n}\n"
    one, two = ruleset([relay(name="a")]), ruleset([relay(name="b", listen="192.0.2.11:2587")])
    answer = in_a_kernel(tmp_path, [others, one, one, two])
    assert answer == {
        "found": [],
        "counters": {"refused-b": 0},
        "tables": ["table inet other", "table inet mailfleet_relay"],
    }
    assert in_a_kernel(tmp_path, [others, one, ruleset(())])["tables"] == ["table inet other"]


NETWORKS = st.lists(
    st.ip_addresses(v=4).map(str) | st.integers(1, 32).map(lambda bits: f"0.0.0.0/{bits}"), min_size=1, max_size=9
)


@NEEDS
def test_a_kernel_takes_whatever_may_be_allowed(tmp_path: Path) -> None:
    """Networks within others, neighbours, and many of them: sets of nftables do not like what overlaps."""
    allow = [
        "10.0.0.0/8",
        "10.0.0.0/9",
        "10.128.0.0/9",
        "192.0.2.1",
        "192.0.2.0/31",
        *(f"172.16.{n}.{n}" for n in range(256)),
    ]
    relays = [relay(name="a", allow=allow), relay(name="0" * 32, listen="192.0.2.10:2588", allow=allow)]
    assert set(in_a_kernel(tmp_path, [ruleset(relays)])["counters"]) == {"refused-a", "refused-" + "0" * 32}


@given(NETWORKS)
def test_every_set_holds_what_is_allowed_once(allow: list[str]) -> None:
    text = ruleset([relay(allow=allow, any_source=True)])
    (line,) = [line for line in text.splitlines() if " saddr " in line]
    inside = line[line.index("{") + 1 : line.index("}")].split(",")
    assert len(set(inside)) == len(inside)
    assert text.count("{") == text.count("}")
