"""Promises of every statement of every policy that the program renders, and of the simulator that judges them."""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache

from pydantic import BaseModel, ConfigDict

from components.resources.iam_policy import policy_document
from model.names import Identity
from tests.docs import calls, role_statements
from tests.iam import load_balancer_requests as requests
from tests.iam import test_add_on_rights
from tests.iam.simulator import Action, allowed_by, describe
from tests.iam.stack import ACCOUNT, EXTRAS, REGION, deployed

UNCONDITIONED = {
    "OrderRules": "SetRulePriorities has no condition key",
    "WebAcls": "WAF has no condition key for load balancers",
    "Shield": "CreateProtection has no condition key for load balancers",
    "UnShield": "the controller's protections have no tags",
}
"""Statements that change something without a condition, with the reason."""


class Statement(BaseModel):
    """A statement as IAM gets it."""

    model_config = ConfigDict(extra="forbid")

    Sid: str
    Effect: str
    Action: list[str]
    Resource: list[str]
    Condition: dict[str, dict[str, str | list[str]]] = {}


def documents() -> Iterator[str]:
    """Yield what each role may do, in every branch."""
    for identity in Identity:
        for extras in EXTRAS:
            for policy in deployed(identity, extras).of("aws:iam/rolePolicy:RolePolicy"):
                yield str(policy.at("policy"))


@cache
def statements() -> list[Statement]:
    """Return each different statement once."""
    parsed = [each for document in set(documents()) for each in json.loads(document)["Statement"]]
    return [Statement.model_validate_json(text) for text in sorted({json.dumps(each) for each in parsed})]


@cache
def actions() -> Mapping[str, Action]:
    return describe(action for each in statements() for action in each.Action)


def test_only_permissions_that_aws_cannot_narrow_change_something_without_a_condition() -> None:
    free = {each.Sid for each in statements() if not each.Condition and any(actions()[a].changes for a in each.Action)}

    assert free == set(UNCONDITIONED)
    for each in statements():
        if each.Sid in UNCONDITIONED:
            bad = [a for a in each.Action if actions()[a].changes and actions()[a].knows_tags]
            assert bad in ([], ["shield:DeleteProtection"]), each.Sid


def test_no_operator_asks_for_one_key_twice() -> None:
    for each in statements():
        for operator, keys in each.Condition.items():
            folded = [key.lower() for key in keys]
            assert len(folded) == len(set(folded)), f"{each.Sid}, {operator}: of two equal keys IAM may take either"


def test_what_is_changed_lies_in_the_one_account_and_region() -> None:
    patterns = (f"arn:aws:*:{REGION}:{ACCOUNT}:*", f"arn:aws:iam::{ACCOUNT}:*", f"arn:aws:shield::{ACCOUNT}:*")
    exact = (f"arn:aws:ec2:{REGION}:*:vpc/vpc-0123456789abcdef0", "arn:aws:route53:::hostedzone/Z0123456789ABCDEFGHIJ")
    for each in statements():
        if any(actions()[action].changes for action in each.Action):
            strays = [arn for arn in each.Resource if not any(fnmatchcase(arn, pattern) for pattern in patterns)]
            assert set(strays) <= set(exact) or each.Sid in {"SetWebAcl", "Shield"}, each.Sid


def test_every_statement_has_a_name_of_its_own_in_its_policy() -> None:
    for document in set(documents()):
        names = [each["Sid"] for each in json.loads(document)["Statement"]]
        assert len(names) == len(set(names))
        assert all(name.isalnum() for name in names)


def test_the_simulators_allowed_calls_are_those_of_the_documented_table_and_of_the_policies() -> None:
    """Judge each statement alone: a right that no call needs, or a call that none allows, is a row too many or few.

    The simulator refuses actions that AWS does not know, and gives each only the condition keys that it supports.
    """
    wanted = [call for found in (requests.CALLS, *requests.EXTRAS.values()) for call in found]
    asked = [*(call.request for call in wanted), *test_add_on_rights.ALLOWED]
    alone = [(each, policy_document([each])) for _, found in role_statements() for each in found]
    judged = allowed_by([document for _, document in alone], asked)
    used = {
        (request.action, each["Sid"])
        for (each, _), answers in zip(alone, judged, strict=True)
        for request, answer in zip(asked, answers, strict=True)
        if answer
    }

    assert used == {(action, sid) for _, action, sid, _, _ in calls()}
    assert used == {(action, each["Sid"]) for each, _ in alone for action in each["Action"]}
    assert {action for action, _ in used} == {request.action for request in asked}
