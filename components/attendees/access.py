"""The rights of all attendees: one role, and the admission policies that keep each in their own namespace."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypedDict

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.admissionregistration.v1 import (
    MatchConditionArgsDict,
    MatchResourcesArgsDict,
    NamedRuleWithOperationsArgsDict,
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    ValidationArgsDict,
    VariableArgsDict,
)
from pulumi_kubernetes.rbac.v1 import ClusterRole, PolicyRuleArgsDict, Role

from components.delivery.argo_rollouts import PLUGIN
from components.resources.authorization_policy import LabelRequirement, Server
from model.names import ATTENDEE, ATTENDEE_ACCOUNT, PROJECT

if TYPE_CHECKING:
    from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

ROLE = f"{PROJECT}-attendee"
LABELS = {"app.kubernetes.io/part-of": PROJECT}
READ = ["get", "list", "watch"]
CHANGE = [*READ, "create", "update", "patch", "delete"]
METRICS_API = "metrics-api"

RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": ["gateway.networking.k8s.io", "policy.linkerd.io"], "resources": ["httproutes"], "verbs": CHANGE},
    {"api_groups": ["argoproj.io"], "resources": ["rollouts"], "verbs": CHANGE},
    # `kubectl argo rollouts promote` and `abort` write the status.
    {"api_groups": ["argoproj.io"], "resources": ["rollouts/status"], "verbs": ["patch", "update"]},
    # `kubectl argo rollouts get` lists all three.
    {"api_groups": ["argoproj.io"], "resources": ["analysisruns", "analysistemplates", "experiments"], "verbs": READ},
    {"api_groups": ["apps"], "resources": ["deployments"], "verbs": CHANGE},
    {"api_groups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "patch", "update"]},
    {"api_groups": ["apps"], "resources": ["replicasets"], "verbs": READ},
    # A circuit breaker is annotations of a Service.
    {"api_groups": [""], "resources": ["services"], "verbs": [*READ, "update", "patch"]},
    {"api_groups": [""], "resources": ["pods"], "verbs": [*READ, "delete"]},
    {"api_groups": [""], "resources": ["pods/log"], "verbs": ["get"]},
    {"api_groups": [""], "resources": ["pods/portforward"], "verbs": ["create"]},
    {
        "api_groups": [""],
        "resources": ["configmaps", "endpoints", "events", "limitranges", "resourcequotas", "serviceaccounts"],
        "verbs": READ,
    },
    {"api_groups": [""], "resources": ["namespaces"], "verbs": ["get"]},
    {"api_groups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": READ},
    {"api_groups": ["networking.k8s.io"], "resources": ["ingresses"], "verbs": READ},
]
"""The rights in an attendee's namespace. No Secrets, no `exec`, and no Ingress, which would cost a target group."""

