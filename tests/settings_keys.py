"""The settings one by one: their keys as they are written in a stack's file, and what each of them is for."""

import ast
from collections.abc import Iterator
from functools import cache
from inspect import getsource
from itertools import pairwise
from textwrap import dedent
from typing import NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from settings.values import sections_in


class Setting(NamedTuple):
    """One setting that is no mapping."""

    key: str
    field: FieldInfo
    purpose: str
    """The docstring under the field; empty if it has none."""


def settings(section: type[BaseModel], prefix: str = "") -> Iterator[Setting]:
    """Yield each setting of a section and of the sections in it."""
    for name, field in section.model_fields.items():
        inner = sections_in(field)
        if inner:
            yield from settings(inner[0], f"{prefix}{field.alias}.")
        else:
            yield Setting(f"{prefix}{field.alias}", field, _docstrings(section).get(name, ""))


def keys(section: type[BaseModel]) -> Iterator[str]:
    """Yield the path of each setting that is no mapping."""
    return (each.key for each in settings(section))


@cache
def _docstrings(section: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field of a section, by the field's name."""
    definition = ast.parse(dedent(getsource(section))).body[0]
    assert isinstance(definition, ast.ClassDef)
    return {
        ast.unparse(field.target): str(ast.literal_eval(below.value))
        for field, below in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
    }
