"""Putting functions in the place of moto's methods."""

import importlib
import inspect
from collections.abc import Callable
from typing import Any


def replace(place: str, replacement: Callable[..., Any]) -> None:
    """Put a function in the place of a method (`module:Class.method`); it gets the original, and arguments by name."""
    module, _, path = place.partition(":")
    owner, _, name = path.partition(".")
    holder: Any = getattr(importlib.import_module(module), owner)
    original: Any = getattr(holder, name)

    signature = inspect.signature(original)

    def method(*given: Any, **named: Any) -> Any:  # noqa: ANN401  moto's methods have no useful types
        (_, holder_itself), *rest = signature.bind(*given, **named).arguments.items()
        return replacement(original, holder_itself, **dict(rest))

    setattr(holder, name, method)


def failure(place: str, *given: str) -> Any:  # noqa: ANN401
    """One of moto's exceptions (`module:Class`), which it writes as the service does."""
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)(*given)
