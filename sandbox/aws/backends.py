"""The only module that reaches into moto, whose objects have no useful types."""

import importlib
import inspect
import operator
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.aws.calls import Call
from sandbox.aws.process import DEFAULT_ACCOUNT

_random: Any = importlib.import_module("moto.moto_api._internal").mock_random


def load() -> None:
    """Import what every stack needs."""
    for service in ("acm", "ec2", "eks", "elbv2", "iam", "route53", "sts"):
        importlib.import_module(f"moto.{service}.models")


def of(service: str, account: str, region: str) -> Any:  # noqa: ANN401
    """Return the backend of a service in an account; a global service has one for the partition."""
    every: Any = importlib.import_module("moto.backends").get_backend(service)
    return every[account][region if region in every[account] else "aws"]


def account_of(call: Call) -> str:
    """Return a request's account: that of the role whose session signed it, else the default one."""
    look_up: Any = importlib.import_module("moto.iam.models").get_account_id_from
    return str(look_up(call.scope("key")))


def seed(text: str) -> None:
    """Have everything that moto draws from now on depend on this text."""
    _random.seed(text)


def draw_hex(length: int) -> str:
    """Return random hexadecimal digits."""
    return str(_random.get_random_hex(length))


def prepare(account: str, region: str) -> None:
    """Create a region's default network before its first request, so that its identifiers depend on nothing else."""
    every: Any = importlib.import_module("moto.ec2.models").ec2_backends[account]
    if region in every.regions and region not in set(every):
        seed(f"network of {account} in {region}")
        operator.itemgetter(region)(every)


def clusters(account: str, region: str) -> dict[str, Any]:
    """Return the EKS clusters by name."""
    return of("eks", account, region).clusters


def role_exists(arn: str) -> bool:
    """Return whether there is an IAM role of this ARN."""
    account = (arn.split(":") + [""] * 5)[4]
    return account.isdigit() and any(role.arn == arn for role in of("iam", account, "aws").roles.values())


def record_values(account: str, name: str, kind: str) -> Iterator[str]:
    """Return the values that any hosted zone of the account has for a name."""
    for zone in of("route53", account, "aws").zones.values():
        for record in zone.rrsets:
            if record.name.rstrip(".").lower() == name.rstrip(".").lower() and record.type == kind:
                yield from record.records


def knows(region: str) -> bool:
    """Return whether EKS is in a region of this name."""
    every: Any = importlib.import_module("moto.backends").get_backend("eks")
    return region in every[DEFAULT_ACCOUNT]


def replace(place: str, replacement: Callable[..., Any]) -> None:
    """Put a function in the place of a method (`module:Class.method`); it gets the original, and arguments by name."""
    owner, _, name = place.rpartition(".")
    holder = _find(owner)
    original: Any = getattr(holder, name)
    signature = inspect.signature(original)

    def method(*given: Any, **named: Any) -> Any:  # noqa: ANN401
        (_, instance), *rest = signature.bind(*given, **named).arguments.items()
        return replacement(original, instance, **dict(rest))

    setattr(holder, name, method)


def failure(place: str, *given: str) -> Any:  # noqa: ANN401
    """Return one of moto's exceptions (`module:Class`), which it writes as the service does."""
    return _find(place)(*given)


def _find(place: str) -> Any:  # noqa: ANN401
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
