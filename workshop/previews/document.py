"""The document that `pulumi preview --json` prints, as far as a comment uses it."""

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from model.json_values import at
from model.moments import in_utc

ENDS = ("validityEndTime", "notAfter")
"""Outputs of a certificate that say when it ends."""
CHANGING = ("create", "update", "replace", "delete", "import", "discard")
"""Operations that change something; the two halves of a replacement appear as one `replace`."""


_TIME = TypeAdapter(datetime)
Item = TypeVar("Item")
# Go writes null for an empty list or mapping.
Many = Annotated[list[Item], BeforeValidator(lambda value: [] if value is None else value)]
Properties = Annotated[dict[str, object], BeforeValidator(lambda value: {} if value is None else value)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class State(_Part):
    """A resource's state before or after the `up`."""

    custom: bool = False
    inputs: Properties = Field(default={})
    outputs: Properties = Field(default={})

    @property
    def end(self) -> datetime | None:
        """When the certificate ends; None for any other resource."""
        for key in ENDS:
            try:
                return in_utc(_TIME.validate_python(self.outputs.get(key)))
            except ValidationError:
                continue
        return None


class Step(_Part):
    """A resource and the operation on it."""

    op: str
    urn: str
    old: State | None = Field(default=None, alias="oldState")
    new: State | None = Field(default=None, alias="newState")
    replace_reasons: Many[str] = Field(default=[], alias="replaceReasons")
    detailed_diff: Properties = Field(default={}, alias="detailedDiff")
    """By the path of each property that changes."""

    @cached_property
    def type(self) -> str:
        """The resource's type token, such as `kubernetes:apps/v1:Deployment`."""
        parts = self.urn.split("::", 3)
        return parts[2].rpartition("$")[2] if len(parts) > 2 else ""  # noqa: PLR2004  of four parts the third

    @cached_property
    def name(self) -> str:
        """The resource's name in the program."""
        return self.urn.split("::", 3)[-1]

    @property
    def title(self) -> str:
        """The object's name in its cluster: kind, namespace and name; elsewhere its type and name."""
        inputs = self.state.inputs
        paths = (("kind",), ("metadata", "name"), ("metadata", "namespace"))
        kind, name, namespace = (at(inputs, *path) for path in paths)
        if isinstance(kind, str) and isinstance(name, str):
            return f"{kind} {namespace}/{name}" if isinstance(namespace, str) else f"{kind} {name}"
        return f"{self.type.rpartition(':')[2]} {self.name}"

    @property
    def state(self) -> State:
        """The resource's new state, or its old one if it is deleted."""
        return self.new or self.old or State()


class Diagnostic(_Part):
    """A message of the engine or the program."""

    urn: str = ""
    message: str = ""
    severity: str = ""


class Digest(_Part):
    """The whole document."""

    steps: Many[Step] = Field(default=[])
    diagnostics: Many[Diagnostic] = Field(default=[])

    def list_changes(self) -> Iterator[Step]:
        """Yield the steps that change an object; components are no objects."""
        return (step for step in self.steps if step.op in CHANGING and step.state.custom)


class Finding(_Part):
    """A finding of a policy, as the engine's event log has it."""

    policy: str = Field(alias="policyName")
    pack: str = Field(default="", alias="policyPackName")
    level: str = Field(default="", alias="enforcementLevel")
    message: str = ""
    urn: str = Field(default="", alias="resourceUrn")
