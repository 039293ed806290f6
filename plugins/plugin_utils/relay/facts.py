# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of the machine that is to be a relay, and why it may be no place for some relays."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import boolean, mapping, quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import places
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import Endpoint
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.refusals import overlap
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.specification import Relay, RelayError


@dataclass(frozen=True, slots=True)
class Platform:
    """Where a family of distributions keeps things, and the first release that forbids TLS 1.0 altogether (or None)."""

    ca_file: str
    program: str
    package: str
    no_tls10_since: int | None


PLATFORMS: t.Final[Mapping[str, Platform]] = {
    "Debian": Platform("/etc/ssl/certs/ca-certificates.crt", "/usr/bin/stunnel", "stunnel4", None),
    # In EL 9 the minimum is TLS 1.2 in every crypto policy, LEGACY included:
    # https://access.redhat.com/documentation/en-us/red_hat_directory_server/12/html/securing_red_hat_directory_server/
    "RedHat": Platform("/etc/pki/tls/certs/ca-bundle.crt", "/usr/bin/stunnel", "stunnel", 9),
}
#: sslVersionMin exists since 5.50: https://www.stunnel.org/NEWS.html
_OLDEST: t.Final = (5, 50)
_VERSION: t.Final = re.compile(r"(?m)(?:^|\bstunnel |\[\.\] stunnel )([0-9]{1,3})\.([0-9]{1,3})\b")
_LISTENER: t.Final = re.compile(r"LISTEN\s+\d+\s+\d+\s+(\S+):(\d{1,5})\s")
_UNIT: t.Final = re.compile(r"([A-Za-z0-9@_.-]+\.(?:service|socket|scope))")


@dataclass(frozen=True, slots=True)
class Taken:
    """A listener that is there already, and the unit that holds it ("" where that is not known)."""

    endpoint: Endpoint
    unit: str


@dataclass(frozen=True, slots=True)
class Facts:
    """``family``: "Debian" or "RedHat"; ``release``: major version; ``crypto_policy``: of EL, None where not known."""

    family: str
    release: int | None
    stunnel: tuple[int, int] | None
    crypto_policy: str | None
    fips: bool
    taken: tuple[Taken, ...]

    @property
    def platform(self) -> Platform:
        """Where things are."""
        return PLATFORMS[self.family]


def parse_facts(raw: object, own: str = places.INSTANCE) -> Facts:
    """Facts as Ansible gathers them (``os_family``, ``distribution_major_version``, ``fips``; others are ignored), with

    ``stunnel``: a version, or what ``stunnel -version`` prints; ``crypto_policy``: what ``update-crypto-policies
    --show`` prints; ``listening``: what ``ss -Hltn --cgroup`` prints, as text or as lines. Listeners of units that
    begin with ``own`` take nothing from anybody. Raises RelayError.
    """
    given = mapping("facts", raw)
    family = given.get("os_family")
    if family not in PLATFORMS:
        raise RelayError(f"facts: os_family: {quoted(family)} is none of those that a relay runs on: Debian, RedHat.")
    release = str(given.get("distribution_major_version") or "")
    policy = given.get("crypto_policy")
    return Facts(
        family=str(family),
        release=int(release) if re.fullmatch("[0-9]{1,3}", release) else None,
        stunnel=_version(given.get("stunnel")),
        crypto_policy=str(policy).strip().upper() or None if policy is not None else None,
        fips=boolean("facts: fips", given.get("fips") or False),
        taken=tuple(_listening(given.get("listening"), own)),
    )


def _version(raw: object) -> tuple[int, int] | None:
    if raw is None:
        return None
    found = _VERSION.search(str(raw))
    if found is None:
        raise RelayError(f"facts: stunnel: {quoted(raw)} holds no version of stunnel.")
    return int(found.group(1)), int(found.group(2))


def _listening(raw: object, own: str) -> Iterator[Taken]:
    lines = raw.splitlines() if isinstance(raw, str) else raw if isinstance(raw, (list, tuple)) else ()
    for line in lines:
        found = _LISTENER.match(str(line) + " ")
        if found is None or f"/{own}" in str(line):
            continue
        host = found.group(1).partition("%")[0].strip("[]").replace("*", "::")
        unit = _UNIT.search(str(line)[found.end() :])
        yield Taken(Endpoint(host, int(found.group(2))), unit.group(1) if unit else "")


def refusals(relays: Collection[Relay], facts: Facts) -> Iterator[str]:
    """Every reason why this machine is no place for these relays."""
    if facts.stunnel is not None and facts.stunnel < _OLDEST:
        found, oldest = (".".join(map(str, version)) for version in (facts.stunnel, _OLDEST))
        yield f"facts: stunnel: {found} cannot be told to keep to TLS 1.2; {oldest} or newer is needed."
    for relay in relays:
        for taken in facts.taken:
            if overlap(taken.endpoint, relay.listen):
                by = f" by {taken.unit}" if taken.unit else ""
                yield f"relay {relay.name}: listen: {relay.listen} cannot be had: {taken.endpoint} is taken{by}."
        why = _no_legacy(facts) if relay.legacy else ""
        if why:
            yield f"relay {relay.name}: inbound: {relay.inbound.value} cannot be: {why}"


def _no_legacy(facts: Facts) -> str:
    """Why TLS 1.0 cannot be accepted there, or ""."""
    since = facts.platform.no_tls10_since
    if facts.fips:
        return "the machine is in FIPS mode, which forbids TLS 1.0; use another machine, or clear."
    if since is None:
        return ""
    if facts.release is None or facts.release >= since:
        release = f"EL {facts.release}" if facts.release is not None else "an EL of unknown release"
        return (
            f"{release} forbids TLS 1.0 in every crypto policy (from EL {since} on); use Debian, Ubuntu or EL 8 with"
            " the policy LEGACY, or clear."
        )
    if facts.crypto_policy is None or facts.crypto_policy.partition(":")[0] != "LEGACY":
        found = quoted(facts.crypto_policy) if facts.crypto_policy is not None else "not known"
        return f"EL {facts.release} accepts TLS 1.0 with the crypto policy LEGACY only, and it is {found}."
    return ""


def checked(relays: tuple[Relay, ...], facts: Facts) -> tuple[Relay, ...]:
    """The same relays. Raises RelayError where this machine is no place for one of them."""
    for reason in refusals(relays, facts):
        raise RelayError(reason)
    return relays
