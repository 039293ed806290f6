# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a verification tries, and what came of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Acceptance, Protocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Outcome


@dataclass(frozen=True, slots=True)
class Wanting:
    """Who wants a server, and what the audit says of that route as it is now."""

    user: str
    client: str
    account: str
    audit: Outcome


@dataclass(frozen=True, slots=True)
class VerifyTarget:
    """One server at one port, once however many accounts want it. ``server``: as accounts and the operator name it."""

    server: str
    port: int
    protocol: str
    security: Security
    accepts: Acceptance
    wanted_by: tuple[Wanting, ...]


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """The certificate that the controller was shown. ``trusted``: by the controller's own store, name and dates too.

    ``not_before``, ``not_after``: UTC, ISO 8601. ``thumbprint``: SHA-1, 40 upper-case hex digits.
    """

    trusted: bool
    trust_error: str
    thumbprint: str
    names: tuple[str, ...] = ()
    not_before: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True)
class ControllerAnswer:
    """A handshake of the controller. ``error`` None: it was finished, or, for clear text, the server greeted.

    ``tried`` False: nothing was sent, and ``error`` says why. ``versions``: those in which handshakes were finished,
    the one of the first handshake first; ``suite``: of that one, its IANA name.
    """

    stack: str
    error: str | None = None
    versions: tuple[Protocol, ...] = ()
    suite: str = ""
    certificate: SeenCertificate | None = None
    tried: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """What WinHTTP on the host said: the status of an answer in HTTP, or the HRESULT (unsigned) of an error."""

    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class HostReport:
    """What came of asking the host's own SCHANNEL.

    ``why_unusable``: "" where it could be asked. ``replies``: by ``server:port``; what is missing did not come back.
    ``folders``: made below the Windows folder and removed again; ``left_behind``: those of which nobody saw that they
    were removed.
    """

    why_unusable: str = ""
    replies: tuple[tuple[str, Reply], ...] = ()
    folders: tuple[str, ...] = ()
    left_behind: tuple[str, ...] = ()

    def reply(self, address: str) -> Reply | None:
        """What was said of that ``server:port``."""
        return dict(self.replies).get(address)


class Proof(str, enum.Enum):
    """What an answer of the host's WinHTTP proves for the SCHANNEL that its mail clients use."""

    WORKS = "works"
    FAILS = "fails"
    NOTHING = "nothing"
