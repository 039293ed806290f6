# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of the relays' own authority: placed on hosts whose accounts go to a relay by TLS, and only on those.

Whoever makes a host trust a root gives its owner the power to speak for others. So it takes a consent; only a root that
binds itself to the relays' names is placed; and an account does not go to a relay whose root its host does not trust.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Iterable
from dataclasses import replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate import trust
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.clients import client_of
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import Context, clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.host_names import canonical
from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.verdict import counts
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import RegistryStep, Step
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.mail import MailAccount, Security
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    Absent,
    RegistryType,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.result import Change, ChangeKind, Plan
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.consents import ROOT_CA, lacking
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.repointing import (
    RelayEnd,
    Repointing,
    account_words,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.selection import Selection, Withheld
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.what_if import after
from ansible_collections.mailfleet.client.plugins.plugin_utils.read import certificate_blob, root_certificate
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import OptionError
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import RootCertificate, RootError

FAMILY: t.Final = "trust"
STORE: t.Final = "roots-machine"
BLOB: t.Final = "Blob"
#: In the details of a change of an account: the thumbprint of the root without which it must not be made.
_NEEDS: t.Final = "root"


def relay_root(raw: str | None, relays: Iterable[RelayEnd], now: datetime.datetime) -> RootCertificate | None:
    """The option ``relay_root``, checked.

    :raises OptionError: it is no root that a host may be made to trust, or a relay is outside of what it is bound to.
    """
    if not raw or not raw.strip():
        return None
    try:
        root = root_certificate.from_pem(raw)
    except RootError as error:
        raise OptionError(f"relay_root: {error}.") from None
    if not root.not_before <= now < root.not_after:
        raise OptionError(f"relay_root: it is valid from {root.not_before:%Y-%m-%d} to {root.not_after:%Y-%m-%d} only.")
    ends = tuple(relays)
    if not ends:
        raise OptionError("relay_root: it is placed for accounts that go to relays; name those in relay.")
    for number, end in enumerate(ends):
        if end.security is not Security.NONE and not root.names.cover(canonical(end.host)):
            raise OptionError(
                f"relay[{number}]: {end.host} is outside of what relay_root is bound to ({root.names}); clients would"
                " refuse its certificate. Relays with a certificate of somebody else go into a task of their own."
            )
    return root


def key_of(ctx: Context, root: RootCertificate) -> str:
    """The key of that root in the machine's store."""
    return f"{ctx.path(STORE)}\\{root.thumbprint}"


def planned(
    ctx: Context, found: Repointing, relays: tuple[RelayEnd, ...], root: RootCertificate | None
) -> tuple[Repointing, tuple[Change, ...]]:
    """The accounts that can go to their relays, and what makes the host trust the root, if anything has to.

    :param found: the accounts that are to go to relays from now on.
    """
    if root is None or not counts(ctx.options, "accounts"):
        return found, ()
    needing = {leg.key.casefold() for leg in after(ctx, Plan(found.changes)).accounts if _needs(ctx, leg, relays)}
    if not needing:
        return found, ()
    why, change = _state(ctx, root)
    if why:
        return _without(found, needing, why), ()
    if change is None:
        return found, ()
    tied = (replace(one, details={**one.details, _NEEDS: root.thumbprint}) for one in found.changes)
    changes = tuple(new if _key(new) in needing else old for old, new in zip(found.changes, tied, strict=True))
    return replace(found, changes=changes), (change,)


def _key(change: Change) -> str:
    return str(change.details["key"]).casefold()


def _needs(ctx: Context, leg: MailAccount, relays: tuple[RelayEnd, ...]) -> bool:
    """Whether that leg goes to a relay by TLS, and its program asks the stores of Windows."""
    stack = client_of(ctx.knowledge, leg, ctx.clients).stacks[leg.protocol.value]
    secure = leg.security not in (Security.NONE, Security.UNKNOWN)
    return stack == "schannel" and secure and any(end.is_end_of(leg) and end.security is leg.security for end in relays)


def _state(ctx: Context, root: RootCertificate) -> tuple[str, Change | None]:
    """Why the host cannot come to trust the root, as a clause; the change by which it does, if it does not yet."""
    distrusted = trust.look_up(ctx, trust.DISALLOWED_STORES, (root.thumbprint,))
    if distrusted.found:
        return f"the host distrusts the root of the relay ({distrusted.places[0]})", None
    if distrusted.unread:
        return f"whether the host distrusts the root of the relay cannot be told: {clause(distrusted.unread[0])}", None
    others = [store for store in trust.TRUSTED_STORES if store != STORE]
    if trust.look_up(ctx, others, (root.thumbprint,)).found:
        return "", None
    key = key_of(ctx, root)
    there = ctx.snapshot.image.value(key, BLOB)
    if isinstance(there, Unread):
        return f"whether the host has the root of the relay cannot be told: {clause(there.why)}", None
    if isinstance(there, RegistryValue):
        if isinstance(there.data, bytes) and certificate_blob.certificate_in(there.data) == root.der:
            return "", None
        return f"something else stands where the root of the relay belongs ({key})", None
    details = {
        "key": key,
        "name": BLOB,
        "type": RegistryType.BINARY.value,
        "data": certificate_blob.blob(root),
        "before": None,
        _NEEDS: root.thumbprint,
    }
    why = f"trust {words(root)}, by which relays are known"
    return "", Change(ChangeKind.REGISTRY, FAMILY, why, details, consent=ROOT_CA)


def _without(found: Repointing, needing: set[str], why: str) -> Repointing:
    going = {_key(change): change.details for change in found.changes if _key(change) in needing}
    left = {key: f"{account_words(details)} is left as it is: {why}." for key, details in going.items()}
    kept = tuple(change for change in found.changes if _key(change) not in needing)
    return replace(found, changes=kept, left=(*found.left, *left.values()))


def together(selection: Selection) -> Selection:
    """No account goes to a relay whose root is withheld."""
    roots = {held.change.details[_NEEDS] for held in selection.withheld if _is_root(held.change)}
    waiting = [c for c in selection.chosen if c.kind is ChangeKind.ACCOUNT and c.details.get(_NEEDS) in roots]
    more = tuple(Withheld(change, lacking(ROOT_CA), ROOT_CA) for change in waiting)
    return Selection(tuple(c for c in selection.chosen if c not in waiting), (*selection.withheld, *more))


def torn(found: Iterable[tuple[Change, Step]], withheld: Iterable[Withheld]) -> tuple[Withheld, ...]:
    """Changes of accounts whose root cannot be placed after all."""
    roots = {held.change.details[_NEEDS] for held in withheld if _is_root(held.change)}
    waiting = {id(c): c for c, _step in found if c.kind is ChangeKind.ACCOUNT and c.details.get(_NEEDS) in roots}
    why = "It is left as it is: the root by which the relay is known cannot be placed."
    return tuple(Withheld(change, why) for change in waiting.values())


def _is_root(change: Change) -> bool:
    return change.kind is ChangeKind.REGISTRY and change.family == FAMILY


def places_root(step: Step) -> bool:
    """Whether that step makes the host trust a certificate."""
    return step.family == FAMILY and isinstance(step, RegistryStep) and isinstance(step.after, RegistryValue)


def step_objection(step: RegistryStep, kind: str) -> str | None:
    """Why no plan could have made that step in the store of roots, as the rest of a sentence; None: one could.

    Both sides are judged, unlike with other settings: what is undone must be what a plan does, too.

    :param kind: of the journal: "fix" or "rollback".
    """
    there = [side for side in (step.before, step.after) if isinstance(side, RegistryValue)]
    if len(there) != 1:
        return "neither places a root where none is, nor takes one away"
    if kind == "fix" and isinstance(step.after, Absent):
        return "says that a root is taken away, which no fix does"
    (side,) = there
    root = certificate_blob.root_in(side.data) if isinstance(side.data, bytes) else None
    if root is None or side.type is not RegistryType.BINARY:
        return "is about a certificate that no plan places, since that does not bind itself to some names"
    if root.thumbprint.casefold() != step.key.rpartition("\\")[2].casefold():
        return "is about another certificate than its key says"
    return None


def words(root: RootCertificate) -> str:
    """The root for people, in one line."""
    return f"the root {root.subject}, bound to {root.names} (SHA-256 {root.fingerprint})"


def shown_as(step: Step, side: object) -> str | None:
    """What a side of a step about a root holds, in words; None where it is about none."""
    if step.family != FAMILY or not isinstance(side, RegistryValue) or not isinstance(side.data, bytes):
        return None
    root = certificate_blob.root_in(side.data)
    return None if root is None else words(root)
