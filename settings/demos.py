"""Settings of the demo apps."""

from typing import Literal

from pydantic import Field

from settings.values import Count, Enabled, OptionalHostname, Percent, Rate, Route, Section, Text


class Booksapp(Section):
    """The demo in which one request in ten fails."""

    enabled: Enabled = True
    fault_percent: Percent = Field(default=10, description="a whole number from 0 to 100", examples=[10])
    authors_failure_rate: Rate = Field(default=0, description="a number from 0 to 1", examples=[0.5])
    webapp_replicas: Count = Field(default=3, description="a whole number from 1 to 100", examples=[3])
    route_api: Route = "gateway.networking.k8s.io"
    host: OptionalHostname = Field(default=None, examples=["books.example.com"])


class Podinfo(Section):
    """The demo in which a header chooses the backend."""

    enabled: Enabled = True
    header_name: Text = Field(default="x-request-id", description="a header's name", examples=["x-request-id"])
    header_value: Text = Field(default="alternative", description="a header's exact value", examples=["alternative"])
    route_api: Route = "gateway.networking.k8s.io"
    host: OptionalHostname = Field(default=None, examples=["podinfo.example.com"])


class Breaker(Section):
    """The circuit breaker: when an endpoint is taken out, and for how long."""

    enabled: Enabled = True
    max_failures: int = Field(default=7, description="a whole number from 0 to 4294967295", examples=[7])
    min_penalty: Text = Field(default="1s", description="a duration", examples=["1s"])
    max_penalty: Text = Field(default="1m", description="a duration", examples=["1m"])
    jitter_ratio: float = Field(default=0.5, description="a number from 0 to 100", examples=[0.5])


class CircuitBreaking(Section):
    """The demo in which one of two endpoints always fails."""

    enabled: Enabled = True
    breaker: Breaker = Field(default=Breaker(), description="a mapping of settings", examples=[{}])


class ProgressiveDelivery(Section):
    """The demo in which a new version gets its traffic step by step."""

    enabled: Enabled = True
    version: Text = Field(
        default="1.7.0",
        description="a version of podinfo, three numbers",
        examples=["1.7.1"],
        pattern=r"^\d+\.\d+\.\d+$",
    )
    analysis: bool = Field(
        default=False, description="true (a canary with too many errors is taken back) or false", examples=[True]
    )
    owner: Literal["pulumi", "argo-cd"] = Field(default="pulumi", description="pulumi or argo-cd", examples=["pulumi"])
    host: OptionalHostname = Field(default=None, examples=["canary.example.com"])


class Demos(Section):
    """The demo apps, each with its settings."""

    booksapp: Booksapp = Field(default=Booksapp(), description="a mapping of settings", examples=[{}])
    podinfo: Podinfo = Field(default=Podinfo(), description="a mapping of settings", examples=[{}])
    circuit_breaking: CircuitBreaking = Field(
        default=CircuitBreaking(), description="a mapping of settings", examples=[{}]
    )
    progressive_delivery: ProgressiveDelivery = Field(
        default=ProgressiveDelivery(), description="a mapping of settings", examples=[{}]
    )
