"""The diagram of the program and its arrows."""

from pulumi import ComponentResource, ResourceOptions
from pulumi_tls import PrivateKey

from tests.deployment import Deployment
from tests.diagram import WHOLE, direct, draw
from tests.engine import deploy
from tests.program import run_program


class Part(ComponentResource):
    """A component with one resource."""

    def __init__(self, name: str, after: list["Part"]) -> None:
        super().__init__("test:index:Part", name, {}, ResourceOptions(depends_on=after))
        PrivateKey(f"{name}-key", algorithm="ED25519", opts=ResourceOptions(parent=self))
        self.register_outputs({})


def three_parts() -> Deployment:
    def program() -> None:
        ground = Part("ground", [])
        middle = Part("middle", [ground])
        Part("top", [ground, middle])

    return deploy(program)


def test_a_first_preview_draws_the_same_diagram_as_an_up() -> None:
    assert draw(run_program(WHOLE, preview=True)) == draw(run_program(WHOLE))


def test_an_arrow_leads_to_what_has_to_exist_before() -> None:
    assert draw(three_parts()).splitlines() == [
        "flowchart LR",
        '  ground["ground"]',
        '  middle["middle"]',
        '  top["top"]',
        "  middle --> ground",
        "  top --> middle",
    ]


def test_a_need_that_follows_from_other_arrows_has_no_arrow() -> None:
    assert direct({"a": {"b", "c", "d"}, "b": {"c"}, "c": {"d"}, "d": set()}) == {
        "a": {"b"},
        "b": {"c"},
        "c": {"d"},
        "d": set(),
    }


def test_the_diagram_has_every_part_of_the_program() -> None:
    deployment = run_program(WHOLE)
    parts = {each.name for each in deployment.registrations if each.type.startswith("linkerd-workshop:")}
    shown = draw(deployment)

    assert {name for name in parts if f"{name}[" not in shown} <= {
        each.name for each in deployment.registrations if each.parent.count("$") >= 1
    }, "only what lies inside a component of a component is left out"
