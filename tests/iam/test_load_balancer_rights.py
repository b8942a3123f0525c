"""The load balancer controller's role: what it asks for its own cluster is allowed, and nothing else is."""

from dataclasses import replace

import pytest

from components.addons.load_balancer_extras import Extra
from components.addons.load_balancer_policy import statements
from model.names import Identity
from tests.iam import load_balancer_requests as asked
from tests.iam.simulator import wrongly
from tests.iam.stack import CLUSTER, EXTRAS, rights

CONTROLLER = "load-balancer-controller"
WANTED_FOR = {Extra.WAF: asked.WAF, Extra.SHIELD: asked.SHIELD, Extra.COGNITO: asked.COGNITO}
LONGEST = 10_240
"""Characters that IAM takes for all inline policies of a role, without white space."""


@pytest.mark.parametrize("extras", EXTRAS, ids=str)
def test_what_the_controller_does_for_an_ingress_is_allowed(extras: tuple[Extra, ...]) -> None:
    wanted = [*asked.ALLOWED, *(request for extra in extras for request in WANTED_FOR[extra])]

    assert wrongly(rights(CONTROLLER, extras=extras), wanted, allows=True) == []


@pytest.mark.parametrize("extras", EXTRAS, ids=str)
def test_what_belongs_to_others_is_refused_whatever_is_switched_on(extras: tuple[Extra, ...]) -> None:
    off = [request for extra, requests in WANTED_FOR.items() if extra not in extras for request in requests]

    assert wrongly(rights(CONTROLLER, extras=extras), [*asked.FORBIDDEN, *asked.NEVER, *off], allows=False) == []


@pytest.mark.parametrize("extras", EXTRAS, ids=str)
def test_the_rights_are_the_same_however_the_pod_gets_them(extras: tuple[Extra, ...]) -> None:
    assert rights(CONTROLLER, Identity.IRSA, extras) == rights(CONTROLLER, Identity.POD_IDENTITY, extras)


def test_there_are_more_forbidden_requests_than_allowed_ones() -> None:
    assert len(asked.FORBIDDEN) > 2 * len(asked.ALLOWED)


def test_everything_together_is_short_enough_for_an_inline_policy() -> None:
    assert len("".join(rights(CONTROLLER, extras=tuple(Extra)).split())) <= LONGEST


def test_in_another_partition_every_arn_is_of_that_partition() -> None:
    made = statements(replace(CLUSTER, partition="aws-cn"), tuple(Extra))
    arns = {resource for each in made for resource in each["Resource"] if resource != "*"}

    assert {arn.split(":")[1] for arn in arns} == {"aws-cn"}
