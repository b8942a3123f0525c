"""Settings of the demo apps."""

from typing import Annotated

from pydantic import AfterValidator, Field

from model.failure_accrual import (
    FAILURES_RULE,
    JITTER_RATIO,
    JITTER_RULE,
    MAX_FAILURES,
    MAX_PENALTY,
    MIN_PENALTY,
    PENALTY_RULE,
    checked_failures,
    checked_jitter,
    checked_penalty,
)
from model.names import CanaryOwner, ForwardedHeader, RouteApi
from settings.values import (
    Count,
    Enabled,
    HeaderValue,
    OptionalHostname,
    Percent,
    Rate,
    Route,
    Section,
    Text,
    not_a_boolean,
)


class Booksapp(Section):
    """The demo in which one request in ten fails."""

    enabled: Enabled = True
    fault_percent: Percent = Field(default=10, description="a whole number from 0 to 100", examples=[10])
    authors_failure_rate: Rate = Field(default=0, description="a number from 0 to 1", examples=[0.5])
    webapp_replicas: Count = Field(default=3, description="a whole number from 1 to 100", examples=[3])
    route_api: Route = RouteApi.GATEWAY
    host: OptionalHostname = Field(default=None, examples=["books.example.com"])


class Podinfo(Section):
    """The demo in which a header chooses the backend."""

    enabled: Enabled = True
    header_name: ForwardedHeader = Field(
        default=ForwardedHeader.REQUEST_ID,
        description=f"one of {', '.join(ForwardedHeader)}: podinfo passes on no other",
        examples=["x-request-id"],
    )
    header_value: HeaderValue = Field(
        default="alternative",
        description="a header's exact value: 1 to 200 visible ASCII characters, with spaces inside only",
        examples=["alternative"],
    )
    route_api: Route = RouteApi.GATEWAY
    host: OptionalHostname = Field(default=None, examples=["podinfo.example.com"])


class Breaker(Section):
    """The circuit breaker: when an endpoint is taken out, and for how long."""

    enabled: Enabled = True
    max_failures: Annotated[int, not_a_boolean, AfterValidator(checked_failures)] = Field(
        default=MAX_FAILURES, description=FAILURES_RULE, examples=[MAX_FAILURES]
    )
    min_penalty: Annotated[str, AfterValidator(checked_penalty)] = Field(
        default=MIN_PENALTY, description=PENALTY_RULE, examples=[MIN_PENALTY]
    )
    max_penalty: Annotated[str, AfterValidator(checked_penalty)] = Field(
        default=MAX_PENALTY, description=PENALTY_RULE, examples=[MAX_PENALTY]
    )
    jitter_ratio: Annotated[float, not_a_boolean, AfterValidator(checked_jitter)] = Field(
        default=JITTER_RATIO, description=JITTER_RULE, examples=[JITTER_RATIO]
    )


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
    random_errors: bool = Field(
        default=False, description="true (the version answers some requests with an error) or false", examples=[True]
    )
    owner: CanaryOwner = Field(default=CanaryOwner.PULUMI, description="pulumi or argo-cd", examples=["pulumi"])
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
