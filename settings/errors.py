"""Turns pydantic's validation errors into problems that name key, value, rule and fix."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from model.hiding import SECRET, plain
from model.problem import Problem
from settings.values import sections_in

_LIST: TypeAdapter[list[object]] = TypeAdapter(list[object])
_KINDS: dict[type, str] = {dict: "a mapping", list: "a list", int: "a number too long to be shown"}


def explain(
    model: type[BaseModel], errors: Sequence[ErrorDetails], project: str, secret: Collection[str] = ()
) -> list[Problem]:
    """Return one problem for each of `errors`, with keys as they are written in a stack's file.

    The values under the top-level keys in `secret` are not repeated.
    """
    for error in errors:
        if error["loc"] and error["loc"][0] in secret:
            error["input"] = SECRET
    return [_problem(model, error, project) for error in errors]


def describe_value(value: object) -> str:
    """Return the description of a wrong value for a message: a short one itself, of any other one only its kind."""
    text = plain(value)
    if value == SECRET:
        return SECRET
    if text is not None:
        return f"'{text.encode('unicode_escape').decode('ascii')}'"
    if isinstance(value, str):
        return f"a text of {len(value)} characters"
    return _KINDS.get(type(value), f"a {type(value).__name__}")


def _problem(model: type[BaseModel], error: ErrorDetails, project: str) -> Problem:
    path = [step for step in error["loc"] if isinstance(step, str)]
    key = f"{project}:{'.'.join(map(_name, path))}"
    element = "".join(f"[{step}]" for step in error["loc"] if isinstance(step, int))
    if not path:
        return Problem(project, error["msg"], "keys and values have to be valid Unicode", "Fix the stack's file.")
    section = _section(model, path[:-1])
    if error["type"] in ("extra_forbidden", "invalid_key"):
        return _unknown_key(section, key, path[-1])
    field = _by_alias(section)[path[-1]]
    if error["type"] == "number_for_text":
        found, rule = "it is a number, of which digits may be lost", f"it has to be a text: {field.description}"
        set_it = f"pulumi config set --path --type string '{key}{element}' <value>"
        return Problem(f"{key}{element}", found, rule, f"Set it with `{set_it}`, or in quotes in the file.")
    found = "it is not set" if error["type"] == "missing" else f"the value is {describe_value(error['input'])}"
    fix = _fix(key, field, element)
    if isinstance(error["input"], str) and not element and "[0]" in fix:  # Pulumi adds no element to a text
        fix = f"Remove it with `pulumi config rm --path '{key}'`, and {fix[0].lower()}{fix[1:]}"
    return Problem(f"{key}{element}", found, f"it has to be {field.description}", fix)


def _name(step: str) -> str:
    text = plain(step)
    return SECRET if text is None else text.encode("unicode_escape").decode("ascii")


def _unknown_key(section: type[BaseModel], key: str, name: str) -> Problem:
    known = sorted(_by_alias(section))
    close = get_close_matches(name, known, n=1)
    advice = f"Did you mean '{close[0]}'?" if close else f"Remove it with `pulumi config rm --path '{key}'`."
    kind = "demo" if section.__name__ == "Demos" else "setting"
    return Problem(key, f"there is no such {kind}", f"the known ones are {', '.join(known)}", advice)


def _by_alias(section: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _section(model: type[BaseModel], path: Sequence[str]) -> type[BaseModel]:
    for step in path:
        (model,) = sections_in(_by_alias(model)[step])
    return model


def _fix(key: str, field: FieldInfo, element: str) -> str:
    example = (field.examples or [""])[0]
    if example == {}:
        return mapping_fix(key)
    if isinstance(example, list):
        value = next(iter(_LIST.validate_python(example)), "")
        return f"Set it with `pulumi config set --path '{key}{element or '[0]'}' {value}`."
    return f"Set it with `pulumi config set --path '{key}' {str(example).lower() if example is True else example}`."


def mapping_fix(key: str) -> str:
    """Return the remedy for a setting that has to be a mapping: plain `pulumi config set` would store text."""
    return f"Remove it with `pulumi config rm --path '{key}'`, and set what belongs into it key by key."
