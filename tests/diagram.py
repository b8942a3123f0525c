"""A diagram of the program: its components and their needs, drawn from the resources that it registers."""

import json
from collections.abc import Iterator, Mapping

from tests.deployment import Deployment, Registration
from tests.engine import STACK

WHOLE = {"delivery": json.dumps({"argoCd": {"enabled": True}})}
"""Settings with every part but the demo of Argo CD, which would take the place of Pulumi's."""
INSTALLED = ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v4:Chart")

Needs = Mapping[str, set[str]]


def draw(deployment: Deployment) -> str:
    """Return the diagram in Mermaid's syntax; an arrow leads from a part to what has to exist before it."""
    parts = deployment.children(deployment.one(STACK))
    arrows = [
        f"  {part} --> {other}" for part, others in direct(needs(deployment, parts)).items() for other in sorted(others)
    ]
    lines = ["flowchart LR", *(line for part in parts for line in box(deployment, part)), *arrows]
    return "".join(f"{line}\n" for line in lines)


def box(deployment: Deployment, part: Registration) -> Iterator[str]:
    """Yield a part with its own components and charts."""
    inner = [each for each in deployment.children(part) if not each.custom or each.type in INSTALLED]
    if not inner:
        yield f'  {part.name}["{part.name}"]'
        return
    yield f'  subgraph {part.name}["{part.name}"]'
    for each in inner:
        label = each.name.removeprefix(f"{part.name}-")
        yield f'    {each.name}(["{label}"])' if each.type in INSTALLED else f'    {each.name}["{label}"]'
    yield "  end"


def needs(deployment: Deployment, parts: list[Registration]) -> Needs:
    """Return which parts have a resource that waits for a resource of which others."""
    inside = {part.name: [part, *deployment.below(part)] for part in parts}
    urns = {name: {each.urn for each in found} for name, found in inside.items()}
    waited = {name: {urn for each in found for urn in each.dependencies} for name, found in inside.items()}
    return {
        name: {other for other in inside if other != name and waited[name] & urns[other]} for name in sorted(inside)
    }


def direct(all_: Needs) -> Needs:
    """Return the needs without those that follow from others."""
    return {
        name: {other for other in found if not _follows(all_, found - {other}, other)} for name, found in all_.items()
    }


def _follows(all_: Needs, starts: set[str], goal: str) -> bool:
    seen, left = set[str](), set(starts)
    while left:
        each = left.pop()
        if goal in all_[each]:
            return True
        seen.add(each)
        left |= all_[each] - seen
    return False
