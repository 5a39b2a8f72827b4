"""Recipes as text: TOML files, ``key=value`` changes, and the complete TOML that a recipe prints.

A file names what differs from the defaults in ``model.recipe``. A branch that a network may have or not is a table, or
``false``. Nothing here imports torch.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import tomllib
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from model import recipe_rules
from model.recipe import Recipe

FOLDER = Path(__file__).parent / "recipes"
"""Where the recipes that ship with DenseMark are."""


def names() -> list[str]:
    """Of the recipes that ship."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def read(source: str | Path, changes: Iterable[str] = ()) -> Recipe:
    """The recipe of a name or a TOML file, with changes as ``changed`` takes them.

    :raises ValueError: there is none of that name, or the file or a change cannot be used; it says where and why.
    """
    path = FOLDER / f"{source}.toml"
    if not path.is_file():
        path = Path(source)
    if not path.is_file():
        near = difflib.get_close_matches(str(source), names(), 1)
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no recipe {str(source)!r}: not a file, and the recipes are: {', '.join(names())}{meant}")
    try:
        recipe = parse(path.read_text(encoding="utf-8"))
    except ValueError as error:  # of TOML and of characters, too
        raise ValueError(f"recipe {path.name}: {error}") from error
    return changed(recipe, changes)


def parse(text: str) -> Recipe:
    """The recipe of a TOML text. Raises ValueError, naming the key."""
    return _checked(_table(Recipe, tomllib.loads(text), ""))


def changed(recipe: Recipe, changes: Iterable[str]) -> Recipe:
    """The recipe with changes ``key=value``, such as ``schedule.rate=.02``, ``data.shortest=320,400``,
    ``network.masks=true`` (with its defaults) or ``network.masks.layers=2``.

    :raises ValueError: for an unknown key, with the one that was meant, or a value that the key does not take.
    """
    plain = _plain(recipe)
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals:
            raise ValueError(f"--set {change!r}: a change is key=value, such as schedule.rate=.02")
        table, kind = plain, typing.cast("Any", Recipe)
        *ways, last = key.strip().split(".")
        for depth, name in enumerate(ways):
            kind = _dataclass_of(_kind_of(kind, name, ".".join(ways[:depth])))
            if kind is None:
                raise ValueError(f"--set {key}: {'.'.join(ways[: depth + 1])} is a value and has no keys")
            if not isinstance(table[name], dict):
                table[name] = {}
            table = table[name]
        table[last] = _from_text(_kind_of(kind, last, ".".join(ways)), text.strip(), key.strip())
    return _checked(_table(Recipe, plain, ""))


def as_toml(recipe: Recipe) -> str:
    """All of a recipe, so that reading it gives the same again whatever the defaults become."""
    lines: list[str] = []
    _write(_plain(recipe), "", lines)
    return "\n".join(lines).strip() + "\n"


def differences(before: Recipe, after: Recipe) -> dict[str, tuple[Any, Any]]:
    """Dotted keys whose values differ, with both; a branch that one of them lacks is one key."""
    return dict(_differences(_plain(before), _plain(after), ""))


def _differences(
    before: Mapping[str, Any], after: Mapping[str, Any], where: str
) -> Iterable[tuple[str, tuple[Any, Any]]]:
    for name, old in before.items():
        key, new = _join(where, name), after[name]
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, key)
        elif old != new:
            yield key, (old, new)


def _plain(value: Any) -> Any:
    """Values as TOML has them: no branch is false, a tuple a list."""
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if value is None:
        return False
    return list(value) if isinstance(value, tuple) else value


def _write(table: Mapping[str, Any], where: str, lines: list[str]) -> None:
    if where and (not table or any(not isinstance(value, dict) for value in table.values())):
        lines += ["", f"[{where}]"]
    for key, value in table.items():
        if not isinstance(value, dict):
            lines.append(f"{key} = {_literal(value)}")
    for key, value in table.items():
        if isinstance(value, dict):
            _write(value, _join(where, key), lines)


