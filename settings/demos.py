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
    section,
    switch,
)
from versions import CANARY_VERSIONS


class Booksapp(Section):
    """The demo in which one request in ten fails."""

    enabled: Enabled = True
    """Whether the stack installs the demo."""
    fault_percent: Percent = Field(default=10, description="a whole number from 0 to 100", examples=[10])
    """Share of the requests to `books` that fail, in percent."""
    authors_failure_rate: Rate = Field(default=0, description="a number from 0 to 1", examples=[0.5])
    """Share of the requests that `authors` itself refuses."""
    webapp_replicas: Count = Field(default=3, description="a whole number from 1 to 100", examples=[3])
    """Number of the front end's pods."""
    route_api: Route = RouteApi.GATEWAY
    """The API group of the HTTPRoute that injects the faults."""
    host: OptionalHostname = Field(default=None, examples=["books.example.com"])
    """The demo's public name."""


class Podinfo(Section):
    """The demo in which a header chooses the backend."""

    enabled: Enabled = True
    """Whether the stack installs the demo."""
    header_name: ForwardedHeader = Field(
        default=ForwardedHeader.REQUEST_ID,
        description=f"one of {', '.join(ForwardedHeader)}: podinfo passes on no other",
        examples=["x-request-id"],
    )
    """The header that leads to the second backend."""
    header_value: HeaderValue = Field(
        default="alternative",
        description="a header's exact value: 1 to 200 visible ASCII characters, with spaces inside only",
        examples=["alternative"],
    )
    """The header's value that leads there."""
    route_api: Route = RouteApi.GATEWAY
    """The API group of the HTTPRoute that looks at the header."""
    host: OptionalHostname = Field(default=None, examples=["podinfo.example.com"])
    """The demo's public name."""


class Breaker(Section):
    """The circuit breaker: when an endpoint is taken out, and for how long."""

    enabled: Enabled = True
    """Whether the Service has a circuit breaker."""
    max_failures: Annotated[int, not_a_boolean, AfterValidator(checked_failures)] = Field(
        default=MAX_FAILURES, description=FAILURES_RULE, examples=[MAX_FAILURES]
    )
    """How many failures in a row open it."""
    min_penalty: Annotated[str, AfterValidator(checked_penalty)] = Field(
        default=MIN_PENALTY, description=PENALTY_RULE, examples=[MIN_PENALTY]
    )
    """How long an endpoint stays out at first."""
    max_penalty: Annotated[str, AfterValidator(checked_penalty)] = Field(
        default=MAX_PENALTY, description=PENALTY_RULE, examples=[MAX_PENALTY]
    )
    """How long an endpoint stays out at most."""
    jitter_ratio: Annotated[float, not_a_boolean, AfterValidator(checked_jitter)] = Field(
        default=JITTER_RATIO, description=JITTER_RULE, examples=[JITTER_RATIO]
    )
    """The largest share of a penalty that is added to it at random."""


class CircuitBreaking(Section):
    """The demo in which one of two endpoints always fails."""

    enabled: Enabled = True
    """Whether the stack installs the demo."""
    breaker: Breaker = section(Breaker())


class ProgressiveDelivery(Section):
    """The demo in which a new version gets its traffic step by step."""

    enabled: Enabled = True
    """Whether the stack installs the demo."""
    version: Text = Field(
        default=CANARY_VERSIONS[0],
        description="a version of podinfo, three numbers",
        examples=[CANARY_VERSIONS[1]],
        pattern=r"^\d+\.\d+\.\d+$",
    )
    """The app's version; a new one starts a canary."""
    analysis: bool = switch("true (a canary with too many errors is taken back) or false")
    """Whether a canary with too many errors is rolled back."""
    random_errors: bool = switch("true (the version answers some requests with an error) or false")
    """Whether the version answers some requests with an error."""
    owner: CanaryOwner = Field(default=CanaryOwner.PULUMI, description="pulumi or argo-cd", examples=["pulumi"])
    """Who deploys the demo."""
    host: OptionalHostname = Field(default=None, examples=["canary.example.com"])
    """The demo's public name; its load balancer is not meshed, and sends requests to all pods alike."""


class Demos(Section):
    """The demo apps, each with its settings."""

    booksapp: Booksapp = section(Booksapp())
    podinfo: Podinfo = section(Podinfo())
    circuit_breaking: CircuitBreaking = section(CircuitBreaking())
    progressive_delivery: ProgressiveDelivery = section(ProgressiveDelivery())
