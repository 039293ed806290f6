# Copyright (c) 2026, the mailfleet.client developers
# GNU General Public License v3.0-or-later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what YAML and JSON give to the dataclasses of the tables: strict, by the type of each field."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing as t
from collections.abc import Callable, Mapping

from ansible_collections.mailfleet.client.plugins.plugin_utils.knowledge.tables import ProtocolDefault

Converter = Callable[[t.Any], t.Any]
_T = t.TypeVar("_T")

_KIND_NAMES: t.Final = {str: "text", int: "a whole number", bool: "true or false"}
#: The three states of a protocol that facts know, in words.
_STATES: t.Final = {
    "enabled": ProtocolDefault(supported=True, enabled=True, disabled_by_default=False),
    "disabled-by-default": ProtocolDefault(supported=True, enabled=True, disabled_by_default=True),
    "unsupported": ProtocolDefault(supported=False, enabled=False, disabled_by_default=True),
}


class Wrong(ValueError):
    """A value does not fit its field. ``field`` is the path to it inside the row, ``why`` what is wrong."""

    def __init__(self, why: str, field: str = "") -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.why, self.field = why, field


def record(kind: type[_T], raw: t.Any) -> _T:
    """One dataclass from one mapping: no unknown field, and none missing but those with a default or that may be null.

    Raises Wrong.
    """
    if not isinstance(raw, dict):
        raise Wrong(f"must be a mapping, is {raw!r}")
    fields = _fields(t.cast(t.Any, kind))
    unknown = [str(name) for name in raw if name not in fields]
    if unknown:
        raise Wrong("is no field of this table", unknown[0])
    values = {}
    for name, (convert, required, default) in fields.items():
        if name in raw:
            try:
                values[name] = convert(raw[name])
            except Wrong as wrong:
                raise Wrong(wrong.why, f"{name}.{wrong.field}" if wrong.field else name) from wrong
        elif required:
            raise Wrong("is missing", name)
        else:
            values[name] = default
    return kind(**values)


@functools.cache
def _fields(kind: t.Any) -> Mapping[str, tuple[Converter, bool, t.Any]]:
    """Field → (converter, whether it must be there, else its default)."""
    hints = t.get_type_hints(kind)
    found: dict[str, tuple[Converter, bool, t.Any]] = {}
    for field in dataclasses.fields(kind):
        hint = hints[field.name]
        has_default = field.default is not dataclasses.MISSING
        required = not has_default and types.NoneType not in t.get_args(hint)
        found[field.name] = _converter(hint), required, field.default if has_default else None
    return found


def _converter(hint: t.Any) -> Converter:
    origin, arguments = t.get_origin(hint), t.get_args(hint)
    if hint is ProtocolDefault:
        return _state
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return functools.partial(record, t.cast(type[t.Any], hint))
    if origin is t.Literal:
        return functools.partial(_one_of, arguments)
    if origin in (t.Union, types.UnionType):
        inner = next(argument for argument in arguments if argument is not types.NoneType)
        return functools.partial(_optional, _converter(inner))
    if origin is tuple and arguments[-1] is Ellipsis:
        return functools.partial(_many, _converter(arguments[0]), arguments[0] is str)
    if origin is tuple:
        return functools.partial(_exactly, tuple(map(_converter, arguments)))
    if origin is Mapping:
        return functools.partial(_mapping, _converter(arguments[1]))
    return functools.partial(_plain, hint)


def _plain(kind: type[t.Any], raw: t.Any) -> t.Any:
    # bool is an int to Python; a table that says "true" where a number belongs is wrong.
    if not isinstance(raw, kind) or (isinstance(raw, bool) and kind is not bool):
        raise Wrong(f"must be {_KIND_NAMES[kind]}, is {raw!r}")
    return raw


def _state(raw: t.Any) -> ProtocolDefault:
    if not isinstance(raw, str) or raw not in _STATES:
        raise Wrong(f"must be one of {', '.join(_STATES)}, is {raw!r}")
    return _STATES[raw]


def _one_of(words: tuple[str, ...], raw: t.Any) -> t.Any:
    if not isinstance(raw, str) or raw not in words:
        raise Wrong(f"must be one of {', '.join(words)}, is {raw!r}")
    return raw


def _optional(convert: Converter, raw: t.Any) -> t.Any:
    return None if raw is None else convert(raw)


def _many(convert: Converter, words: bool, raw: t.Any) -> tuple[t.Any, ...]:
    if words and isinstance(raw, str):
        return tuple(raw.split())
    if not isinstance(raw, list):
        raise Wrong(f"must be a list, is {raw!r}")
    return tuple(_item(convert, number, item) for number, item in enumerate(raw))


def _exactly(converters: tuple[Converter, ...], raw: t.Any) -> tuple[t.Any, ...]:
    if not isinstance(raw, list) or len(raw) != len(converters):
        raise Wrong(f"must be a list of {len(converters)}, is {raw!r}")
    return tuple(_item(convert, number, raw[number]) for number, convert in enumerate(converters))


def _mapping(convert: Converter, raw: t.Any) -> dict[str, t.Any]:
    if not isinstance(raw, dict) or not all(isinstance(name, str) for name in raw):
        raise Wrong(f"must be a mapping with text on its left, is {raw!r}")
    return {name: _item(convert, name, item) for name, item in raw.items()}


def _item(convert: Converter, place: int | str, raw: t.Any) -> t.Any:
    try:
        return convert(raw)
    except Wrong as wrong:
        raise Wrong(wrong.why, f"{place}.{wrong.field}" if wrong.field else str(place)) from wrong