def _literal(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _kind_of(kind: Any, name: str, where: str) -> Any:
    """The type of a key of a table. Raises ValueError where there is no such key, naming the nearest one."""
    hints = typing.get_type_hints(kind)
    if name in hints:
        return hints[name]
    near = difflib.get_close_matches(name, hints, 1)
    meant = f"did you mean {_join(where, near[0])!r}?" if near else f"there are: {', '.join(hints)}"
    raise ValueError(f"no key {_join(where, name)!r}; {meant}")


def _dataclass_of(kind: Any) -> Any:
    """The dataclass of a table or of a branch that may be missing; None for values."""
    return next((item for item in (kind, *get_args(kind)) if dataclasses.is_dataclass(item)), None)


def _table(kind: Any, given: Any, where: str) -> Any:
    """A dataclass of a TOML table."""
    if not isinstance(given, dict):
        raise ValueError(f"{where} is a table of keys, not {given!r:.80}")
    values = {name: _value(_kind_of(kind, name, where), value, _join(where, name)) for name, value in given.items()}
    return kind(**values)


def _value(kind: Any, given: Any, where: str) -> Any:
    """A value of a type, given as TOML has it."""
    if dataclasses.is_dataclass(kind):
        return _table(kind, given, where)
    if get_origin(kind) is types.UnionType:
        branch = _dataclass_of(kind)
        if isinstance(given, bool):
            return branch() if given else None
        return _table(branch, given, where)
    if get_origin(kind) is Literal:
        options = get_args(kind)
        if given not in options or isinstance(given, bool):
            raise ValueError(f"{where} is one of {', '.join(map(_literal, options))}, not {given!r:.80}")
        return given
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind), given, where)
    good = isinstance(given, int | float) if kind is float else isinstance(given, kind)
    if not good or (kind is not bool and isinstance(given, bool)):
        raise ValueError(f"{where} is {_WORDS[kind]}, not {given!r:.80}")
    if kind is float and not math.isfinite(given):
        raise ValueError(f"{where} is a finite number, not {given}")
    return float(given) if kind is float else given


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def _tuple(kinds: tuple[Any, ...], given: Any, where: str) -> tuple[Any, ...]:
    many = kinds[-1] is Ellipsis
    if not isinstance(given, list) or (not many and len(given) != len(kinds)):
        wanted = "a list" if many else f"a list of {len(kinds)}"
        raise ValueError(f"{where} is {wanted}, not {given!r:.80}")
    each = [kinds[0]] * len(given) if many else kinds
    return tuple(_value(kind, item, f"{where}[{n}]") for n, (kind, item) in enumerate(zip(each, given, strict=True)))


def _from_text(kind: Any, text: str, where: str) -> Any:
    """A value as TOML has it, of what was written behind ``key=``."""
    if dataclasses.is_dataclass(kind):
        raise ValueError(f"{where} is a table: change one of its keys: {', '.join(typing.get_type_hints(kind))}")
    if get_origin(kind) is tuple:
        items = [item.strip() for item in text.strip("[]() ").split(",")]
        return [_from_text(get_args(kind)[0], item, where) for item in items if item]
    if kind is bool or get_origin(kind) is types.UnionType:
        if text.lower() not in ("true", "false"):
            raise ValueError(f"{where} is true or false, not {text!r:.80}")
        return text.lower() == "true"
    if kind is str or (get_origin(kind) is Literal and isinstance(get_args(kind)[0], str)):
        return text.strip("\"'")
    try:
        return float(text) if kind is float else int(text.replace("_", ""))
    except ValueError:
        raise ValueError(f"{where} is {_WORDS.get(kind, 'a whole number')}, not {text!r:.80}") from None


def _checked(recipe: Recipe) -> Recipe:
    """The recipe as it is; raises ValueError where a value makes no sense."""
    recipe_rules.check(recipe)
    return recipe
