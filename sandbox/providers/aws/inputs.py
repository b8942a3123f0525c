"""Inputs of resources by the names that the engine knows them by."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from sandbox.providers.property_values import Plain


class Fields(BaseModel):
    """A mapping of which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True)


class Inputs(Fields):
    """A resource's inputs; a default is put into the state as well."""

    def problems(self) -> Iterator[str]:
        """Find what single fields do not show; asked only when every input is known."""
        yield from ()

    @classmethod
    def defaults(cls) -> dict[str, Plain]:
        """List the inputs that have a value when the program sets none."""
        named = {field.alias or name: field.default for name, field in cls.model_fields.items()}
        return {key: value for key, value in named.items() if isinstance(value, bool | int | str)}


class Tagged(Inputs):
    """Inputs of a resource that has tags."""

    tags: dict[str, str] | None = None
    tags_all: dict[str, str] | None = None
    """The tags with the provider's default ones: put in when the inputs are checked."""


def _document(text: str) -> str:
    try:
        parsed: object = json.loads(text)
    except ValueError as error:
        raise ValueError(f"contains an invalid JSON: {error}") from None
    if not isinstance(parsed, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004  pydantic turns this kind into a sentence
    return text


def _arn(text: str) -> str:
    if not text.startswith("arn:") or text.count(":") < 5:  # noqa: PLR2004  arn:partition:service:region:account:what
        raise ValueError(f"({text}) is an invalid ARN: it has to be like arn:aws:iam::123456789012:role/name")
    return text


def _without_period(name: str) -> str:
    if name.endswith("."):
        raise ValueError("cannot end with a period")
    return name


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Document = Annotated[str, AfterValidator(_document)]
Arn = Annotated[str, AfterValidator(_arn)]
Domain = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_without_period)]
Whole = Annotated[int, BeforeValidator(_whole)]
Path = Annotated[str, Field(pattern=r"^/([!-~]*/)?$", max_length=512)]
Texts = Sequence[str]
