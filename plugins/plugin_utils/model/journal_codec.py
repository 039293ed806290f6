# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Journals as plain data, as JSON, and back; and their signatures.

A journal is input, wherever it comes from: :func:`journal_of` believes nothing that it has not looked at, and there is
one way only to write a journal down, so a signature is about what the journal says and not about its spelling.
What a journal may *do* is not judged here but in ``plan.journal_trust``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal import (
    HostIdentity,
    Journal,
    RegistryStep,
    RuleStep,
    Step,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.journal_fields import (
    VERSION,
    JournalError,
    fields_of,
    is_run,
    list_of,
    path_of,
    paths_of,
    run_of,
    text_of,
    time_of,
)
from ansible_collections.mailfleet.client.plugins.plugin_utils.model.registry import (
    ABSENT,
    Absent,
    RegistryData,
    RegistryType,
    RegistryValue,
)

__all__ = [
    "MOST_BYTES",
    "MOST_STEPS",
    "JournalError",
    "Signed",
    "as_data",
    "as_json",
    "canonical",
    "from_json",
    "is_run",
    "is_signed_by",
    "journal_of",
    "signature",
]

MOST_STEPS: t.Final = 2000
#: Bytes of a journal as JSON.
MOST_BYTES: t.Final = 4 * 1024 * 1024

#: Characters: of a value's name, as Windows limits it; the others are this project's own limits.
_VALUE_NAME: t.Final = 16383
_RULE: t.Final = 32767
_DATA: t.Final = 1024 * 1024
_ITEMS: t.Final = 4096
_UNDOES: t.Final = 2000
_HOST: t.Final = 255

_FAMILY: t.Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_HEX: t.Final = re.compile(r"(?:[0-9a-f]{2})*")
_SIGNATURE: t.Final = re.compile(r"[0-9a-f]{64}")
_TYPES: t.Final = {kind.value: kind for kind in RegistryType}
_TEXTS: t.Final = frozenset({RegistryType.SZ, RegistryType.EXPAND_SZ})
#: Types that hold one number, and its size in bytes; data of another size are bytes.
_WIDTHS: t.Final = {RegistryType.DWORD: 4, RegistryType.QWORD: 8}


@dataclass(frozen=True, slots=True)
class Signed:
    """A journal and its signature: hex digits, or None where nobody signed it. Nothing is verified by being here."""

    journal: Journal
    signature: str | None


# --- out ---------------------------------------------------------------------------------------------------------


def as_data(journal: Journal) -> dict[str, t.Any]:
    """The journal in types that JSON has. ``journal_of(as_data(journal)) == journal`` for every sound journal."""
    return {
        "journal": VERSION,
        "run": journal.run,
        "kind": journal.kind,
        "host": {"name": journal.host.name, "machine": journal.host.machine},
        "time": journal.time,
        "undoes": list(journal.undoes),
        "steps": [_step_data(step) for step in journal.steps],
    }


def _step_data(step: Step) -> dict[str, t.Any]:
    if isinstance(step, RuleStep):
        sides = {side: None if text is ABSENT else text for side, text in _sides(step)}
        return {"step": "rule", "key": step.key, "id": step.id, "name": step.name, **sides}
    return {
        "step": "value",
        "family": step.family,
        "key": step.key,
        "name": step.name,
        **{side: _value_data(value) for side, value in _sides(step)},
        "creates": list(step.creates),
        "removes": list(step.removes),
    }


def _sides(step: Step) -> tuple[tuple[str, t.Any], ...]:
    return ("before", step.before), ("after", step.after)


def _value_data(value: RegistryValue | Absent) -> dict[str, t.Any] | None:
    """None: absent. Bytes are hex digits in a mapping of their own, so that no text is ever taken for bytes."""
    if isinstance(value, Absent):
        return None
    data: t.Any = value.data
    if isinstance(data, bytes):
        data = {"hex": data.hex()}
    return {"name": value.name, "type": value.type.value, "data": list(data) if isinstance(data, tuple) else data}


def canonical(data: object) -> bytes:
    """Plain data as JSON in one spelling: keys sorted, no blanks, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")


def signature(data: dict[str, t.Any], key: str) -> str:
    """HMAC-SHA256 over the canonical JSON of a journal's data, in hex digits (RFC 2104).

    :param key: any text but an empty one.
    :raises ValueError: the key is empty, so that anybody could sign.
    """
    if not key:
        raise ValueError("the journal key is empty; give one, or none at all")
    return hmac.new(key.encode("utf-8", "surrogatepass"), canonical(data), hashlib.sha256).hexdigest()


def is_signed_by(data: dict[str, t.Any], found: str | None, key: str) -> bool:
    """Whether ``found`` is the signature of these data under that key; in a time that tells nothing about either."""
    if found is None:
        return False
    return hmac.compare_digest(signature(data, key).encode("ascii"), found.encode("utf-8", "surrogatepass"))


def as_json(signed: Signed) -> bytes:
    """A journal with its signature, as it is kept.

    :raises JournalError: it is no sound journal, or a larger one than anybody would read back.
    """
    raw = canonical({"journal": as_data(signed.journal), "hmac": signed.signature})
    if len(raw) > MOST_BYTES:
        raise JournalError(f"the journal has {len(raw)} bytes, which is more than the {MOST_BYTES} that are read back")
    if from_json(raw) != signed:
        raise JournalError("the journal holds what JSON cannot keep")
    return raw


# --- in ----------------------------------------------------------------------------------------------------------


def from_json(raw: bytes) -> Signed:
    """What :func:`as_json` gave.

    :raises JournalError: it is anything else.
    """
    if len(raw) > MOST_BYTES:
        raise JournalError(f"the journal has more than {MOST_BYTES} bytes")
    try:
        data = json.loads(raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except JournalError:
        raise
    except (ValueError, RecursionError):
        # The words of the parser hold pieces of the text.
        raise JournalError("the journal is not JSON, or was cut off") from None
    outer = fields_of(data, "the file", ("journal", "hmac"))
    found = outer["hmac"]
    if found is not None and not (isinstance(found, str) and _SIGNATURE.fullmatch(found)):
        raise JournalError("hmac: must be null or 64 small hex digits")
    return Signed(journal_of(outer["journal"]), found)


def _once(pairs: list[tuple[str, t.Any]]) -> dict[str, t.Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JournalError("the journal has a field twice")
    return found


def _no_number(text: str) -> t.NoReturn:
    raise JournalError(f"{text} is no number that a journal may hold")


def journal_of(data: object) -> Journal:
    """The journal that these data are.

    :param data: what JSON gave; any type.
    :raises JournalError: anything about it is not as :func:`as_data` writes it.
    """
    names = ("journal", "run", "kind", "host", "time", "undoes", "steps")
    fields = fields_of(data, "the journal", names, version=True)
    run = run_of(fields["run"], "run")
    kind = fields["kind"]
    if kind not in ("fix", "rollback") or not isinstance(kind, str):
        raise JournalError("kind: must be fix or rollback")
    undoes = tuple(run_of(one, "undoes") for one in list_of(fields["undoes"], "undoes", _UNDOES))
    if undoes and kind != "rollback":
        raise JournalError("undoes: only a rollback undoes other runs")
    host = fields_of(fields["host"], "host", ("name", "machine"))
    identity = HostIdentity(text_of(host["name"], "host.name", _HOST), text_of(host["machine"], "host.machine", _HOST))
    steps = tuple(
        _step(one, f"step {number}") for number, one in enumerate(list_of(fields["steps"], "steps", MOST_STEPS), 1)
    )
    return Journal(run, kind, identity, time_of(fields["time"]), steps, undoes)


def _step(data: object, where: str) -> Step:
    kind = data.get("step") if isinstance(data, dict) else None
    if not isinstance(kind, str) or kind not in _STEPS:
        raise JournalError(f"{where}: step must be value or rule")
    names, make = _STEPS[kind]
    return make(fields_of(data, where, names), where)


def _value_step(fields: dict[str, t.Any], where: str) -> RegistryStep:
    family = text_of(fields["family"], f"{where}.family", 32)
    if not _FAMILY.fullmatch(family):
        raise JournalError(f"{where}.family: must be a word in small letters")
    name = text_of(fields["name"], f"{where}.name", _VALUE_NAME)
    return RegistryStep(
        family=family,
        key=path_of(fields["key"], f"{where}.key"),
        name=name,
        before=_value(fields["before"], f"{where}.before", name),
        after=_value(fields["after"], f"{where}.after", name),
        creates=paths_of(fields["creates"], f"{where}.creates"),
        removes=paths_of(fields["removes"], f"{where}.removes"),
    )


def _rule_step(fields: dict[str, t.Any], where: str) -> RuleStep:
    before, after = (
        ABSENT if fields[side] is None else text_of(fields[side], f"{where}.{side}", _RULE)
        for side in ("before", "after")
    )
    if before is ABSENT and after is ABSENT:
        raise JournalError(f"{where}: there is no rule before it and none after it")
    key, rule_id = path_of(fields["key"], f"{where}.key"), text_of(fields["id"], f"{where}.id", _VALUE_NAME)
    return RuleStep(key, rule_id, text_of(fields["name"], f"{where}.name", _RULE), before, after)


_Maker = Callable[[dict[str, t.Any], str], Step]
_STEPS: t.Final[dict[str, tuple[tuple[str, ...], _Maker]]] = {
    "value": (("step", "family", "key", "name", "before", "after", "creates", "removes"), _value_step),
    "rule": (("step", "key", "id", "name", "before", "after"), _rule_step),
}


def _value(data: object, where: str, name: str) -> RegistryValue | Absent:
    if data is None:
        return ABSENT
    fields = fields_of(data, where, ("name", "type", "data"))
    spelled = text_of(fields["name"], f"{where}.name", _VALUE_NAME)
    if spelled.casefold() != name.casefold():
        raise JournalError(f"{where}.name: is not the name of the step")
    kind = _TYPES.get(fields["type"]) if isinstance(fields["type"], str) else None
    if kind is None:
        raise JournalError(f"{where}.type: must be the name of a registry type, like REG_SZ")
    return RegistryValue(spelled, kind, _data(kind, fields["data"], f"{where}.data"))


def _data(kind: RegistryType, data: object, where: str) -> RegistryData:
    """Data of a type: numbers, texts and lists where they belong, else bytes; a number of a wrong size is bytes too."""
    width = _WIDTHS.get(kind)
    if width and isinstance(data, int) and not isinstance(data, bool) and 0 <= data < 1 << 8 * width:
        return data
    if kind in _TEXTS:
        return text_of(data, where, _DATA)
    if kind is RegistryType.MULTI_SZ:
        return tuple(text_of(item, where, _DATA) for item in list_of(data, where, _ITEMS))
    if isinstance(data, dict):
        digits = text_of(fields_of(data, where, ("hex",))["hex"], where, 2 * _DATA)
        if _HEX.fullmatch(digits) and (width is None or len(digits) != 2 * width):
            return bytes.fromhex(digits)
    raise JournalError(f"{where}: are no data of a {kind.value}")
