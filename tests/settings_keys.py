"""The keys of all settings, as they are written in a stack's file."""

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel


def keys(section: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the path of each setting that is no mapping."""
    for field in section.model_fields.values():
        choices = (field.annotation, *get_args(field.annotation))
        inner = [choice for choice in choices if isinstance(choice, type) and issubclass(choice, BaseModel)]
        if inner:
            yield from keys(inner[0], f"{prefix}{field.alias}.")
        else:
            yield f"{prefix}{field.alias}"
