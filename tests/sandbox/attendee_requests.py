"""Requests of an attendee to the API server: those that the exercises need, and those that have to be refused."""

from collections.abc import Mapping

Body = Mapping[str, object]
Request = tuple[str, str, Body | None]
"""Method, path and body. OWN stands for the attendee's namespace, and OTHER for another attendee's."""

CORE, APPS, ROUTES = (
    "/api/v1/namespaces/OWN",
    "/apis/apps/v1/namespaces/OWN",
    "/apis/gateway.networking.k8s.io/v1/namespaces/OWN/httproutes",
)
ROLLOUTS, LINKERD = "/apis/argoproj.io/v1alpha1/namespaces/OWN/rollouts", "/apis/policy.linkerd.io"
RBAC, VIZ, TRY = "/apis/rbac.authorization.k8s.io/v1", "/api/v1/namespaces/linkerd-viz", "?dryRun=All"

POD = {"containers": [{"name": "service", "image": "example.com/app"}]}
DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "mine"},
    "spec": {
        "selector": {"matchLabels": {"app": "mine"}},
        "template": {"metadata": {"labels": {"app": "mine"}}, "spec": POD},
    },
}


def named(api_version: str, kind: str, **others: object) -> dict[str, object]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "mine"}, **others}


def patch(path: str, **changes: object) -> Request:
    return "PATCH", f"{path}{TRY}", changes


def reads(*paths: str) -> list[Request]:
    return [("GET", path, None) for path in paths]


def canary(**changes: object) -> dict[str, object]:
    return {"spec": {"strategy": {"canary": changes}}}


def rollout(namespace: str, key: str = "namespace", plugin: str = "argoproj-labs/gatewayAPI") -> dict[str, object]:
    """Return a change of the canary's Rollout by which its controller changes the weights of a route in `namespace`."""
    return canary(trafficRouting={"plugins": {plugin: {"httpRoute": "argo-rollouts-http-route", key: namespace}}})


ALLOWED: list[Request] = [
    *reads(CORE, f"{CORE}/pods", f"{CORE}/services/bb", f"{CORE}/events", f"{CORE}/resourcequotas", ROUTES, ROLLOUTS),
    *reads(f"{APPS}/deployments", f"{APPS}/replicasets", f"{LINKERD}/v1beta3/namespaces/OWN/httproutes"),
    *reads("/apis/argoproj.io/v1alpha1/namespaces/OWN/analysisruns", "/version", VIZ, f"{VIZ}/pods"),
    *reads("/apis/argoproj.io/v1alpha1/namespaces/OWN/experiments"),
    ("POST", f"{APPS}/deployments{TRY}", DEPLOYMENT),
    patch(f"{APPS}/deployments/slow-cooker", spec={"replicas": 2}),
    patch(f"{APPS}/deployments/slow-cooker/scale", spec={"replicas": 2}),
    patch(f"{CORE}/services/bb", metadata={"annotations": {"balancer.linkerd.io/failure-accrual": None}}),
    patch(f"{ROLLOUTS}/rollouts-demo", metadata={"annotations": {"by": "me"}}),
    patch(f"{ROLLOUTS}/rollouts-demo", **rollout("OWN")),
    patch(f"{ROLLOUTS}/rollouts-demo/status", status={"abort": False}),
    patch(f"{ROUTES}/argo-rollouts-http-route", metadata={"annotations": {"by": "me"}}),
    ("DELETE", f"{ROUTES}/argo-rollouts-http-route{TRY}", None),
    ("DELETE", f"{APPS}/deployments/slow-cooker{TRY}", None),
    ("POST", f"{VIZ}/pods/METRICS_API/portforward", None),
    ("POST", f"{CORE}/pods/POD/portforward", None),
    ("GET", f"{CORE}/pods/POD/log", None),
]

