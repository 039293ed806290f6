# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option relay_root, and journals about roots: which may be followed, and which would trust somebody else."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, inverse
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailProtocol, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryType,
    RegistryValue,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import relay_root
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import RelayEnd
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.certificate_blob import blob
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from tests.unit.plugin_utils.plan.trusted import K, fix, judged, rollback
from tests.unit.plugin_utils.read.test_root_certificate import CA, GOOD, SERVER, root
from tests.unit.plugin_utils.relay.authorities import DAY, NOW, founded

STORE = K["roots-machine"].key
PEM = founded()[1].certificate.decode()
OURS = founded()[0].root
OTHER = founded("other.example")[0].root


def end(host: str = "relay.branch.example", security: Security = Security.IMPLICIT) -> RelayEnd:
    return RelayEnd("mail.example", 993, MailProtocol.IMAP, host, 993, security)


def test_a_root_that_binds_itself_to_the_relays_is_taken() -> None:
    ends = [end(), end("192.0.2.10"), end("x.relay.branch.example"), end("RELAY.branch.example.".rstrip("."))]
    assert relay_root.relay_root(PEM, ends, NOW) == OURS
    assert relay_root.relay_root(PEM, [end("else.example", Security.NONE)], NOW) == OURS
    assert relay_root.relay_root(None, ends, NOW) is None
    assert relay_root.relay_root(" ", ends, NOW) is None


@pytest.mark.parametrize(
    ("pem", "ends", "later", "why"),
    [
        ("x", [end()], 0, "relay_root: it is no certificate in PEM."),
        (root(CA, SERVER).decode(), [end()], 0, "relay_root: it has no critical name constraints"),
        (root(SERVER, GOOD).decode(), [end()], 0, "relay_root: it is no certificate of an authority"),
        (PEM, [], 0, "name those in relay"),
        (PEM, [end("else.example")], 0, r"relay\[0\]: else\.example is outside of what relay_root is bound to"),
        (PEM, [end(), end("192.0.2.11", Security.STARTTLS)], 0, r"relay\[1\]: 192\.0\.2\.11 is outside"),
        (PEM, [end()], 731, "it is valid from"),
        (PEM, [end()], -3, "it is valid from"),
    ],
)
def test_another_root_is_refused_in_a_sentence(pem: str, ends: list[RelayEnd], later: int, why: str) -> None:
    with pytest.raises(OptionError, match=why) as caught:
        relay_root.relay_root(pem, ends, NOW + later * DAY)
    assert str(caught.value).endswith(".")


def step(data: t.Any = None, key: str = "", kind: RegistryType = RegistryType.BINARY, **more: t.Any) -> RegistryStep:
    """A step that places a root, ours unless said otherwise."""
    after = RegistryValue("Blob", kind, blob(OURS) if data is None else data)
    return RegistryStep("trust", key or rf"{STORE}\{OURS.thumbprint}", "Blob", ABSENT, after, **more)


def test_what_a_fix_does_may_be_done_undone_and_done_again() -> None:
    keys = (STORE.rpartition("\\")[0], STORE, rf"{STORE}\{OURS.thumbprint}")
    for entry in (step(), step(key=rf"{STORE}\{OURS.thumbprint.lower()}"), step(creates=keys)):
        assert judged(fix(entry)) == ()
        assert judged(rollback(inverse(entry))) == ()
        assert judged(rollback(entry)) == ()


def unbound() -> bytes:
    """What somebody would like to have among the roots: an authority for all the world, written as ours is."""
    der = x509.load_pem_x509_certificate(root(CA, SERVER)).public_bytes(serialization.Encoding.DER)
    sha1 = hashlib.sha1(der, usedforsecurity=False).digest()
    head = b"\x03\0\0\0\x01\0\0\0\x14\0\0\0"
    return head + sha1 + b"\x20\0\0\0\x01\0\0\0" + len(der).to_bytes(4, "little") + der


UNBOUND = unbound()
UNBOUND_KEY = rf"{STORE}\{UNBOUND[12:32].hex().upper()}"
HOSTILE = [
    (step(UNBOUND, UNBOUND_KEY), "does not bind itself"),
    (step(blob(OTHER)), "another certificate than its key says"),
    (step(blob(OURS)[:-1]), "does not bind itself"),
    (step(blob(OURS) + b"\x0b\0\0\0\x01\0\0\0\0\0\0\0"), "does not bind itself"),
    (step(b""), "does not bind itself"),
    (step("text", kind=RegistryType.SZ), "does not bind itself"),
    (step(kind=RegistryType.NONE), "does not bind itself"),
    (step(key=rf"{STORE}\{OURS.thumbprint}0"), "is no place that a plan changes"),
    (step(key=rf"{STORE}\{OURS.thumbprint[:-1]}G"), "is no place that a plan changes"),
    (step(key=STORE), "is no place that a plan changes"),
    (step(key=rf"{STORE}\x\{OURS.thumbprint}"), "is no place that a plan changes"),
    (step(key=rf"{STORE}\{{thumbprint}}"), "another certificate than its key says"),
    (step(key=rf"{STORE.replace('ROOT', 'AuthRoot')}\{OURS.thumbprint}"), "is no place that a plan changes"),
    (step(key=rf"{STORE.replace('ROOT', 'Disallowed')}\{OURS.thumbprint}"), "is no place that a plan changes"),
    (replace(step(), name="Other", after=RegistryValue("Other", RegistryType.BINARY, b"")), "is no place"),
    (replace(step(), family="tls"), "is of the family trust"),
    (replace(step(), before=RegistryValue("Blob", RegistryType.BINARY, b"x")), "neither places a root"),
    (replace(step(), after=ABSENT), "neither places a root"),
    (step(creates=(STORE.rpartition("\\")[0].rpartition("\\")[0].rpartition("\\")[0],)), "comes or goes with it"),
]


@pytest.mark.parametrize(("entry", "why"), HOSTILE)
def test_a_journal_about_another_certificate_is_not_followed(entry: RegistryStep, why: str) -> None:
    """Neither to place it, nor, as something that we had placed, to take it away."""
    for journal in (fix(entry), rollback(entry), rollback(t.cast(RegistryStep, inverse(entry)))):
        assert why in " ".join(judged(journal))


def test_no_fix_takes_a_root_away() -> None:
    assert "which no fix does" in judged(fix(inverse(step())))[0]
