# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handshakes of the controller with mail servers: TLS as the controller's own programs do it, nothing forced.

At most three connections a server: one that checks the certificate; where that fails, one that does not; and where
TLS 1.3 was chosen, one without it, since few of the hosts have it.
"""

from __future__ import annotations

import concurrent.futures
import re
import ssl
import typing as t
from collections.abc import Sequence

from ansible_collections.mailfleet.client.plugins.module_utils import mail_dialogue, tls_channel, x509
from ansible_collections.mailfleet.client.plugins.module_utils.tls_offer import Deadline, ProbeError
from ansible_collections.mailfleet.client.plugins.module_utils.tls_suites import IANA_NAMES
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical, is_address
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import Protocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.verification import (
    ControllerAnswer,
    SeenCertificate,
    VerifyTarget,
)

STACK: t.Final = ssl.OPENSSL_VERSION
#: What Python's ssl calls the versions.
_VERSIONS: t.Final = {
    "SSLv3": Protocol.SSL3,
    "TLSv1": Protocol.TLS10,
    "TLSv1.1": Protocol.TLS11,
    "TLSv1.2": Protocol.TLS12,
    "TLSv1.3": Protocol.TLS13,
}
_WORKERS: t.Final = 8
_HOST_NAME: t.Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}", re.ASCII)


class _Offer(ssl.SSLContext):
    """A client with this OpenSSL's own defaults, which remembers its last connection: that knows the version."""

    made: ssl.SSLObject | None = None

    def wrap_bio(self, *arguments: t.Any, **named: t.Any) -> ssl.SSLObject:
        """As ssl.SSLContext does."""
        self.made = super().wrap_bio(*arguments, **named)
        return self.made

    @property
    def version(self) -> Protocol | None:
        """The version of the last handshake."""
        return _VERSIONS.get((self.made.version() if self.made else None) or "")


def _offer(*, verify: bool, newest: ssl.TLSVersion | None = None, cafile: str | None = None) -> _Offer:
    made = _Offer(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = verify
    made.verify_mode = ssl.CERT_REQUIRED if verify else ssl.CERT_NONE
    if newest is not None:
        made.maximum_version = newest
    if verify and cafile:
        made.load_verify_locations(cafile)
    elif verify:
        made.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return made


def shake_all(
    targets: Sequence[VerifyTarget], timeout: float = 10.0, cafile: str | None = None
) -> tuple[ControllerAnswer, ...]:
    """One answer per target, in their order; several at the same time. Never raises for what a server does.

    :param timeout: seconds for one connection with its handshake.
    :param cafile: PEM file of roots to trust; the controller's own store where it is None.
    """
    if not targets:
        return ()
    with concurrent.futures.ThreadPoolExecutor(min(_WORKERS, len(targets))) as pool:
        return tuple(pool.map(lambda target: shake(target, timeout, cafile), targets))


def shake(target: VerifyTarget, timeout: float = 10.0, cafile: str | None = None) -> ControllerAnswer:
    """What the controller sees of one server; ``timeout`` and ``cafile`` as in :func:`shake_all`."""
    name = canonical(target.server)
    if not _HOST_NAME.fullmatch(name) and not is_address(name):
        return ControllerAnswer(STACK, "this is not the name of a host", tried=False)
    if not 1 <= target.port <= 65535:
        return ControllerAnswer(STACK, "this is not the number of a port", tried=False)
    if target.security is Security.UNKNOWN:
        return ControllerAnswer(STACK, "how the account's connection is protected is not known", tried=False)
    if target.security is Security.NONE:
        return _greeting(target, name, timeout)
    trust_error = ""
    offer = _offer(verify=True, cafile=cafile)
    try:
        try:
            channel = _handshake(target, name, offer, timeout)
        except ProbeError as error:
            if error.kind != "certificate":
                raise
            trust_error = error.message or "the controller does not trust the certificate"
            offer = _offer(verify=False)
            channel = _handshake(target, name, offer, timeout)
    except ProbeError as error:
        return ControllerAnswer(STACK, error.message)
    first = offer.version
    versions = (first,) if first else ()
    return ControllerAnswer(
        STACK,
        versions=(*versions, *(_older(target, name, timeout) if first is Protocol.TLS13 else ())),
        suite=IANA_NAMES.get(channel.suite or "", channel.suite or ""),
        certificate=_certificate(channel.chain, trust_error),
    )


def _older(target: VerifyTarget, name: str, timeout: float) -> tuple[Protocol, ...]:
    """The version that the server chooses for a client without TLS 1.3; nothing where it wants none."""
    offer = _offer(verify=False, newest=ssl.TLSVersion.TLSv1_2)
    try:
        _handshake(target, name, offer, timeout)
    except ProbeError:
        return ()
    return (offer.version,) if offer.version else ()


def _connect(target: VerifyTarget, name: str, timeout: float) -> tls_channel.Channel:
    deadline = Deadline(timeout)
    return tls_channel.connect(tls_channel.resolve(name, target.port, deadline), deadline)[0]


def _handshake(target: VerifyTarget, name: str, offer: ssl.SSLContext, timeout: float) -> tls_channel.Channel:
    """A handshake that was finished, after STARTTLS where that is how; the connection is closed. Raises ProbeError."""
    channel = _connect(target, name, timeout)
    try:
        if target.security is not Security.IMPLICIT:
            dialogue = mail_dialogue.DIALOGUES[target.protocol](channel)
            dialogue.greet()
            if not dialogue.capabilities().starttls:
                raise ProbeError("starttls_missing", "the server does not offer STARTTLS")
            dialogue.starttls()
            if dialogue.leftover():
                raise ProbeError("protocol", "clear text stands where TLS has to begin")
        channel.start_tls(offer, name)
    finally:
        channel.close()
    return channel


def _greeting(target: VerifyTarget, name: str, timeout: float) -> ControllerAnswer:
    """Clear text: all there is to see is that the server greets."""
    try:
        channel = _connect(target, name, timeout)
        try:
            mail_dialogue.DIALOGUES[target.protocol](channel).greet()
        finally:
            channel.close()
    except ProbeError as error:
        return ControllerAnswer("clear text", error.message)
    return ControllerAnswer("clear text")


def _certificate(chain: Sequence[bytes], trust_error: str) -> SeenCertificate | None:
    if not chain:
        return None
    thumbprint = x509.thumbprint(chain[0])
    try:
        leaf = x509.parse(chain[0])
    except ValueError as error:
        return SeenCertificate(not trust_error, trust_error or f"it cannot be read: {error}", thumbprint)
    return SeenCertificate(not trust_error, trust_error, thumbprint, leaf.names, leaf.not_before, leaf.not_after)