METRICS_RULES: list[PolicyRuleArgsDict] = [
    {"api_groups": [""], "resources": ["namespaces"], "verbs": ["get"]},
    {"api_groups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
    {"api_groups": ["apps"], "resources": ["replicasets"], "verbs": ["get"]},
    {"api_groups": [""], "resources": ["pods/portforward"], "verbs": ["create"]},
]
"""The rights in viz's namespace that `linkerd viz stat --viz-namespace linkerd-viz` needs.

Source: viz/pkg/healthcheck/healthcheck.go and pkg/k8s/portforward.go of linkerd2.
"""

CONTAINERS: list[VariableArgsDict] = [
    {
        "name": "containers",
        "expression": "object.spec.containers + object.spec.?initContainers.orValue([])"
        " + object.spec.?ephemeralContainers.orValue([])",
    },
]
PODS: list[ValidationArgsDict] = [
    {
        "expression": "!object.spec.?hostNetwork.orValue(false) && !object.spec.?hostPID.orValue(false)"
        " && !object.spec.?hostIPC.orValue(false)",
        "message": "an attendee's pod has no access to the node's network, processes or IPC",
    },
    {
        "expression": "object.spec.?volumes.orValue([]).all(v, !has(v.hostPath))",
        "message": "an attendee's pod mounts no folder of the node",
    },
    {
        "expression": "variables.containers.all(c, !c.?securityContext.privileged.orValue(false)"
        " && !c.?securityContext.windowsOptions.hostProcess.orValue(false)"
        " && !object.spec.?securityContext.windowsOptions.hostProcess.orValue(false)"
        " && c.?securityContext.procMount.orValue('Default') == 'Default')",
        "message": "an attendee's container is not privileged",
    },
    {
        # The mesh's own init container sets up the packet filter; the injector adds it to every pod.
        "expression": "variables.containers.all(c, c.?securityContext.capabilities.add.orValue([]).all(a,"
        " c.name == 'linkerd-init' && a in ['NET_ADMIN', 'NET_RAW']))",
        "message": "an attendee's container adds no capability",
    },
    {
        "expression": "variables.containers.all(c, c.?ports.orValue([]).all(p, p.?hostPort.orValue(0) == 0))",
        "message": "an attendee's container takes no port of the node",
    },
    {
        "expression": "([object.spec.?securityContext] + variables.containers.map(c, c.?securityContext)).all(s,"
        " s.?seccompProfile.?type.orValue('') != 'Unconfined' && s.?appArmorProfile.?type.orValue('') != 'Unconfined'"
        " && !s.?seLinuxOptions.hasValue())"
        " && object.spec.?securityContext.sysctls.orValue([]).size() == 0",
        "message": "an attendee's pod keeps seccomp, AppArmor and SELinux, and sets no sysctl",
    },
    {
        # A pod with this account could print a token that is valid as long as the pod, and longer than the login.
        "expression": f"object.spec.?serviceAccountName.orValue('') != '{ATTENDEE_ACCOUNT}'",
        "message": "the attendee's own account is not for pods",
    },
]
"""Pod Security's level `baseline`, which cannot be enforced by its label: it refuses the mesh's own init container."""

_ROUTING = "object.spec.?strategy.canary.trafficRouting"
OTHER_ROUTERS = ("alb", "ambassador", "apisix", "appMesh", "istio", "nginx", "smi", "traefik")
ROLLOUTS: list[ValidationArgsDict] = [
    {
        # The controller changes the route that the plugin's settings name, with its own rights for all namespaces. It
        # reads their keys in any case, so no key is admitted but the two as the program writes them.
        "expression": f"{_ROUTING}.plugins.orValue({{}}).all(p, p == '{PLUGIN}' && object.spec.strategy.canary"
        ".trafficRouting.plugins[p].all(k, k == 'httpRoute' || (k == 'namespace' && object.spec.strategy.canary"
        ".trafficRouting.plugins[p][k] == object.metadata.namespace)))",
        "message": "an attendee's Rollout changes one HTTPRoute of its own namespace only",
    },
    {
        "expression": " && ".join(f"!{_ROUTING}.{each}.hasValue()" for each in OTHER_ROUTERS),
        "message": "an attendee's Rollout moves traffic by the Gateway API only",
    },
]

SERVICES: list[ValidationArgsDict] = [
    {
        # External addresses would attract the traffic of others, and another selector would put other content on a
        # public host. A circuit breaker is annotations.
        "expression": "object.spec == oldObject.spec",
        "message": "an attendee changes the annotations and labels of a Service only",
    },
]

BY_ATTENDEES: MatchConditionArgsDict = {
    "name": "attendees",
    "expression": "request.userInfo.username.startsWith('system:serviceaccount:')"
    f" && request.userInfo.username.endsWith(':{ATTENDEE_ACCOUNT}')",
}

METRICS: list[ValidationArgsDict] = [
    {
        # The other pods there answer any port-forward without a login, and the dashboard can tap every namespace.
        "expression": f"request.name.startsWith('{METRICS_API}-')",
        "message": f"an attendee may forward a port of {METRICS_API} only",
    },
]


class AttendeeAccessArgs(TypedDict):
    """Inputs of an AttendeeAccess."""

    viz: Input[str] | None
    """viz's namespace; None where the stack has no viz."""
    public_dashboard: bool
    """True if a load balancer, which is not meshed, has to reach viz's dashboard."""


class AttendeeAccess(ComponentResource):
    """The role and the admission policies of all attendees."""

    role: Output[str]
    """The ClusterRole that an attendee is bound to in their namespace."""
    metrics_role: Output[str] | None
    """The Role in viz's namespace by which attendees read metrics; None without viz."""

    def __init__(self, name: str, args: AttendeeAccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:attendees:AttendeeAccess", name, {}, opts)
        child = ResourceOptions(parent=self)
        role = ClusterRole(f"{name}-role", metadata={"name": ROLE, "labels": LABELS}, rules=RULES, opts=child)
        self.role, self.metrics_role = role.metadata["name"], None
        everywhere: MatchResourcesArgsDict = {
            "namespace_selector": {"match_expressions": [{"key": ATTENDEE, "operator": "Exists"}]}
        }
        pods = ["pods", "pods/ephemeralcontainers"]
        _policy(self, f"{name}-pods", _rule("", "v1", pods), everywhere, PODS, variables=CONTAINERS)
        _policy(self, f"{name}-rollouts", _rule("argoproj.io", "v1alpha1", ["rollouts"]), everywhere, ROLLOUTS)
        changes = _rule("", "v1", ["services"], ["UPDATE"])
        _policy(self, f"{name}-services", changes, everywhere, SERVICES, conditions=[BY_ATTENDEES])
        if viz := args["viz"]:
            self.metrics_role = self._open_metrics(name, viz)
            if not args["public_dashboard"]:
                self._close_dashboard(name, viz)
        self.register_outputs({"role": self.role, "metrics_role": self.metrics_role})

    def _open_metrics(self, name: str, viz: Input[str]) -> Output[str]:
        """Create the Role by which attendees read metrics, and the policy that limits its port-forwards to that."""
        metrics = Role(
            f"{name}-metrics-role",
            metadata={"name": ROLE, "namespace": viz},
            rules=METRICS_RULES,
            opts=ResourceOptions(parent=self),
        )
        there: MatchResourcesArgsDict = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": viz}}}
        forwards = _rule("", "v1", ["pods/portforward"], ["CONNECT"])
        _policy(self, f"{name}-metrics", forwards, there, METRICS, conditions=[BY_ATTENDEES])
        return metrics.metadata["name"]

    def _close_dashboard(self, name: str, viz: Input[str]) -> None:
        """Refuse all clients of the dashboard but port-forwards: it can tap every namespace, and asks for no login."""
        only: list[LabelRequirement] = [{"key": "component", "operator": "In", "values": ["web"]}]
        Server(
            f"{name}-dashboard",
            {
                "name": "attendees-dashboard",
                "namespace": viz,
                "spec": {"podSelector": {"matchExpressions": only}, "port": "http", "accessPolicy": "deny"},
            },
            ResourceOptions(parent=self),
        )


def _rule(
    group: str, version: str, resources: Sequence[str], operations: Sequence[str] = ("CREATE", "UPDATE")
) -> NamedRuleWithOperationsArgsDict:
    return {
        "api_groups": [group],
        "api_versions": [version],
        "resources": list(resources),
        "operations": list(operations),
    }


def _policy(  # noqa: PLR0913  the parts of a policy
    parent: Resource,
    name: str,
    rule: NamedRuleWithOperationsArgsDict,
    where: MatchResourcesArgsDict,
    validations: list[ValidationArgsDict],
    *,
    variables: list[VariableArgsDict] | None = None,
    conditions: list[MatchConditionArgsDict] | None = None,
) -> None:
    """Create a policy that refuses what breaks one of `validations`, and its binding."""
    metadata: ObjectMetaArgsDict = {"name": f"{PROJECT}-{name}", "labels": LABELS}
    policy = ValidatingAdmissionPolicy(
        f"{name}-policy",
        metadata=metadata,
        spec={
            "failure_policy": "Fail",
            "match_constraints": {**where, "resource_rules": [rule]},
            "match_conditions": conditions or [],
            "variables": variables or [],
            "validations": validations,
        },
        opts=ResourceOptions(parent=parent),
    )
    ValidatingAdmissionPolicyBinding(
        f"{name}-policy-binding",
        metadata=metadata,
        spec={"policy_name": policy.metadata["name"], "validation_actions": ["Deny"]},
        opts=ResourceOptions(parent=parent),
    )
