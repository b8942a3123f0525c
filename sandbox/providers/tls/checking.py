"""Checks of inputs: each thing that is wrong gives one sentence, and none of them quotes a secret.

A failure names its input in the sentence only: the engine (3.259) prints the value of a property that is named beside
it, secret or not.
"""

from collections.abc import Mapping

from pulumi.provider.experimental.provider import CheckFailure
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sandbox.providers.property_values import Plain, Properties, has_unknown, to_plain
from sandbox.providers.tls.inputs import Inputs

SECRETS = frozenset({"privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh", "caPrivateKeyPem"})
"""Inputs and outputs that are secret whatever the program says."""


def given(properties: Properties) -> dict[str, Plain]:
    """Take the inputs that are set out of their wrapping."""
    plain = {key: to_plain(value) for key, value in properties.items()}
    return {key: value for key, value in plain.items() if value is not None}


def failures(kind: type[Inputs], properties: Properties) -> list[CheckFailure]:
    """Find what is wrong with the inputs as far as they are known."""
    unknown = {key for key, value in properties.items() if has_unknown(to_plain(value))}
    try:
        inputs = kind.model_validate(given(properties))
    except ValidationError as problem:
        errors = problem.errors(include_url=False, include_input=False)
        # An unknown value is of no type that an input may have.
        return [_failure(error) for error in errors if error["loc"][0] not in unknown]
    if unknown:
        return []
    return [CheckFailure("", str(found)) for found in inputs.problems()]


def _failure(error: ErrorDetails) -> CheckFailure:
    path = ".".join(str(part) for part in error["loc"])
    return CheckFailure("", f"{path} {_reason(error['type'], error['msg'], error.get('ctx', {}))}")


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
