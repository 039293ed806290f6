# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does one firewall rule apply to one mail connection? Yes, no, or nobody here can tell.

All conditions of a rule are joined by AND, and an absent one is no condition: [MS-FASP] 2.2.37,
[MS-GPFAS] 2.2.2.19. https://learn.microsoft.com/openspecs/windows_protocols/ms-fasp/
"""

from __future__ import annotations

import enum
import ipaddress
import re
import typing as t
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.firewall import (
    Action,
    Direction,
    FirewallRule,
    Profile,
)

#: IANA protocol number of TCP, and MS-FASP's number for "any".
TCP: t.Final = 6
ANY_PROTOCOL: t.Final = 256

#: Clients connect from ephemeral ports. ``netsh int ipv4 set dynamicport`` can move their range, but not below this.
_LOWEST_EPHEMERAL: t.Final = 1024
_HIGHEST_PORT: t.Final = 65535

#: Keywords of RPort for IP over HTTPS and over TLS: [MS-FASP] 2.2.37.
_HTTPS: t.Final = 443
_HTTPS_WORDS: t.Final = frozenset({"iphttpsout", "iptlsout"})

_Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]


class Match(enum.Enum):
    """Whether a rule applies. MAYBE: it is limited in a way that what was read does not decide."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Traffic:
    """One TCP connection of a mail client.

    ``program``: full path or bare file name of the client, None for any client that no rule names.
    ``host``: name or address of the server, None where any server is meant.
    """

    program: str | None
    port: int
    host: str | None = None


@dataclass(frozen=True, slots=True)
class Matching:
    """The answer for one rule. ``why`` names what could not be decided (empty unless MAYBE)."""

    match: Match
    why: str = ""


_YES: t.Final = Matching(Match.YES)
_NO: t.Final = Matching(Match.NO)


def _maybe(why: str) -> Matching:
    return Matching(Match.MAYBE, why)


def _known(applies: bool) -> Matching:
    return _YES if applies else _NO


def is_bypass(rule: FirewallRule) -> bool:
    """True for a rule that lets authenticated traffic pass before any block rule: [MS-FASP] 2.2.34, 2.2.35."""
    overrides = any(n.casefold() == "authbypassout" and v.casefold() == "true" for n, v in rule.fields)
    return rule.action is Action.BYPASS or (rule.action is Action.ALLOW and overrides)


def concerns_mail(rule: FirewallRule) -> bool:
    """False for rules that can never meet a mail client; most rules of a host are such, and are dropped once."""
    desktop = rule.active and not rule.app_container and rule.service is None
    return desktop and rule.direction is not Direction.IN and rule.protocol in (None, TCP, ANY_PROTOCOL)


def match_rule(rule: FirewallRule, traffic: Traffic, profile: Profile) -> Matching:
    """Does this rule apply to that connection while that profile is active?

    One condition that is not met makes it NO, whatever the others say; else one that cannot be decided makes it MAYBE.
    """
    doubts = []
    for condition in _conditions(rule, traffic, profile):
        if condition.match is Match.NO:
            return _NO
        if condition.match is Match.MAYBE:
            doubts.append(condition.why)
    return _maybe("; ".join(doubts)) if doubts else _YES


def _conditions(rule: FirewallRule, traffic: Traffic, profile: Profile) -> Iterator[Matching]:
    """The cheap and decisive conditions come first: a host has hundreds of rules."""
    yield _known(concerns_mail(rule))
    yield _profile(rule, profile)
    yield _remote_ports(rule, traffic.port)
    yield _program(rule.app, traffic.program)
    yield _local_ports(rule.local_ports)
    yield _addresses(rule.remote_addresses, traffic.host, "remote addresses")
    yield _addresses(rule.local_addresses, None, "local addresses")
    yield _authentication(rule)
    if rule.direction is None:
        yield _maybe("it names no direction")
    if rule.users:
        yield _maybe("it is limited to some users")
    opaque = [name for name in rule.opaque if not _is_remote_port(name)]
    if opaque:
        yield _maybe("it is limited by " + ", ".join(opaque))


def _is_remote_port(name: str) -> bool:
    """Their keywords are judged with the ports, and not as limits that nobody can decide."""
    return name[:5].casefold() == "rport"


def _profile(rule: FirewallRule, profile: Profile) -> Matching:
    """A rule that also names a profile nobody knows may be meant for any."""
    if not rule.profiles or profile in rule.profiles:
        return _YES
    return _maybe("it names an unknown profile") if "profile" in map(str.casefold, rule.opaque) else _NO


def _remote_ports(rule: FirewallRule, port: int) -> Matching:
    """The keywords of ``RPort`` that Windows itself uses stand for HTTPS; another one may stand for any port."""
    if rule.remote_ports is None or any(low <= port <= high for low, high in rule.remote_ports):
        return _YES
    if not any(_is_remote_port(name) for name in rule.opaque):
        return _NO
    words = [value for name, value in rule.fields if _is_remote_port(name) and not value[:1].isdigit()]
    if port != _HTTPS and all(word.casefold() in _HTTPS_WORDS for word in words):
        return _NO
    return _maybe(f"it is limited to the remote ports {', '.join(words)}")


