"""Values against types: what is right, and what to say of what is not.

pydantic does the work, field by field, from the annotations of a dataclass,
and is imported when there is something for it to do. Values of files and
calls are held to their type: a bool is no int, "9100" is none either, but an
int will do for a float, text for a Path and a list for a tuple. Text of the
environment and of `--set` is read by the field's own type. Safe from any
thread.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from plugwire.errors import Problem
from plugwire.settings import EnvText, dotted, where

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError
    from pydantic_core import ErrorDetails

A_KNOWN_KEY = "a known key"
"""What is expected of a key that means nothing."""
_SHOWN = 60
"""Characters of a wrong value that an error shows."""
_LISTED = 12
"""Names that an error lists: more are not read."""
_SHOWN_DEPTH = 3
"""Lists in lists that an error shows."""
_ALIKE = 0.65
"""How much two names are alike that may be meant for one another, of 1: "tpc"
and "tcp" are, by 0.67, and "port" and "transport" are not, by 0.62."""
_YES = frozenset({"true", "yes", "on", "y", "1"})
_NO = frozenset({"false", "no", "off", "n", "0"})
_WHOLE = 1 << 53
"""Up to here each whole number is a float."""
_ABSENT = object()
_RECORD = frozenset(
    {"extra_forbidden", "missing", "unexpected_keyword_argument"}
)
"""pydantic's kinds of errors that are about a table's keys."""
_WORDS = MappingProxyType(
    {
        "bool_parsing": "true or false",
        "bool_type": "true or false",
        "dataclass_type": "a table",
        "dict_type": "a table",
        "extra_forbidden": A_KNOWN_KEY,
        "float_parsing": "a number",
        "float_type": "a number",
        "int_parsing": "a whole number",
        "int_type": "a whole number",
        "list_type": "a list",
        "missing": "a value",
        "string_type": "text",
        "tuple_type": "a list",
        "unexpected_keyword_argument": A_KNOWN_KEY,
    }
)
"""pydantic's kind of error -> what a TOML file should say instead."""


def validate_section(
    cls: type, raw: Mapping[str, Any], key: str, origins: Mapping[str, str]
) -> tuple[object | None, list[Problem]]:
    """The dataclass `cls` made from the table `raw`, or every problem.

    `key` is the section's dotted key (`plugwire.tcp`) and `origins` says
    where its values came from. A ValueError of the class is told in its own
    words; one that begins with a field's name, `port: …`, is about that.
    """
    known = {f.name: f for f in fields(cls) if f.init}
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    try:
        hints = field_types(cls) if raw else {}
    except NameError as error:
        return None, [_bad_annotation(key, origins, error)]
    for name, value in raw.items():
        if name not in known:
            problems.append(unknown(key, str(name), origins, known))
            continue
        value, wrong = check(
            hints[name], value, dotted(key, name), origins, known[name]
        )
        problems += wrong
        values[name] = value
    problems += (
        Problem(
            *where(origins, f"{key}.{name}"),
            "a value",
            "none",
            f"write {name} under [{key}]",
        )
        for name, field in known.items()
        if name not in raw and _default(field) is _ABSENT
    )
    if problems:
        return None, problems
    try:
        return cls(**values), []
    except ValueError as error:
        return None, [_broken_rule(cls, key, raw, origins, str(error))]


def field_types(cls: type) -> Mapping[str, Any]:
    """The annotations of `cls` by field, limits included.

    They may name what is in `annotated_types` and `plugwire.limits` without
    an import, or with one for type checkers alone.
    """
    import annotated_types

    from plugwire import limits

    module = vars(sys.modules[cls.__module__])
    names = {**vars(annotated_types), **vars(limits), **vars(cls)}
    spare = {name: at for name, at in names.items() if name not in module}
    return get_type_hints(cls, localns=spare, include_extras=True)


def check(
    hint: Any,
    value: Any,
    key: str,
    origins: Mapping[str, str],
    field: Field[Any],
) -> tuple[Any, list[Problem]]:
    """`value` as `hint` has it, or the problems, each at its own place."""
    # What is plainly right needs no pydantic: the common overrides.
    if hint is str and isinstance(value, str):
        return str(value), []
    if hint is bool and isinstance(value, bool):
        return value, []
    if type(value) in (int, float):
        from plugwire.limits import is_within

        if is_within(hint, value):
            return value, []
        # A whole number will do for a float that can tell it exactly.
        if type(value) is int and abs(value) <= _WHOLE:
            number = float(value)
            if is_within(hint, number):
                return number, []
    from pydantic import ValidationError
    from pydantic.errors import PydanticUserError
    from pydantic_core import SchemaError

    try:
        adapter = _adapter(hint)
        if isinstance(value, EnvText):
            return _from_text(adapter, value), []
        return _strict(adapter, value), []
    except ValidationError as error:
        return None, list(_told(error, value, key, origins, field, hint))
    except (PydanticUserError, SchemaError) as error:
        return None, [_bad_annotation(key, origins, error)]


