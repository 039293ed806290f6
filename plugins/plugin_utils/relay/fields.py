# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fields of a relay as operators, and audits, write them. What passes here may stand in a configuration file.

Every pattern is closed: no field can hold a line break, a bracket (but those of an IPv6 address, which are taken off),
a semicolon or a number sign, so none can begin a section, an option or a comment.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError, quoted
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host

#: Also the instance of a systemd unit and the name of a chain of nftables.
NAME: t.Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_PATH: t.Final = re.compile(r"(?:/[A-Za-z0-9_.+-]{1,80}){1,12}")
_PORT: t.Final = re.compile(r"[0-9]{1,5}")
_SUITE: t.Final = re.compile(r"[A-Z0-9_]{1,80}")
_ADDRESS: t.Final = re.compile(r"[0-9A-Fa-f.:]{2,45}")
_NETWORK: t.Final = re.compile(r"[0-9A-Fa-f.:]{2,45}(?:/[0-9]{1,3})?")

#: Every address of the machine → where the machine itself finds what listens there.
WILDCARDS: t.Final[Mapping[str, str]] = {"0.0.0.0": "127.0.0.1", "::": "::1"}

#: Reads a field: (option, as it came) → what it says. Raises OptionError.
Reader = Callable[[str, t.Any], t.Any]
Address = t.Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = t.Union[ipaddress.IPv4Network, ipaddress.IPv6Network]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A host (DNS name or IP address in its usual form, without brackets) and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        """``host:port``, as people write it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def several(read: Reader, most: int) -> Reader:
    """A reader of a list, or of one entry: each by ``read``, none twice, at most ``most``."""

    def reader(option: str, raw: t.Any) -> tuple[t.Any, ...]:
        given = [raw] if isinstance(raw, str) else raw
        if not isinstance(given, (list, tuple)):
            raise OptionError(f"{option}: {quoted(raw)} is not a list.")
        if len(given) > most:
            raise OptionError(f"{option}: {len(given)} entries are more than {most}.")
        return tuple(dict.fromkeys(read(option, one) for one in given))

    return reader


def reaches(network: Network, host: str) -> bool:
    """Whether clients of that network speak the version of IP of that address. "::" takes IPv4 too, as Linux has it."""
    return host == "::" or network.version == version_of(host)


def version_of(host: str) -> int:
    """4 or 6, of an IP address."""
    return 6 if ":" in host else 4


def port(option: str, raw: object) -> int:
    """A port; templates turn numbers into texts, so digits will do. Raises OptionError."""
    number = int(raw) if isinstance(raw, str) and _PORT.fullmatch(raw) and raw.isascii() else raw
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 65535:
        raise OptionError(f"{option}: {quoted(raw)} is not a port from 1 to 65535.")
    return int(number)


def address(option: str, raw: object) -> Address:
    """An IP address of this machine's own kind: no zone, no IPv4 in IPv6's clothes. Raises OptionError."""
    if isinstance(raw, str) and _ADDRESS.fullmatch(raw):
        try:
            found = ipaddress.ip_address(raw)
        except ValueError:
            found = None
        if found is not None and not (found.version == 6 and found.ipv4_mapped) and not found.is_multicast:
            return found
    raise OptionError(f"{option}: {quoted(raw)} is not an IP address that one can listen on.")


def endpoint(option: str, raw: object) -> Endpoint:
    """``host:port``, IPv6 addresses in brackets. Raises OptionError."""
    host, colon, number = raw.rpartition(":") if isinstance(raw, str) else ("", "", "")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        raise OptionError(f"{option}: {quoted(raw)} is not host:port (an IPv6 address stands in brackets).")
    return Endpoint(parse_host(option, host), port(option, number))


def listener(option: str, raw: object) -> Endpoint:
    """``address:port`` to listen on: an address, since a name could mean several. Raises OptionError."""
    found = endpoint(option, raw)
    return Endpoint(str(address(option, found.host)), found.port)


def network(option: str, raw: object) -> Network:
    """One CIDR, or one address. Raises OptionError."""
    if not isinstance(raw, str) or not _NETWORK.fullmatch(raw):
        raise OptionError(f"{option}: {quoted(raw)} is not a network such as 192.0.2.0/24.")
    try:
        loose = ipaddress.ip_network(raw, strict=False)
    except ValueError:
        raise OptionError(f"{option}: {quoted(raw)} is not a network such as 192.0.2.0/24.") from None
    try:
        return ipaddress.ip_network(raw)
    except ValueError:
        raise OptionError(f"{option}: {quoted(raw)} is an address inside a network; write {loose}.") from None


def path(option: str, raw: object) -> str:
    """An absolute path on the relay, of plain characters, that does not wander. Raises OptionError."""
    if not isinstance(raw, str) or not _PATH.fullmatch(raw) or {".", ".."} & set(raw.split("/")):
        raise OptionError(f"{option}: {quoted(raw)} is not an absolute path of letters, digits and _ . + - only.")
    return str(raw)


def suite(option: str, raw: object) -> str:
    """The IANA name of a cipher suite. Raises OptionError."""
    if not isinstance(raw, str) or not _SUITE.fullmatch(raw):
        raise OptionError(f"{option}: {quoted(raw)} is not the name of a cipher suite such as TLS_RSA_WITH_...")
    return str(raw)