BINDING = {
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    "subjects": [{"kind": "ServiceAccount", "name": "attendee", "namespace": "OWN"}],
}
FORBIDDEN: list[Request] = [
    # Another attendee's namespace.
    *((method, path.replace("OWN", "OTHER"), body) for method, path, body in ALLOWED if "OWN" in path),
    # More than the exercises need in the own namespace.
    *reads(f"{CORE}/secrets", f"{CORE}/secrets/any"),
    ("POST", f"{CORE}/pods{TRY}", named("v1", "Pod", spec=POD)),
    ("POST", f"{CORE}/pods/POD/exec", None),
    ("POST", f"{CORE}/pods/POD/attach", None),
    patch(f"{CORE}/pods/POD/ephemeralcontainers", spec={"ephemeralContainers": [{"name": "d", "image": "x"}]}),
    ("POST", f"{CORE}/serviceaccounts/attendee/token", named("authentication.k8s.io/v1", "TokenRequest", spec={})),
    ("POST", f"{CORE}/serviceaccounts{TRY}", named("v1", "ServiceAccount")),
    ("POST", f"{CORE}/services{TRY}", named("v1", "Service", spec={"ports": [{"port": 80}]})),
    patch(f"{CORE}/services/bb", spec={"type": "LoadBalancer"}),
    patch(f"{CORE}/services/bb", spec={"type": "NodePort"}),
    ("POST", f"{CORE}/configmaps{TRY}", named("v1", "ConfigMap")),
    patch(f"{CORE}/resourcequotas/attendee", spec={"hard": {"pods": "1000"}}),
    ("DELETE", f"{CORE}/limitranges/attendee{TRY}", None),
    patch(CORE, metadata={"annotations": {"config.linkerd.io/default-inbound-policy": "all-unauthenticated"}}),
    ("DELETE", f"{CORE}{TRY}", None),
    ("POST", f"{APPS}/daemonsets{TRY}", {**DEPLOYMENT, "kind": "DaemonSet"}),
    ("POST", f"/apis/batch/v1/namespaces/OWN/jobs{TRY}", named("batch/v1", "Job", spec={"template": {"spec": POD}})),
    ("POST", f"/apis/networking.k8s.io/v1/namespaces/OWN/ingresses{TRY}", named("networking.k8s.io/v1", "Ingress")),
    patch(f"{LINKERD}/v1beta3/namespaces/OWN/servers/own", spec={"accessPolicy": "all-unauthenticated"}),
    ("DELETE", f"{LINKERD}/v1alpha1/namespaces/OWN/authorizationpolicies/own{TRY}", None),
    ("POST", f"{RBAC}/namespaces/OWN/rolebindings{TRY}", named(RBAC[6:], "RoleBinding", **BINDING)),
    ("POST", f"{RBAC}/namespaces/OWN/roles{TRY}", named(RBAC[6:], "Role", rules=[])),
    # Another attendee's route, by the rights of the Rollouts controller.
    patch(f"{ROLLOUTS}/rollouts-demo", **rollout("OTHER")),
    patch(f"{ROLLOUTS}/rollouts-demo", **rollout("OTHER", "Namespace")),
    patch(f"{ROLLOUTS}/rollouts-demo", **rollout("OTHER", plugin="other/plugin")),
    patch(f"{ROLLOUTS}/rollouts-demo", **canary(trafficRouting={"istio": {"virtualService": {"name": "OTHER/v"}}})),
    # Other content on a public host, and the traffic of others.
    patch(f"{CORE}/services/podinfo", spec={"selector": {"app": "mine"}}),
    patch(f"{CORE}/services/bb", spec={"externalIPs": ["203.0.113.1"]}),
    patch(f"{CORE}/services/bb", spec={"type": "ExternalName", "externalName": "example.com"}),
    # The mesh, its dashboard and its metrics.
    *reads("/api/v1/namespaces/linkerd/pods", "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"),
    *reads("/api/v1/namespaces/linkerd/configmaps", f"{VIZ}/secrets", f"{VIZ}/configmaps"),
    *reads("/apis/tap.linkerd.io/v1alpha1/watch/namespaces/OWN/tap"),
    patch("/apis/apps/v1/namespaces/linkerd/deployments/linkerd-destination", spec={"replicas": 0}),
    ("POST", f"{VIZ}/pods/WEB/portforward", None),
    ("POST", f"{VIZ}/pods/PROMETHEUS/portforward", None),
    ("GET", f"{VIZ}/services/web:8084/proxy/", None),
    ("POST", "/api/v1/namespaces/linkerd/pods/any/portforward", None),
    *reads("/apis/argoproj.io/v1alpha1/rollouts", "/api/v1/namespaces/argo-rollouts/secrets"),
    # The cluster.
    *reads("/api/v1/namespaces", "/api/v1/nodes", "/api/v1/pods", "/api/v1/secrets", "/api/v1/namespaces/kube-system"),
    *reads(f"{RBAC}/clusterroles", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"),
    ("POST", f"/api/v1/namespaces{TRY}", named("v1", "Namespace")),
    ("POST", f"{RBAC}/clusterrolebindings{TRY}", named(RBAC[6:], "ClusterRoleBinding", **BINDING)),
    patch(f"{RBAC}/clusterroles/linkerd-workshop-attendee", rules=[]),
    (
        "DELETE",
        f"/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/linkerd-workshop-attendees-pods{TRY}",
        None,
    ),
]

PROXY_INIT = {
    "name": "linkerd-init",
    "image": "i",
    "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"]}},
}


def container(**others: object) -> dict[str, object]:
    return {"containers": [{"name": "service", "image": "i", **others}]}


def secured(**context: object) -> dict[str, object]:
    return container(securityContext=context)


PLAIN_PODS: dict[str, dict[str, object]] = {
    "plain": container(),
    "as root": secured(runAsUser=0),
    "meshed": {**container(), "initContainers": [PROXY_INIT]},
    "hardened": secured(capabilities={"drop": ["ALL"]}, seccompProfile={"type": "RuntimeDefault"}),
}
PRIVILEGED_PODS: dict[str, dict[str, object]] = {
    "privileged": secured(privileged=True),
    "privileged init container": {
        **container(),
        "initContainers": [{**PROXY_INIT, "securityContext": {"privileged": True}}],
    },
    "capability": secured(capabilities={"add": ["NET_ADMIN"]}),
    "capability by the name of the mesh": {
        **container(),
        "initContainers": [{**PROXY_INIT, "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}],
    },
    "host network": {**container(), "hostNetwork": True},
    "host processes": {**container(), "hostPID": True},
    "host IPC": {**container(), "hostIPC": True},
    "folder of the node": {**container(), "volumes": [{"name": "v", "hostPath": {"path": "/"}}]},
    "port of the node": container(ports=[{"containerPort": 80, "hostPort": 80}]),
    "no seccomp": secured(seccompProfile={"type": "Unconfined"}),
    "no AppArmor": secured(appArmorProfile={"type": "Unconfined"}),
    "no seccomp for the pod": {**container(), "securityContext": {"seccompProfile": {"type": "Unconfined"}}},
    "SELinux type": secured(seLinuxOptions={"type": "spc_t"}),
    "account of the attendee": {**container(), "serviceAccountName": "attendee"},
    "sysctl": {**container(), "securityContext": {"sysctls": [{"name": "kernel.shm_rmid_forced", "value": "1"}]}},
    "unmasked /proc": {**secured(procMount="Unmasked"), "hostUsers": False},
}