def table_from_text(text: str) -> Mapping[str, Any] | None:
    """The table that `text` is in TOML or JSON, or None."""
    value = _value_from_text(text)
    return value if isinstance(value, dict) else None


def unknown(
    table: str, name: str, origins: Mapping[str, str], known: Iterable[str]
) -> Problem:
    """The problem of a key of `table` that means nothing, with the nearest
    one of `known`."""
    own = dotted(table, name)
    key, origin = where(origins, own)
    choices = sorted(known)
    if near := nearest(name, choices):
        right = key.removesuffix(own.removeprefix(f"{table}.")) + near
        mend = f"did you mean {spelled(right, origin)}?"
    elif len(choices) > _LISTED:
        mend = "plugwire config schema lists them"
    elif choices:
        mend = f"it may be {', '.join(choices)}"
    else:
        mend = "remove it"
    return Problem(key, origin, A_KNOWN_KEY, shown(name), mend)


def nearest(name: str, choices: Collection[str]) -> str | None:
    """What of `choices` looks most like `name`, if anything does."""
    import difflib

    folded = {choice.lower(): choice for choice in choices}
    near = difflib.get_close_matches(name.lower(), folded, 1, _ALIKE)
    return folded[near[0]] if near else None


def spelled(key: str, origin: str) -> str:
    """`key` as it is written there: as a variable in the environment."""
    if not origin.startswith("environment "):
        return key
    return "_".join(
        ("PLUGWIRE", key.removeprefix("plugwire.").replace(".", "__").upper())
    )


