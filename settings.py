"""The stack's settings: the one door through which configuration enters.

Keys are written in camelCase under `linkerd-workshop:` in `Pulumi.<stack>.yaml`. A field's description is the rule that
an error message quotes, its example the cure that it offers.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_LONGEST_HOSTNAME = 253


def _hostname(value: str) -> str:
    labels = value.split(".")
    if len(value) > _LONGEST_HOSTNAME or len(labels) == 1 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError(value)
    return value


def _not_a_boolean(value: object) -> object:
    """Keep YAML's `yes` from turning into 1 percent."""
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004  pydantic collects ValueErrors only
    return value


_number = BeforeValidator(_not_a_boolean)
Hostname = Annotated[str, AfterValidator(_hostname)]
Percent = Annotated[int, _number, Field(ge=0, le=100)]
Days = Annotated[int, _number, Field(ge=1, le=36500)]
Count = Annotated[int, _number, Field(ge=1, le=100)]
Generation = Annotated[int, _number, Field(ge=1, le=1_000_000)]
Rate = Annotated[float, _number, Field(ge=0, le=1, allow_inf_nan=False)]


def _unset_if_empty(value: object) -> object:
    """Take the empty defaults of Pulumi.yaml, which has no other way to make a key optional, for None."""
    return None if value == "" else value


Text = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]
OptionalText = Annotated[Text | None, BeforeValidator(_unset_if_empty)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=False)


class GatewayApi(_Section):
    """The Gateway API's custom resource definitions."""

    install: bool = Field(
        default=True,
        description="true (this stack owns them) or false (somebody else keeps them in the cluster)",
        examples=[True],
    )


class Trust(_Section):
    """The lives of the mesh's certificates."""

    anchor_days: Days = Field(default=3650, description="whole days from 1 to 36500", examples=[3650])
    issuer_days: Days = Field(default=365, description="whole days from 1 to 36500", examples=[365])
    renewal_days: Days = Field(default=90, description="whole days from 1 to 36500", examples=[90])
    generation: Generation = Field(
        default=1, description="a whole number from 1 (a new one restarts every meshed pod)", examples=[1]
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.renewal_days < self.issuer_days <= self.anchor_days:
            found = f"renewalDays {self.renewal_days}, issuerDays {self.issuer_days}, anchorDays {self.anchor_days}"
            rule = "renewalDays has to be below issuerDays, and issuerDays not above anchorDays"
            cure = "An issuer that outlives its anchor, or is due at once, would be replaced in every `up`; change one."
            raise PydanticCustomError("contradiction", "{rule}", {"found": found, "rule": rule, "cure": cure})
        return self


class Booksapp(_Section):
    """The demo in which one request in ten fails."""

    enabled: bool = Field(default=True, description="true or false", examples=[True])
    fault_percent: Percent = Field(default=10, description="a whole number from 0 to 100", examples=[10])
    authors_failure_rate: Rate = Field(default=0, description="a number from 0 to 1", examples=[0.5])
    webapp_replicas: Count = Field(default=3, description="a whole number from 1 to 100", examples=[3])
    route_api: Literal["gateway.networking.k8s.io", "policy.linkerd.io"] = Field(
        default="gateway.networking.k8s.io",
        description="gateway.networking.k8s.io or policy.linkerd.io",
        examples=["gateway.networking.k8s.io"],
    )
    host: Hostname | None = Field(
        default=None,
        description="a DNS name of at least two labels in lower case, without scheme and port",
        examples=["books.example.com"],
    )


class Demos(_Section):
    """The demo apps, each with its settings."""

    booksapp: Booksapp = Field(default=Booksapp(), description="a mapping of settings", examples=[{}])


class Settings(_Section):
    """Everything that a stack can choose."""

    kubeconfig: OptionalText = Field(default=None, description="the path of a file", examples=["~/.kube/config"])
    context: OptionalText = Field(default=None, description="the name of a kubeconfig context", examples=["kind-kind"])
    chart_mirror: OptionalText = Field(default=None, description="a folder of chart archives", examples=["./mirror"])
    ingress_class: Text = Field(default="alb", description="the name of an IngressClass", examples=["alb"])
    gateway_api: GatewayApi = Field(default=GatewayApi(), description="a mapping of settings", examples=[{}])
    trust: Trust = Field(default=Trust(), description="a mapping of settings", examples=[{}])
    demos: Demos = Field(default=Demos(), description="a mapping of demos", examples=[{}])
