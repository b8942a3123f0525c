"""What every resource has in common: inputs that are checked at once, and something that is made of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from sandbox.providers.property_values import Plain
from sandbox.providers.tls.errors import InputError


@dataclass(frozen=True)
class Made:
    """A new resource: its id and what was computed for it."""

    id: str
    outputs: Mapping[str, Plain]


class Inputs(BaseModel):
    """Inputs by the names that the engine knows them by; a default is an output as well."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True)

    computed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are only known when the resource is made."""
    in_place: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change keeps the resource; a change of any other replaces it."""
    kept: ClassVar[frozenset[str]] = frozenset()
    """Inputs without a default whose last value stays when the program stops setting them."""

    def problems(self) -> Iterator[InputError]:
        """Find what single fields do not show; asked only when every input is known."""
        yield from ()

    def make(self) -> Made:
        """Make the resource of inputs that have no problems."""
        raise NotImplementedError

    @classmethod
    def defaults(cls) -> dict[str, Plain]:
        """List the inputs that have a value when the program sets none."""
        scalars = {field.alias or name: field.default for name, field in cls.model_fields.items()}
        return {key: value for key, value in scalars.items() if isinstance(value, bool | int | str)}

    @classmethod
    def names(cls) -> list[str]:
        """List all inputs."""
        return [field.alias or name for name, field in cls.model_fields.items()]