def shown(value: Any) -> str:
    """A value as a settings file would have it, cut."""
    try:
        text = _in_toml(value, _SHOWN_DEPTH)
    except ValueError:  # an int of more digits than Python prints
        text = f"a very long {type(value).__name__}"
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def sort_of(value: Any) -> str:
    """What sort of value stands where a table should: never the value, for
    what is in a plugin's table may be secret."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return shown(value)
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, (list, tuple)):
        return "a list"
    return f"a value of type {type(value).__name__}"


def _in_toml(value: Any, depth: int) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, Path)):
        return repr(str(value))
    if not isinstance(value, (list, tuple, dict)):
        return repr(value)
    if value and not depth:
        inside = "…"
    elif isinstance(value, dict):
        # No more of it than can be shown.
        inside = ", ".join(
            f"{_key_in_toml(k)} = {_in_toml(v, depth - 1)}"
            for k, v in islice(value.items(), _SHOWN)
        )
    else:
        inside = ", ".join(
            _in_toml(one, depth - 1) for one in islice(value, _SHOWN)
        )
    return f"{{{inside}}}" if isinstance(value, dict) else f"[{inside}]"


def _key_in_toml(key: Any) -> str:
    # As a bare key where it can be one.
    if isinstance(key, str):
        return dotted("", key).removeprefix(".")
    return _in_toml(key, 0)


def _adapter(hint: Any) -> TypeAdapter[list[Any]]:
    from pydantic import ConfigDict, TypeAdapter

    # A list of one: an adapter for a dataclass takes no configuration, and
    # one for a list hands its own on to what is in it.
    return TypeAdapter(
        list[hint],
        config=ConfigDict(
            strict=True,
            extra="forbid",
            allow_inf_nan=False,
            arbitrary_types_allowed=True,
            hide_input_in_errors=True,
        ),
    )


def _strict(adapter: TypeAdapter[list[Any]], value: Any) -> Any:
    from pydantic import ValidationError

    try:
        return adapter.validate_python([value], strict=True)[0]
    except ValidationError:
        # TOML has no tuples, paths and records. JSON has none either, and
        # pydantic's strictness in JSON knows what stands for them.
        if not _like_json(value):
            raise
        import json

        return adapter.validate_json(json.dumps([value]), strict=True)[0]


def _from_text(adapter: TypeAdapter[list[Any]], text: EnvText) -> Any:
    from pydantic import ValidationError

    try:
        return adapter.validate_python([str(text)], strict=False)[0]
    except ValidationError:
        value = _value_from_text(text)
        if not isinstance(value, (list, dict)) and value is not None:
            raise
        return _strict(adapter, value)


def _value_from_text(text: str) -> Any:
    import json
    import tomllib

    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        table = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text


def _like_json(value: Any, depth: int = 32) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(
            isinstance(k, str) and _like_json(v, depth - 1)
            for k, v in value.items()
        )
    if isinstance(value, (list, tuple)):
        return depth > 0 and all(_like_json(v, depth - 1) for v in value)
    if isinstance(value, int):
        return abs(value) < 1 << 64  # Python prints no endless ones
    return value is None or isinstance(value, (str, float))


def _told(
    error: ValidationError,
    value: Any,
    key: str,
    origins: Mapping[str, str],
    field: Field[Any],
    hint: Any,
) -> Iterable[Problem]:
    real, origin = where(origins, key)
    for one in error.errors(include_url=False):
        path = one["loc"][1:]
        found = value
        for step in path:
            try:
                found = found[step]
            except (LookupError, TypeError):
                break
        inside = "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}"
            for step in path
        )
        if one["type"] == "value_error":
            text = one["msg"].removeprefix("Value error, ")
            names = found if isinstance(found, Mapping) else ()
            inside, text = _about(inside, text, names)
            yield Problem(real + inside, origin, "", text)
            continue
        if one["type"] in _RECORD and path:
            expected, what, mend = _of_record(one["type"], path, hint)
            yield Problem(real + inside, origin, expected, what, mend)
            continue
        text = one["msg"].removeprefix("Input should be ")
        if one["type"].startswith(("greater_", "less_")):
            text = f"a value {text}"
        yield Problem(
            real + inside,
            origin,
            _WORDS.get(one["type"], text),
            shown(found),
            _mend(one, found, field, hint),
        )


def _of_record(
    kind: str, path: tuple[Any, ...], hint: Any
) -> tuple[str, str, str]:
    """What is said of a key that a table in a value lacks or has too much:
    what was expected, what was found, and the mend."""
    name = str(path[-1])
    if kind == "missing":
        return f"{name} in this table", "none", f"write {name} = … there"
    known = _names_in(hint)
    if near := nearest(name, known):
        mend = f"did you mean {near!r}?"
    else:
        mend = f"it may be {', '.join(sorted(known))}"
    return A_KNOWN_KEY, shown(name), mend if known else "remove it"


def _names_in(hint: Any) -> set[str]:
    """The keys of the tables that a value of this type may hold."""
    if isinstance(hint, type) and is_dataclass(hint):
        names = {f.name for f in fields(hint) if f.init}
        hints: Iterable[Any] = field_types(hint).values()
    else:
        names, hints = set(), get_args(hint)
    return names.union(*map(_names_in, hints))


def _about(key: str, text: str, names: Collection[str]) -> tuple[str, str]:
    """The key that a rule of a class is about, and what it says of it: one
    of `names`, where the text begins with that."""
    name, colon, rest = text.partition(": ")
    return (f"{key}.{name}", rest) if colon and name in names else (key, text)


def _mend(
    error: ErrorDetails, found: Any, field: Field[Any], hint: Any
) -> str:
    kind, path = error["type"], error["loc"][1:]
    if kind in ("enum", "literal_error") and isinstance(found, str):
        words = re.findall(r"'([^']*)'", str(error["ctx"]["expected"]))
        if near := nearest(found, words):
            return f'did you mean "{near}"?'
    if isinstance(found, EnvText):
        if kind.startswith(("tuple", "list", "dict", "mapping", "dataclass")):
            return 'write it as in TOML or JSON, as in ["a", "b"]'
    elif kind == "string_type" and isinstance(found, (int, float)):
        return f'put it in quotes, "{str(found).lower()}"'
    elif kind == "bool_type" and str(found).lower() in _YES | _NO:
        return f"write {str(str(found).lower() in _YES).lower()}"
    elif isinstance(found, str) and kind in ("int_type", "float_type"):
        with suppress(ValueError):
            float(found)
            return f"write {found} without quotes"
    elif (
        isinstance(found, str)
        and kind in ("list_type", "tuple_type")
        and (path or get_args(hint)[:1] == (str,))
    ):
        return f'write it in brackets, ["{found:.60}"]'
    unit = _unit(kind, found, field.name) if isinstance(found, str) else None
    # What is inside has defaults of its own, that are not known here.
    default = _ABSENT if path else _default(field)
    usual = "" if default is _ABSENT else f"the default is {shown(default)}"
    mend = "; ".join(filter(None, (unit, usual)))
    if not mend and kind == "int_type" and isinstance(found, str):
        return "write the number, without quotes"
    return mend


def _unit(kind: str, text: str, name: str) -> str | None:
    """The mend for a number that has its unit with it."""
    from plugwire import units

    if kind.startswith("float_"):
        return units.seconds(text)
    if kind.startswith("int_"):
        return units.size(text, named=name.endswith("bytes"))
    return None


def _default(field: Field[Any]) -> Any:
    if field.default is not MISSING:
        return field.default
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _ABSENT


def _bad_annotation(
    key: str, origins: Mapping[str, str], error: Exception
) -> Problem:
    return Problem(
        key,
        where(origins, key)[1],
        "a type that pydantic knows",
        str(error).splitlines()[0],
        "the plugin's author must mend the annotation",
    )


def _broken_rule(
    cls: type,
    key: str,
    raw: Mapping[str, Any],
    origins: Mapping[str, str],
    why: str,
) -> Problem:
    own, text = _about(key, why, [f.name for f in fields(cls)])
    if own != key:
        return Problem(*where(origins, own), "", text)
    # The rule may be about several keys: the places of all are told.
    places = dict.fromkeys(where(origins, f"{key}.{n}")[1] for n in raw)
    return Problem(key, ", ".join(places) or "default", "", why)
