# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an authority for relays is asked for, what has to be made for that, and what is told of it."""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.read.option_errors import (
    OptionError,
    entries,
    only_keys,
    quoted,
    texts,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.root_certificate import Names
from ansible_collections.mailfleet.client.plugins.plugin_utils.read.server_options import parse_host
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay import authority as certificates
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.authority import (
    Authority,
    AuthorityError,
    Leaf,
    Pair,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.relay.fields import NAME

ROOT: t.Final = "root"
ROOT_PEM: t.Final = "root.pem"
ROOT_KEY: t.Final = "root.key"
_MOST_NAMES: t.Final = 40


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for. ``given``: root and key from elsewhere (a vault), which are not kept in the folder."""

    names: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    given: Pair | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The files of the folder that matter to it."""
        root = (ROOT_PEM,) if self.given else (ROOT_PEM, ROOT_KEY)
        return (*root, *(f"{leaf.name}{ending}" for leaf in self.leaves for ending in (".pem", ".key")))


@dataclass(frozen=True, slots=True)
class Issue:
    """What has to be made. ``files``: in the order in which they are written, a key before its certificate.

    ``authority`` None: it would be made, and this is check mode. ``made``: {name of a leaf, or "root": why}.
    """

    authority: Authority | None
    files: dict[str, bytes]
    made: dict[str, str]
    ends: dict[str, datetime.datetime]


def parse_order(arguments: Mapping[str, t.Any]) -> Order:
    """The options, checked. Raises OptionError."""
    names = tuple(_names("names", arguments["names"])) if arguments["names"] else ()
    for name in names:
        if "." not in name and ":" not in name:
            raise OptionError(
                f"names: {quoted(name)} has no dot, and an authority for it would be one for all names below"
                f" '.{name}'; give the full name, or the address."
            )
    leaves: dict[str, Leaf] = {}
    for number, entry in enumerate(entries("leaves", arguments["leaves"])):
        leaf = _leaf(f"leaves[{number}]", entry)
        if leaf.name in leaves:
            raise OptionError(f"leaves[{number}]: the name {quoted(leaf.name)} stands there twice.")
        leaves[leaf.name] = leaf
    certificate, key = arguments["root_certificate"], arguments["root_key"]
    if bool(certificate) != bool(key):
        raise OptionError("root_certificate and root_key: give both, or none of them.")
    given = Pair(certificate.encode(errors="replace"), key.encode(errors="replace")) if certificate else None
    return Order(names, tuple(leaves.values()), given)


def _leaf(where: str, entry: Mapping[str, t.Any]) -> Leaf:
    only_keys(where, entry, ("name", "names"))
    name = entry.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name) or name == ROOT:
        raise OptionError(
            f"{where}.name: {quoted(name)} is no name of a relay: small letters, digits and hyphens, not 'root'."
        )
    return Leaf(name, tuple(_names(f"{where}.names", entry.get("names"))))


def _names(option: str, raw: object) -> list[str]:
    found = [parse_host(option, name) for name in texts(option, raw)]
    if len(found) > _MOST_NAMES:
        raise OptionError(f"{option}: there are more than {_MOST_NAMES} names.")
    return list(dict.fromkeys(found))


def issue(order: Order, there: Mapping[str, bytes], now: datetime.datetime, *, check: bool, folder: str) -> Issue:
    """What has to be made so that the folder holds what is asked for.

    :param there: the files of the folder.
    :param folder: for messages.
    :param check: make nothing: ``files`` is empty, and ``authority`` is there only where it was before.
    :raises OptionError: it cannot be done, and why.
    """
    found = Issue(None, {}, {}, {})
    authority = _given(order, there, folder) if order.given else _kept(order, there, folder)
    if authority is None:
        authority = _founded(order, there, now, found, check=check, folder=folder)
    elif order.given and ROOT_PEM not in there:
        found.made[ROOT] = "it is not there"
        found.files[ROOT_PEM] = certificates.pem(authority)
    if authority is not None:
        _insist(order, authority, now, folder)
    for leaf in order.leaves:
        _issue_leaf(authority, leaf, there, now, found, check=check)
    return Issue(authority, {} if check else found.files, found.made, found.ends)


def _given(order: Order, there: Mapping[str, bytes], folder: str) -> Authority | None:
    if order.given is None:
        return None
    try:
        authority = certificates.taken(order.given.certificate, order.given.key)
    except AuthorityError as error:
        raise OptionError(f"root_certificate, root_key: {error}.") from None
    if there.get(ROOT_PEM, certificates.pem(authority)) != certificates.pem(authority):
        raise OptionError(f"folder: {folder} holds another root than root_certificate; take another folder.")
    return authority


def _kept(order: Order, there: Mapping[str, bytes], folder: str) -> Authority | None:
    """The authority of the folder; None: there is none yet."""
    if ROOT_PEM not in there:
        return None
    if ROOT_KEY not in there:
        raise OptionError(
            f"folder: {folder} holds {ROOT_PEM} without {ROOT_KEY}; put the key back, or give root_certificate and"
            " root_key."
        )
    try:
        return certificates.taken(there[ROOT_PEM], there[ROOT_KEY])
    except AuthorityError as error:
        raise OptionError(f"folder: the authority in {folder} cannot be used: {error}.") from None


