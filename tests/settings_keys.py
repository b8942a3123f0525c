"""The keys of all settings, as they are written in a stack's file."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo


def keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the path of each setting that is no mapping."""
    for field in section.model_fields.values():
        inner = sections_in(field)
        if inner:
            yield from keys(inner[0], f"{prefix}{field.alias}.")
        else:
            yield f"{prefix}{field.alias}"


def sections_in(field: FieldInfo) -> list[type[BaseModel]]:
    """Return the section of settings that a setting is, if it is one."""
    choices = (field.annotation, *get_args(field.annotation))
    return [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