def _local_ports(ranges: tuple[tuple[int, int], ...] | None) -> Matching:
    """A client's own port is ephemeral, so ``LPort=25`` in an outbound rule never meets a mail client."""
    if ranges is None:
        return _YES
    if all(high < _LOWEST_EPHEMERAL for _low, high in ranges):
        return _NO
    if _covers(sorted(ranges), ((_LOWEST_EPHEMERAL, _HIGHEST_PORT),)):
        return _YES
    return _maybe("it is limited to some local ports")


def _authentication(rule: FirewallRule) -> Matching:
    """``Security*`` asks for IPsec. Plain mail traffic has none, so such an allow rule does not open a port for it."""
    if is_bypass(rule):
        return _maybe("it lets IPsec-protected traffic pass, and IPsec policies are not read")
    if not rule.authenticated:
        return _YES
    return _NO if rule.action is Action.ALLOW else _maybe("it is limited to IPsec-protected traffic")


# --- programs ----------------------------------------------------------------------------------------------------

#: What the variables in ``App=`` stand for. Drive letters and the 32-bit twin are not known here, so patterns it is.
_PROGRAM_FILES: t.Final = r"[a-z]:\\program files(?: \(x86\))?"
_VARIABLES: t.Final = {
    "programfiles": _PROGRAM_FILES,
    "programfiles(x86)": _PROGRAM_FILES,
    "programw6432": _PROGRAM_FILES,
    "commonprogramfiles": _PROGRAM_FILES + r"\\common files",
    "commonprogramfiles(x86)": _PROGRAM_FILES + r"\\common files",
    "systemdrive": r"[a-z]:",
    "systemroot": r"[a-z]:\\win(?:dows|nt)",
    "windir": r"[a-z]:\\win(?:dows|nt)",
}
_VARIABLE: t.Final = re.compile(r"%([^%\\]*)%")


def _program(app: str | None, program: str | None) -> Matching:
    """Full paths are compared as such; where only the file name of either is known, file names are."""
    if app is None:
        return _YES
    if program is None:
        return _NO
    rule_path, our_path = _plain_path(app), _plain_path(program)
    same_file = _basename(rule_path) == _basename(our_path)
    if "\\" not in rule_path or "\\" not in our_path or not same_file:
        return _known(same_file)
    names = _VARIABLE.findall(rule_path)
    if "~" in rule_path + our_path or any(name not in _VARIABLES for name in names):
        return _maybe(f"the folder of its program {app} cannot be compared")
    return _known(re.fullmatch(_pattern(rule_path), our_path) is not None)


def _plain_path(path: str) -> str:
    return path.strip().strip('"').replace("/", "\\").casefold()


def _basename(path: str) -> str:
    return path.rpartition("\\")[2]


def _pattern(path: str) -> str:
    """A regular expression for a rule's path, in which every variable is one of _VARIABLES."""
    parts = _VARIABLE.split(path)
    return "".join(_VARIABLES[part] if index % 2 else re.escape(part) for index, part in enumerate(parts))


# --- addresses ---------------------------------------------------------------------------------------------------

#: All unicast IPv4 addresses a mail server can have; scripts often leave out 0/8, loopback and multicast, so do we.
_EVERYWHERE: t.Final = tuple(
    (int(ipaddress.IPv4Address(low)), int(ipaddress.IPv4Address(high)))
    for low, high in (("1.0.0.0", "126.255.255.255"), ("128.0.0.0", "223.255.255.254"))
)


def is_loopback(host: str | None) -> bool:
    """True for a server on the host itself."""
    if host is None:
        return False
    address = _literal(host)
    return address.is_loopback if address else host.rstrip(".").casefold() == "localhost"


def _literal(host: str) -> _Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def _addresses(limits: tuple[str, ...], host: str | None, what: str) -> Matching:
    """Is that host among these addresses? A name is not looked up: DNS here is not DNS there, nor DNS tomorrow.

    A list that covers every IPv4 address meets every server that is known by name: IPv4 is what all of them have.
    """
    if not limits:
        return _YES
    address = _literal(host) if host is not None else None
    spans = [span for limit in limits if (span := _span(limit))]
    if address is not None:
        inside = any(v == address.version and low <= int(address) <= high for v, low, high in spans)
        if inside or len(spans) == len(limits):
            return _known(inside)
    elif _covers(sorted((low, high) for v, low, high in spans if v == 4), _EVERYWHERE):
        return _YES
    return _maybe(f"it is limited to {what} " + ", ".join(limits[:4]) + (" ..." if len(limits) > 4 else ""))


def _span(limit: str) -> tuple[int, int, int] | None:
    """(IP version, first, last) of ``a``, ``a-b``, ``net/prefix`` or ``net/mask``; None for a keyword or garbage."""
    try:
        first, dash, last = limit.strip().partition("-")
        if dash:
            low, high = ipaddress.ip_address(first.strip()), ipaddress.ip_address(last.strip())
            return (low.version, int(low), int(high)) if low.version == high.version else None
        network = ipaddress.ip_network(first, strict=False)
    except ValueError:
        return None
    return network.version, int(network.network_address), int(network.broadcast_address)


def _covers(have: Iterable[tuple[int, int]], wanted: Iterable[tuple[int, int]]) -> bool:
    """True where the sorted ranges ``have`` leave no gap in any range of ``wanted``."""
    ranges = list(have)
    return all(_gapless(ranges, low, high) for low, high in wanted)


def _gapless(ranges: list[tuple[int, int]], low: int, high: int) -> bool:
    reached = low
    for first, last in ranges:
        if first > reached:
            break
        reached = max(reached, last + 1)
    return reached > high
