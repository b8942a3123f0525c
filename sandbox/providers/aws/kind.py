"""The base class of the resources, and the types of their inputs by the names that the engine knows them by."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from sandbox.providers.aws.connection import Aws
from sandbox.providers.aws.serving import EngineLog, ProviderError
from sandbox.providers.aws.values import UNKNOWN, Given, Object, Plain

POLL_SECONDS = 0.5


class Inputs(BaseModel):
    """A resource's inputs, of which every key is known; a default is put into the state as well."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, hide_input_in_errors=True)

    @classmethod
    def defaults(cls) -> Object:
        """Return the inputs that have a value when the program sets none."""
        named = {field.alias or name: field.default for name, field in cls.model_fields.items()}
        return {key: value for key, value in named.items() if isinstance(value, int | str)}


class Tagged(Inputs):
    """Inputs of a resource that has tags."""

    tags: dict[str, str] | None = None
    tags_all: dict[str, str] | None = None
    """The tags with the provider's default ones: put in when the inputs are checked."""


def _document(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        raise ValueError(f"contains an invalid JSON: {error}") from None
    return text


Document = Annotated[str, AfterValidator(_document)]


@dataclass(frozen=True)
class Wait:
    """One resource's wait for AWS."""

    log: EngineLog
    ended: threading.Event
    """Ends every wait of the provider."""
    urn: str
    seconds: float
    """The program's own limit; 0 if it sets none."""

    def until(self, met: Callable[[], str | None], usual_seconds: float) -> None:
        """Wait until `met` reports nothing more; raises with its last report."""
        deadline = time.monotonic() + (self.seconds or usual_seconds)
        while lacking := met():
            if time.monotonic() > deadline:
                raise ProviderError(f"timeout while waiting ({self.seconds or usual_seconds:.0f} s): {lacking}")
            self.log.status(self.urn, lacking)
            if self.ended.wait(POLL_SECONDS):
                raise ProviderError(f"interrupted while waiting: {lacking}")


class Kind(ABC):
    """One type of resource; the same object answers for all resources of the type.

    If AWS refuses, the provider names the operation and the resource. It treats a missing resource as deleted.
    """

    title: ClassVar[str]
    """Its name in sentences."""
    inputs: ClassVar[type[Inputs]]
    replaces: ClassVar[frozenset[str]] = frozenset()
    """Inputs whose change replaces the resource."""
    computed: ClassVar[frozenset[str]] = frozenset()
    """Outputs that are known only after the creation."""
    spellings: ClassVar[Mapping[str, Callable[[Plain], Plain]]] = {}
    """How inputs are compared that have several spellings: each returns one for all equal values."""

    @abstractmethod
    def create(self, aws: Aws, given: Given) -> str:
        """Create the resource; return its id."""

    def wait(self, aws: Aws, key: str, given: Given, wait: Wait) -> None:
        """Wait until it is complete; nothing is recorded if that fails."""
        del aws, key, given, wait

    @abstractmethod
    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return its state in AWS, by the names of outputs; None if it does not exist."""

    def update(self, aws: Aws, key: str, old: Given, new: Given) -> None:
        """Change it in place."""
        raise NotImplementedError

    @abstractmethod
    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Delete it."""

    def predict_outputs(self, given: Given) -> Object:
        """Return the outputs of a new resource that a preview knows."""
        return dict.fromkeys(self.computed - given.keys(), UNKNOWN)
