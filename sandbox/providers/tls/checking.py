"""Checks of inputs: each thing that is wrong gives one sentence, and none of them quotes a secret."""

from collections.abc import Mapping

from pulumi.provider.experimental.provider import CheckFailure
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sandbox.providers.tls.inputs import Inputs
from sandbox.providers.tls.wire import Plain, Properties, is_unknown, to_plain

SECRETS = frozenset({"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh", "caPrivateKeyPem"})
"""Inputs and outputs that are secret whatever the program says."""


def known(properties: Properties) -> dict[str, Plain]:
    """Take the inputs that are known and set out of their wrapping."""
    plain = {key: to_plain(value) for key, value in properties.items() if not is_unknown(value)}
    return {key: value for key, value in plain.items() if value is not None}


def failures(kind: type[Inputs], properties: Properties) -> list[CheckFailure]:
    """Find what is wrong with the inputs as far as they are known."""
    unknown = {key for key, value in properties.items() if is_unknown(value)}
    try:
        inputs = kind.model_validate(known(properties))
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_input=False)
        return [_failure(error) for error in errors if error["loc"][0] not in unknown]
    if unknown:
        return []
    return [CheckFailure(found.path, str(found)) for found in inputs.problems()]


def _failure(error: ErrorDetails) -> CheckFailure:
    path = ".".join(str(part) for part in error["loc"])
    return CheckFailure(path, f"{path} {_reason(error['type'], error['msg'], error.get('ctx', {}))}")


def _reason(kind: str, message: str, context: Mapping[str, object]) -> str:
    match kind:
        case "missing":
            return "is missing"
        case "extra_forbidden":
            return "is not an input that the stand-in for the tls provider knows"
        case "value_error":
            return f"cannot be used: {context['error']}"
        case _:
            return message.replace("Input should", "should", 1)
