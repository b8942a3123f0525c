"""Objects of a stack's hosts in the cluster: their controllers' finalizers, and why they stay."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from clients.cluster_api import ClusterApi, items, refusal
from clients.pulumi_cli import pulumi, run
from model.json_values import at, entries, text
from model.names import EXTERNAL_DNS, GROUP_FINALIZER, GROUP_TAG, LOAD_BALANCER_CONTROLLER
from model.problem import InputError, Problem

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
_STATE = TypeAdapter(dict[str, object])
INGRESSES = "/apis/networking.k8s.io/v1/ingresses"
BINDINGS = "/apis/elbv2.k8s.aws/v1beta1/targetgroupbindings"
"""The objects that the controller creates, one for each target group."""
ITS_FINALIZERS = (f"{GROUP_FINALIZER}/", "elbv2.k8s.aws/")
GROUP_NAME = "alb.ingress.kubernetes.io/group.name"


@dataclass(frozen=True)
class Held:
    """An object of a group of Ingresses, with its finalizers."""

    kind: str
    path: str
    name: str
    """Namespace and name."""
    is_being_deleted: bool
    finalizers: tuple[str, ...]

    @property
    def own(self) -> tuple[str, ...]:
        """The controller's finalizers."""
        return tuple(each for each in self.finalizers if each.startswith(ITS_FINALIZERS))

    def __str__(self) -> str:
        """Return its kind and name."""
        return f"{self.kind} {self.name}"


def list_ingresses(api: ClusterApi, group: str) -> list[Held]:
    """Return the Ingresses of a group. Raises InputError if the cluster does not answer."""
    found = _held(api, "Ingress", INGRESSES)
    return [each for each, document in found if text(document, "metadata", "annotations", GROUP_NAME) == group]


def list_bindings(api: ClusterApi, group: str) -> list[Held]:
    """Return the objects that the controller created in the cluster for a group."""
    found = _held(api, "TargetGroupBinding", BINDINGS)
    return [each for each, document in found if text(document, "metadata", "labels", GROUP_TAG) == group]


def _held(api: ClusterApi, kind: str, path: str) -> Iterator[tuple[Held, object]]:
    group, _, plural = path.rpartition("/")
    for each in items(api.find(path)):
        namespace, name = (text(each, "metadata", key) for key in ("namespace", "name"))
        finalizers = tuple(str(one) for one in entries(each, "metadata", "finalizers"))
        is_being_deleted = at(each, "metadata", "deletionTimestamp") is not None
        where = f"{group}/namespaces/{namespace}/{plural}/{name}"
        yield Held(kind, where, f"{namespace}/{name}", is_being_deleted, finalizers), each


def release_finalizers(api: ClusterApi, held: Held) -> None:
    """Remove the controller's finalizers from an object. Raises InputError if the server refuses."""
    others = [each for each in held.finalizers if each not in held.own]
    reason = refusal(api.ask("PATCH", held.path, {"metadata": {"finalizers": others or None}}))
    _check_done(api, held, reason, "its finalizers have to be removed", "change")


def _check_done(api: ClusterApi, held: Held, reason: str | None, rule: str, verb: str) -> None:
    """Raise InputError with the reason of a refusal, unless the object does not exist any more."""
    if reason and api.find(held.path):
        fix = f"Ask for a role with permission to {verb} it."
        raise InputError([Problem(f"{api.address}{held.path}", reason, rule, fix)])


NAME = "app.kubernetes.io/name"
"""Label of everything of a controller: its chart's name."""
WEBHOOKS = {
    kind: f"/apis/admissionregistration.k8s.io/v1/{kind.lower()}s"
    for kind in ("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration")
}
NAMES = {LOAD_BALANCER_CONTROLLER: "the AWS Load Balancer Controller", EXTERNAL_DNS: "ExternalDNS"}
LINES = 200
LONGEST = 300


def list_unanswered_webhooks(api: ClusterApi) -> list[Held]:
    """Return the load balancer controller's webhook configurations if none of its pods is ready to answer.

    Most of its webhooks have the failurePolicy Fail: without a pod the API server refuses every change of an Ingress,
    the removal of a finalizer included ("failed calling webhook vingress.elbv2.k8s.aws").
    """
    if any(_read_number(each, "status", "readyReplicas") for each in _list_deployments(api, LOAD_BALANCER_CONTROLLER)):
        return []
    return [
        Held(kind, f"{path}/{name}", name, is_being_deleted=False, finalizers=())
        for kind, path in WEBHOOKS.items()
        for each in items(api.find(path))
        if text(each, "metadata", "labels", NAME) == LOAD_BALANCER_CONTROLLER
        and (name := text(each, "metadata", "name"))
    ]


def delete_object(api: ClusterApi, held: Held) -> None:
    """Delete an object. Raises InputError if the server refuses."""
    _check_done(api, held, refusal(api.ask("DELETE", held.path, {})), "it has to be deleted", "delete")


def explain_controller(api: ClusterApi, controller: str) -> str:
    """Return one sentence about `controller`, the label `app.kubernetes.io/name` of its Deployment."""
    try:
        return f"{NAMES[controller]} {_describe_state(api, controller)}"
    except InputError as silence:
        return f"{NAMES[controller]} cannot be asked: {silence.problems[0].found}"


def _describe_state(api: ClusterApi, controller: str) -> str:
    deployments = _list_deployments(api, controller)
    if not deployments:
        return "is missing: the cluster has no Deployment of it"
    namespace, name = (text(deployments[0], "metadata", key) for key in ("namespace", "name"))
    wanted, ready = (
        _read_number(deployments[0], *path) for path in (("spec", "replicas"), ("status", "readyReplicas"))
    )
    if not ready:
        return f"does not run: Deployment {namespace}/{name} has 0 of {wanted} pods ready"
    pods = items(api.find(f"/api/v1/namespaces/{namespace}/pods?labelSelector={NAME}%3D{controller}"))
    errors = [line for pod in pods for line in _read_errors(api, namespace, text(pod, "metadata", "name"))]
    if errors:
        return f"logs an error ({' '.join(errors[-1].split())[:LONGEST]})"
    return f"runs and logs no error; see `kubectl --namespace {namespace} logs deployment/{name}`"


def _list_deployments(api: ClusterApi, controller: str) -> Sequence[object]:
    return items(api.find(f"/apis/apps/v1/deployments?labelSelector={NAME}%3D{controller}"))


def _read_errors(api: ClusterApi, namespace: str, pod: str) -> Iterator[str]:
    for line in api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}/log?tailLines={LINES}").text.splitlines():
        # One writes JSON, the other one key=value; an answer that is not the log has no level.
        if any(level in line for level in ('"level":"error"', "level=error", "level=fatal")):
            yield line


def _read_number(document: object, *path: str) -> int:
    found = at(document, *path)
    return found if isinstance(found, int) else 0


def list_ingress_urns(stack: str) -> list[str]:
    """Return the URNs of the stack's Ingresses. Raises InputError if the CLI prints no state."""
    done = run(pulumi(stack, "stack", "export"), shown=False)
    try:
        state = _STATE.validate_python(json.loads(done.output)) if done.status == 0 else None
    except (ValueError, RecursionError):
        state = None
    if state is None:
        fix = f"Log in to its backend, and see `pulumi stack -s {stack}`."
        found, rule = "the Pulumi CLI prints no state of it", "a destroy finds the Ingresses there"
        raise InputError([Problem(f"stack {stack}", found, rule, fix)])
    resources = entries(state, "deployment", "resources")
    return [text(each, "urn") for each in resources if text(each, "type") == INGRESS]