def _founded(
    order: Order, there: Mapping[str, bytes], now: datetime.datetime, found: Issue, *, check: bool, folder: str
) -> Authority | None:
    if not order.names:
        raise OptionError(f"names: there is no authority in {folder} yet; name what a new one may speak for.")
    for leaf in order.leaves:
        _insist_on_names(leaf, certificates.bound(order.names))
    found.made[ROOT] = "it is not there"
    found.ends[ROOT] = now + certificates.VALID
    if check:
        return None
    try:
        authority, pair = certificates.founded(order.names, now, there.get(ROOT_KEY))
    except AuthorityError as error:
        raise OptionError(f"folder: {ROOT_KEY} in {folder} cannot be used: {error}.") from None
    if ROOT_KEY not in there:
        found.files[ROOT_KEY] = pair.key
    found.files[ROOT_PEM] = pair.certificate
    return authority


def _insist(order: Order, authority: Authority, now: datetime.datetime, folder: str) -> None:
    root = authority.root
    if not root.not_before <= now < root.not_after:
        raise OptionError(
            f"folder: the authority in {folder} is valid from {root.not_before:%Y-%m-%d} to {root.not_after:%Y-%m-%d}"
            " only; make a new one in a new folder, and place its root on the hosts first."
        )
    for name in order.names:
        if not root.names.cover(name):
            raise OptionError(
                f"names: the authority in {folder} is bound to {root.names}, which does not cover {quoted(name)} and"
                " cannot be changed; make a new one in a new folder."
            )
    for leaf in order.leaves:
        _insist_on_names(leaf, root.names)


def _insist_on_names(leaf: Leaf, bound: Names) -> None:
    for name in leaf.names:
        if not bound.cover(name):
            raise OptionError(
                f"leaves: {quoted(name)} of {leaf.name} is outside of what the authority is bound to ({bound}); clients"
                " would refuse it."
            )


def _issue_leaf(
    authority: Authority | None,
    leaf: Leaf,
    there: Mapping[str, bytes],
    now: datetime.datetime,
    found: Issue,
    *,
    check: bool,
) -> None:
    certificate, key = there.get(f"{leaf.name}.pem"), there.get(f"{leaf.name}.key")
    if certificate is None or key is None:
        why = "it is not there"
    elif authority is None:
        why = "it is of another authority"
    else:
        why = certificates.why_due(authority, leaf, Pair(certificate, key), now)
        if not why:
            found.ends[leaf.name] = certificates.end_of(certificate)
            return
    found.made[leaf.name] = why
    found.ends[leaf.name] = certificates.ends(authority, now) if authority else now + certificates.VALID
    if authority is not None and not check:
        pair = certificates.issued(authority, leaf, now)
        # The key first: a certificate whose key is not there yet is no use, and is seen to be so.
        found.files.update({f"{leaf.name}.key": pair.key, f"{leaf.name}.pem": pair.certificate})


def warnings(issued: Issue, now: datetime.datetime, folder: str) -> list[str]:
    """What to think of before it is late: one sentence each."""
    root = issued.authority.root if issued.authority else None
    if root is None or root.not_after - now >= certificates.RENEWED:
        return []
    return [
        f"The root in {folder} ends on {root.not_after:%Y-%m-%d}, and its leaves with it: make a new authority in a new"
        " folder, and place its root on the hosts before that day."
    ]


def result(order: Order, issued: Issue, paths: Mapping[str, str]) -> dict[str, t.Any]:
    """What the task returns: paths and what is public, and no key.

    :param paths: of the files, by name.
    """
    root = issued.authority.root if issued.authority else None
    pem = certificates.pem(issued.authority).decode() if issued.authority else None
    return {
        "changed": bool(issued.made),
        "root": paths[ROOT_PEM],
        "root_certificate": pem,
        "fingerprint": root.fingerprint if root else None,
        "leaves": {
            leaf.name: {
                "certificate": paths[f"{leaf.name}.pem"],
                "key": paths[f"{leaf.name}.key"],
                "names": list(leaf.names),
                "not_after": f"{issued.ends[leaf.name]:%Y-%m-%dT%H:%M:%SZ}",
            }
            for leaf in order.leaves
        },
        "diff": _diff(order, issued),
    }


def _diff(order: Order, issued: Issue) -> dict[str, str]:
    """Which certificates are made anew, and why."""
    names = {leaf.name: ", ".join(leaf.names) for leaf in order.leaves}
    names[ROOT] = str(issued.authority.root.names if issued.authority else certificates.bound(order.names))
    before = "".join(f"{name}: {why}\n" for name, why in issued.made.items())
    after = "".join(f"{name}: a certificate for {names[name]}\n" for name in issued.made)
    return {"before_header": "certificates", "after_header": "certificates", "before": before, "after": after}
