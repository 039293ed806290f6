# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals and what the host holds now: the steps that put back what was there, and what must be left.

A place that several runs changed makes a chain, newest run first. Where it holds what a step left, the step is undone;
where it holds what was there before the step, that step never took, or was undone already. Anything else is somebody
else's work: the place has drifted, and keeps what it holds. However long the chain, it becomes one step.

The values of a mail account are undone together or not at all: the server of old at the port of a relay is no account.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ansible_collections.mailfleet.client.plugins.plugin_utils.evaluate.context import clause
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    Journal,
    RegistryStep,
    RuleStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    RegistryImage,
    RegistryValue,
    Unread,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry_keys import has_key
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan import rules
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.account_places import FAMILY
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.places import (
    Content,
    clause_words,
    content,
    place_words,
    same,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.relay_root import FAMILY as TRUST
from ansible_collections.mailfleet.client.plugins.plugin_utils.plan.steps import after_steps, with_creations

_USERS: t.Final = "hku\\"


@dataclass(frozen=True, slots=True)
class Undo:
    """What a rollback does.

    ``steps``: in their order, one per place. ``refused``: a sentence for each place that is left because it has
    drifted or could not be read; what newer runs did there may be undone all the same. ``already``: a sentence for
    each place that needs nothing.
    """

    steps: tuple[Step, ...]
    refused: tuple[str, ...]
    already: tuple[str, ...]


@dataclass(slots=True)
class _Chain:
    """What runs did to one place, newest first; then how far that could be followed back from what is there now.

    ``entries``, ``undone``: with the age of each step among all steps of all places.
    """

    entries: list[tuple[int, str, Step]]
    now: Content | Unread = ABSENT
    then: Content = ABSENT
    undone: list[tuple[int, Step]] = field(default_factory=list)
    refusal: str = ""

    @property
    def newest(self) -> Step:
        return self.entries[0][2]


def undo(
    journals: Iterable[Journal],
    image: RegistryImage,
    sids: Container[str] | None = None,
    hindrance: Callable[[Step], str] | None = None,
    others: Iterable[Journal] = (),
) -> Undo:
    """The steps that undo these runs. Pure, and never raises: what cannot be undone is in ``refused``.

    :param journals: newest first. A rollback's journal is one like others: undoing it does again what it undid.
    :param image: every place of the journals, read anew: values, keys that come or go, all outbound rules (those that
        are switched off too).
    :param sids: users whose registry was read, loaded for it or not; a value of another one looks absent and is not.
        None: of all of them, and where one was not the image says so.
    :param hindrance: why a step must be left for now, as the rest of a sentence; "" where nothing is in its way.
    :param others: of runs that stay as they are.
    """
    chains = tuple(_chains(journals).values())
    for chain in chains:
        _follow(chain, image, sids)
        if hindrance is not None:
            _hinder(chain, hindrance)
    _keep_accounts_whole(chains)
    _keep_roots(chains, others)
    there = _keys_then(chains)
    changing: list[Step] = []
    resting: list[tuple[_Chain, Step | None]] = []
    for chain in chains:
        step = _step(chain, image, there)
        if step is not None and _acts(step, image):
            changing.append(step)
        elif not chain.refusal:
            resting.append((chain, step))
    steps, _ask = with_creations(image, changing)
    cleaning = _cleaning(after_steps(image, steps), [step for _chain, step in resting if step is not None])
    still = [chain for chain, step in resting if step is None or step not in cleaning]
    return Undo(
        steps=(*steps, *cleaning),
        refused=tuple(chain.refusal for chain in chains if chain.refusal),
        already=tuple(_already(chain) for chain in still),
    )


def _chains(journals: Iterable[Journal]) -> dict[tuple[str, ...], _Chain]:
    """One chain per place, ordered by the oldest step of each: keys that it made go after what stands in them."""
    found: dict[tuple[str, ...], _Chain] = {}
    every = ((journal.run, step) for journal in journals for step in reversed(journal.steps))
    for age, (run, step) in enumerate(every):
        place = (type(step).__name__, *step.place)
        chain = found.pop(place, None) or _Chain([])
        chain.entries.append((age, run, step))
        found[place] = chain
    return found


def _keys_then(chains: Iterable[_Chain]) -> dict[str, bool]:
    """Casefolded keys that came or went, and whether they were there before: the oldest step that is undone tells."""
    found: dict[str, bool] = {}
    for _age, step in sorted((entry for chain in chains for entry in chain.undone), key=lambda entry: entry[0]):
        if isinstance(step, RegistryStep):
            found |= dict.fromkeys((path.casefold() for path in step.creates), False)
            found |= dict.fromkeys((path.casefold() for path in step.removes), True)
    return found


def _content(image: RegistryImage, step: Step, sids: Container[str] | None) -> Content | Unread:
    """What the place of that step holds."""
    if isinstance(step, RegistryStep) and step.key.casefold().startswith(_USERS):
        sid = step.key.split("\\")[1]
        if (sids is not None and sid not in sids) or has_key(image, f"HKU\\{sid}") is False:
            return Unread(f"the user {sid} is not logged on")
    return content(image, step)


def _follow(chain: _Chain, image: RegistryImage, sids: Container[str] | None) -> None:
    """Go back in time as far as what is there, and then what would be, is what the journals say."""
    now = chain.now = _content(image, chain.newest, sids)
    place = place_words(chain.newest)
    if isinstance(now, Unread):
        chain.refusal = f"{place} is left as it is: what it holds could not be told ({clause(now.why)})."
        return
    chain.then = now
    for age, run, step in chain.entries:
        if same(chain.then, step.after):
            chain.then = step.before
        elif not same(chain.then, step.before):
            chain.refusal = (
                f"{place} has changed since run {run}: it holds {clause_words(chain.then)}, and the run left"
                f" {clause_words(step.after)}; it is left so."
            )
            return
        chain.undone.append((age, step))


def _hinder(chain: _Chain, hindrance: Callable[[Step], str]) -> None:
    """Refuse a place that would change and must not now."""
    if chain.refusal or isinstance(chain.now, Unread) or same(chain.then, chain.now):
        return
    if why := hindrance(chain.newest):
        chain.undone.clear()
        chain.refusal = f"{place_words(chain.newest)} is left as it is: {clause(why)}."


def _keep_accounts_whole(chains: tuple[_Chain, ...]) -> None:
    """Where one value of an account is refused, so are the others that would be undone."""
    accounts = [chain for chain in chains if chain.newest.family == FAMILY and isinstance(chain.newest, RegistryStep)]
    refused = {chain.newest.place[0]: chain for chain in reversed(accounts) if chain.refusal}
    for chain in accounts:
        cause = refused.get(chain.newest.place[0])
        if cause is None or not chain.undone:
            continue
        chain.undone.clear()
        if not chain.refusal:
            chain.refusal = (
                f"{place_words(chain.newest)} is left as it is: it belongs to {place_words(cause.newest)},"
                " which must be left."
            )


def _keep_roots(chains: tuple[_Chain, ...], others: Iterable[Journal]) -> None:
    """A root stays as long as an account is left that may go to a relay which is known by it."""
    left = [
        *(f"{place_words(c.newest)} must be left" for c in chains if c.refusal and c.newest.family == FAMILY),
        *(f"run {one.run} stays, so roll back that one first, or all" for one in others if _is_about_accounts(one)),
    ]
    for chain in chains:
        removing = chain.newest.family == TRUST and chain.then is ABSENT
        if left and removing and chain.undone and not chain.refusal:
            chain.undone.clear()
            chain.refusal = (
                f"{place_words(chain.newest)} is left as it is: accounts may go to a relay that is known by this root:"
                f" {left[0]}."
            )


def _is_about_accounts(journal: Journal) -> bool:
    return any(step.family == FAMILY for step in journal.steps)


def _step(chain: _Chain, image: RegistryImage, there: Mapping[str, bool]) -> Step | None:
    """The one step that goes back as far as the chain could be followed; None where nothing could be.

    :param there: whether keys were there before all that is undone.
    """
    now, then, newest = chain.now, chain.then, chain.newest
    if isinstance(now, Unread) or not chain.undone:
        return None
    if isinstance(newest, RuleStep):
        return _rule_step(newest, now, then)
    if isinstance(now, str) or isinstance(then, str):
        return None
    paths: dict[str, str] = {}
    for _age, step in chain.undone:
        if isinstance(step, RegistryStep):
            paths |= {path.casefold(): path for path in (*step.creates, *step.removes)}
    ordered = [paths[at] for at in sorted(paths, key=lambda at: at.count("\\"))]
    return replace(
        newest,
        before=now,
        after=replace(then, name=newest.name) if isinstance(then, RegistryValue) else then,
        creates=tuple(path for path in ordered if there[path.casefold()] and has_key(image, path) is not True),
        removes=tuple(path for path in ordered if not there[path.casefold()] and has_key(image, path) is not False),
    )


def _rule_step(newest: RuleStep, now: Content, then: Content) -> Step | None:
    if isinstance(now, RegistryValue) or isinstance(then, RegistryValue):
        return None
    if isinstance(now, str) and isinstance(then, str):
        # Windows may have written the rule anew in a newer version: it is switched, and nothing else.
        then = rules.switched(now, rules.is_active(then))
    return replace(newest, before=now, after=then)


def _acts(step: Step, image: RegistryImage) -> bool:
    """Whether the step changes what its place holds, or makes an empty key anew."""
    if not same(step.before, step.after):
        return True
    return isinstance(step, RegistryStep) and any(has_key(image, key) is False for key in step.creates)


def _cleaning(image: RegistryImage, candidates: Iterable[Step]) -> tuple[Step, ...]:
    """Those of the steps that remove a key which an earlier try left empty."""
    found = []
    for step in candidates:
        later = after_steps(image, (step,))
        keys = step.removes if isinstance(step, RegistryStep) else ()
        if any(has_key(image, key) and has_key(later, key) is False for key in keys):
            found.append(step)
            image = later
    return tuple(found)


def _already(chain: _Chain) -> str:
    runs = ", ".join(dict.fromkeys(run for _age, run, _step in chain.entries))
    return f"{place_words(chain.newest)} is as it was before run {runs}."
