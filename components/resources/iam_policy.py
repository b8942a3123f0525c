"""Policy documents of IAM, typed so that a misspelt key is found before anything is created."""

import json
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypedDict

Condition = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operator to condition key to value or values; all operators and keys have to hold, one of the values is enough."""


class Statement(TypedDict):
    """Allowed actions, in IAM's own spelling.

    Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """

    Sid: str
    """The reason for the statement, in letters and digits."""
    Action: Sequence[str]
    Resource: Sequence[str]
    Condition: NotRequired[Condition]


def statement(
    sid: str, actions: Sequence[str], resources: Sequence[str], condition: Condition | None = None
) -> Statement:
    """Return the statement that allows `actions` on `resources`."""
    made: Statement = {"Sid": sid, "Action": actions, "Resource": resources}
    return {**made, "Condition": condition} if condition else made


class TrustStatement(TypedDict):
    """The principals that may assume a role."""

    Sid: str
    Principal: Mapping[str, str]
    """`{"Service": …}` or `{"Federated": …}`."""
    Action: Sequence[str]
    Condition: Condition


def policy_document(statements: Sequence[Statement | TrustStatement]) -> str:
    """Return a policy that allows `statements`, as JSON that is the same for the same statements."""
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed}, sort_keys=True)
