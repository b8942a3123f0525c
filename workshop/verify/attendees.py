"""The check of the attendees: each can log in, and every pod in their namespaces is ready."""

from collections.abc import Iterator

from model.names import ATTENDEE_ACCOUNT
from settings import parts
from workshop.verify.lines import Group, Line
from workshop.verify.objects import list_pods
from workshop.verify.scene import Scene

GROUP = Group("attendees")
MOST_LINES, MOST_PODS = 10, 3


def check(scene: Scene) -> Iterator[Line]:
    """Yield one line for all attendees, and one for each of the first with something missing."""
    names = parts.attendees(scene.settings)
    if not names:
        yield GROUP.skip("all", "the stack has none")
        return
    missing = {name: list(_find_missing(scene, name)) for name in names}
    broken = [name for name, each in missing.items() if each]
    fix = "`make reset ATTENDEE=<name>` restores one, and leaves the others alone."
    seen = f"{len(names) - len(broken)} of {len(names)} have a login, and only ready pods"
    yield GROUP.judge("all", seen, good=not broken, fix=fix, attendees=len(names), broken=len(broken))
    for name in broken[:MOST_LINES]:
        yield GROUP.fail(name, "; ".join(missing[name][:MOST_PODS]), f"Run `make reset ATTENDEE={name}`.")


def _find_missing(scene: Scene, name: str) -> Iterator[str]:
    if scene.api.find(f"/api/v1/namespaces/{name}/serviceaccounts/{ATTENDEE_ACCOUNT}") is None:
        yield "there is no account to log in with"
    pods = list_pods(scene.api, name)
    if not pods:
        yield "there is no pod"
    yield from (f"{', '.join(sorted(pod.unready))} of Pod {pod.name} is not ready" for pod in pods if not pod.ready)
