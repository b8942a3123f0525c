"""ACM: a certificate is issued when its records are in a hosted zone; moto issues after a minute, whatever is there."""

import hashlib
import operator
from typing import Any

from sandbox.aws import backends
from sandbox.aws.backends import failure


def remember_request(original: Any, backend: Any, **given: Any) -> str:  # noqa: ANN401
    """Keep what moto does not store of a request: the account whose zones validate it."""
    arn = str(original(backend, **given))
    held: Any = operator.attrgetter("_certificates")(backend)
    held[arn].account, held[arn].region = backend.account_id, backend.region_name
    return arn


def delete_unused(original: Any, backend: Any, arn: str) -> None:  # noqa: ANN401
    """Refuse to delete the certificate of a listener."""
    if users(arn, backend.account_id, backend.region_name):
        message = f"Certificate {arn} in account {backend.account_id} is in use."
        raise failure("moto.core.exceptions:AWSError", message, "ResourceInUseException")
    original(backend, arn)


def issue_once_validated(original: Any, certificate: Any) -> None:  # noqa: ANN401
    """Issue when every name's record is in a hosted zone."""
    if certificate.status != "PENDING_VALIDATION":
        original(certificate)
    elif all(validated(name, certificate.account) for name in certificate.sans):
        certificate.status = "ISSUED"


def describe_request(original: Any, certificate: Any) -> Any:  # noqa: ANN401
    """Return the description with one record a name, and the users of the certificate."""
    answer = original(certificate)
    description = answer["Certificate"]
    if description["Type"] != "AMAZON_ISSUED":
        return answer
    names = list(dict.fromkeys([certificate.common_name, *sorted(certificate.sans)]))
    options = {option["DomainName"]: option for option in description["DomainValidationOptions"]}
    description["SubjectAlternativeNames"] = names
    description["DomainValidationOptions"] = [options[name] | {"ResourceRecord": record_of(name)} for name in names]
    description["InUseBy"] = users(certificate.arn, certificate.account, certificate.region)
    if certificate.status != "ISSUED":
        del description["IssuedAt"]
    return answer


def record_of(name: str) -> dict[str, str]:
    """Return the record that proves who owns a name; a wildcard and the name below it share one."""
    base = name.removeprefix("*.")
    token, value = (hashlib.sha256(f"{part} {base}".encode()).hexdigest()[:32] for part in ("name", "value"))
    return {"Name": f"_{token}.{base}.", "Type": "CNAME", "Value": f"_{value}.jkddzztszm.acm-validations.aws."}


def validated(name: str, account: str) -> bool:
    """Return whether the record of a name is in a zone."""
    record = record_of(name)
    values = backends.record_values(account, record["Name"], "CNAME")
    return any(value.rstrip(".") == record["Value"].rstrip(".") for value in values)


def users(arn: str, account: str, region: str) -> list[str]:
    """Return the load balancers with a listener of this certificate."""
    balancers = backends.of("elbv2", account, region).load_balancers.values()
    return [
        str(balancer.arn)
        for balancer in balancers
        if any(arn in str(listener.certificates) for listener in balancer.listeners.values())
    ]
