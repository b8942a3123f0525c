"""No condition is idle: without any one of them something would be allowed that never may be."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from components.addons.load_balancer_extras import Extra
from model.names import Identity
from tests.iam.load_balancer_requests import FORBIDDEN, NEVER
from tests.iam.simulator import Request, allowed_by
from tests.iam.stack import rights
from tests.iam.test_dns_rights import FORBIDDEN as FORBIDDEN_RECORDS

DOUBLED = {"InTheVpc StringEquals ec2:VpcID"}
"""What the statement's resource says, too."""


def weakened(document: str) -> Iterator[tuple[str, str]]:
    """Yield the policy without each one of its conditions, after what is missing."""
    whole: Any = json.loads(document)
    for index, statement in enumerate(whole["Statement"]):
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                less = copy.deepcopy(whole)
                condition = less["Statement"][index]["Condition"]
                del condition[operator][key]
                less["Statement"][index]["Condition"] = {name: left for name, left in condition.items() if left}
                yield f"{statement['Sid']} {operator} {key}", json.dumps(less)


@pytest.mark.parametrize(
    ("document", "forbidden"),
    [
        (rights("load-balancer-controller", Identity.POD_IDENTITY, tuple(Extra)), [*FORBIDDEN, *NEVER]),
        (rights("external-dns"), FORBIDDEN_RECORDS),
    ],
    ids=["load balancers", "records"],
)
def test_without_any_one_condition_something_forbidden_is_allowed(document: str, forbidden: list[Request]) -> None:
    mutants = dict(weakened(document))
    judged = allowed_by(mutants.values(), forbidden)

    idle = {missing for missing, answers in zip(mutants, judged, strict=True) if not any(answers)}
    assert idle - DOUBLED == set()
