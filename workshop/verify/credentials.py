"""The check that the pods of the AWS add-ons have credentials: without them they stay ready, and do nothing."""

from collections.abc import Iterator

from clients.rollout_wait import pods_without
from model.names import CREDENTIALS
from settings import parts
from workshop.terminal import count
from workshop.verify.lines import Group, Line
from workshop.verify.objects import list_pods
from workshop.verify.scene import Scene

GROUP = Group("AWS credentials")


def check(scene: Scene) -> Iterator[Line]:
    """Yield a line for each add-on whose pods have a role in AWS."""
    eks, namespaces = scene.settings.eks, parts.namespaces(scene.settings)
    names = [each for each in (parts.LOAD_BALANCER_CONTROLLER, parts.EXTERNAL_DNS) if each in namespaces]
    if eks is None or not names:
        yield GROUP.skip("pods", "the stack has no pods that use AWS")
        return
    variable = CREDENTIALS[eks.identity]
    for name in names:  # the namespace's, the Deployment's and the line's
        lacking, pods = pods_without(scene.api, name, variable), len(list_pods(scene.api, name))
        seen = f"{', '.join(lacking)} without {variable}" if lacking else f"{count(pods, 'pod')} with {variable}"
        fix = (
            f"Run `make up`, or `kubectl --namespace {name} rollout restart deployment {name}`."
            " If new pods lack it, too, look at `aws eks list-pod-identity-associations`, or at the annotation of the"
            " ServiceAccount."
        )
        yield GROUP.judge(name, seen, good=pods > 0 and not lacking, fix=fix, pods=pods, without=len(lacking))
