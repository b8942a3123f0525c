"""Reading AWS's answers."""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.providers.aws.connection import RefusedError, clearly
from sandbox.providers.property_values import Object


def found(what: str, ask: Callable[[], Any]) -> Any:  # noqa: ANN401  boto3's answers are made at run time
    """The answer; None if what was asked for is not there."""
    try:
        with clearly(what):
            return ask()
    except RefusedError as refusal:
        if refusal.gone:
            return None
        raise


def tags_of(listed: Iterable[Mapping[str, str]] | None) -> Object:
    """A list of tags as a mapping."""
    return {each["Key"]: each.get("Value", "") for each in listed or ()}


def rfc3339(moment: datetime) -> str:
    """A moment as the provider writes it."""
    return moment.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")
