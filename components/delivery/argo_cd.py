"""Argo CD: its definitions, Redis' password and the chart, with few permissions and the tab that shows a Rollout."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret
from pulumi_tls import PrivateKey

from components.resources.certificates import base64
from components.resources.charts import ChartWithDefinitionsArgs, release_definitions, render_chart
from components.resources.meshed_namespace import NamespaceMetadata
from components.resources.rendered import with_annotations
from components.resources.workload import SKIP_AWAIT
from model.images import with_registry
from model.names import ARGO_CD, ARGO_CD_RELEASE
from versions import ROLLOUT_EXTENSION

RELEASE = "argocd"
"""The chart's release name; objects are then named as in Argo CD's own manifests."""
NAMESPACE_METADATA: NamespaceMetadata = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}
"""Every pod of the chart meets the strictest profile. Not meshed, because Argo CD's network policies block proxies."""

EXTENSION = f"https://github.com/argoproj-labs/rollout-extension/releases/download/v{ROLLOUT_EXTENSION}/extension.tar"
"""The archive of the user interface's Rollout tab, which the server downloads at every start."""

REDIS_SECRET = "argocd-redis"  # noqa: S105  a name
"""The Secret with Redis' password, by the name that every pod of the chart looks for."""

LOCAL_PORT = 8443
"""The local port to which `kubectl port-forward` brings the user interface."""

POLICY = """\
g, role:canary, role:readonly
p, role:canary, applications, action/argoproj.io/Rollout/*, */*, allow
"""
"""A role that sees everything and may press the buttons of a Rollout; `admin` may do that anyway."""

Rules = Sequence[Mapping[str, Sequence[str]]]

READ = ["get", "list", "watch"]
WRITE = ["create", "update", "patch", "delete"]

DEPLOYED: Mapping[str, Sequence[str]] = {
    "": ["services", "serviceaccounts"],
    "apps": ["deployments"],
    "argoproj.io": ["rollouts", "analysistemplates"],
    "gateway.networking.k8s.io": ["httproutes"],
}
"""The resources that lie in the repository, by API group: all that Argo CD may write.

The chart's own roles let it do everything, so everybody who can push to the repository would own the cluster.
"""

CREATED_FOR_THEM: Mapping[str, Sequence[str]] = {
    "": ["pods"],
    "apps": ["replicasets"],
    "argoproj.io": ["analysisruns", "experiments"],
}
"""Resources that controllers create for those; the tree of an application shows them."""


class ArgoCdArgs(ChartWithDefinitionsArgs):
    """Inputs of an ArgoCd."""


class ArgoCd(ComponentResource):
    """Argo CD for one cluster, reached by `kubectl port-forward` only."""

    url: Output[str]
    """The command that brings the user interface to this machine."""
    password: Output[str]
    """The command that shows the password of the user `admin`."""

    def __init__(self, name: str, args: ArgoCdArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("linkerd-workshop:delivery:ArgoCd", name, {}, opts)
        namespace, registry = args["namespace"], args["image_registry"]
        child = ResourceOptions(parent=self)
        crds = release_definitions(f"{name}-crds", (namespace, ARGO_CD_RELEASE[1]), args["crds_chart"], child)
        render_chart(
            f"{name}-chart",
            (ARGO_CD, RELEASE),
            args["chart"],
            with_registry(values(with_tab=not registry), "argo-cd", registry),
            ResourceOptions(
                parent=self,
                # The server ends where Applications are unknown; a pod that starts before the Secret never learns the
                # password.
                depends_on=[crds, self._redis_password(name, namespace, child)],
                transforms=[with_annotations("kubernetes:core/v1:Service", SKIP_AWAIT)],
            ),
        )
        kubectl = f"kubectl -n {ARGO_CD}"
        self.url = Output.from_input(f"{kubectl} port-forward svc/{RELEASE}-server {LOCAL_PORT}:443")
        # The server creates it when it first starts; it is deleted with the namespace.
        self.password = Output.from_input(
            f"{kubectl} get secret argocd-initial-admin-secret -o jsonpath='{{.data.password}}' | base64 --decode"
        )
        self.register_outputs({"url": self.url, "password": self.password})

    def _redis_password(self, name: str, namespace: Input[str], child: ResourceOptions) -> Secret:
        """Create the Secret that the chart's hook, a job with role, binding and account, would create."""
        key = PrivateKey(f"{name}-redis-key", algorithm="ECDSA", ecdsa_curve="P256", opts=child)
        return Secret(
            f"{name}-redis-secret",
            metadata={"name": REDIS_SECRET, "namespace": namespace},
            # `data` and not `string_data`: the server moves that into `data`, and a refresh would report drift.
            data={"auth": key.private_key_pem.apply(password_from).apply(base64)},
            opts=child,
        )


def password_from(key: str) -> str:
    """Return a password of 64 hexadecimal digits that only the holder of a private key (PEM) can make."""
    return sha256(f"redis password of Argo CD\n{key}".encode()).hexdigest()


def values(*, with_tab: bool) -> Mapping[str, Input[object]]:
    """Return the chart's values, nothing secret or unknown; `with_tab` adds the tab that shows a Rollout.

    Where images come from a mirror, the tab's archive may be out of reach.
    """
    return {
        "crds": {"install": False},  # a release of their own
        "global": {"domain": f"localhost:{LOCAL_PORT}"},
        # The chart creates the password in a job that is a pre-install hook, which Chart drops: see ArgoCd.
        "redisSecretInit": {"enabled": False},
        "dex": {"enabled": False},
        "notifications": {"enabled": False},
        # The chart has no other switch for it; the limits apply if somebody scales it up.
        "applicationSet": {"replicas": 0, "resources": _resources("10m", "64Mi", "256Mi")},
        "configs": {
            # Otherwise the controller stops at the first kind that it may not list.
            "cm": {"resource.respectRBAC": "normal"},
            "rbac": {"policy.csv": POLICY},
        },
        "controller": {
            "clusterRoleRules": {"enabled": True, "rules": controller_rules()},
            "resources": _resources("50m", "256Mi", "1Gi"),
        },
        "server": _server(with_tab=with_tab),
        "repoServer": {"resources": _resources("20m", "128Mi", "1Gi")},
        "redis": {"automountServiceAccountToken": False, "resources": _resources("10m", "32Mi", "128Mi")},
    }


def _server(*, with_tab: bool) -> Mapping[str, object]:
    """Return the values of the part that people see."""
    tab = {
        "enabled": True,
        "extensionList": [{"name": "rollout-extension", "env": [{"name": "EXTENSION_URL", "value": EXTENSION}]}],
        "resources": _resources("10m", "32Mi", "128Mi"),
    }
    return {
        "clusterRoleRules": {"enabled": True, "rules": server_rules()},
        # Everybody who reaches it can guess passwords: only `kubectl port-forward` does.
        "service": {"type": "ClusterIP"},
        "ingress": {"enabled": False},
        "extensions": tab if with_tab else {"enabled": False},
        "resources": _resources("20m", "128Mi", "512Mi"),
    }


def _resources(cpu: str, memory: str, most_memory: str) -> Mapping[str, Mapping[str, str]]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most_memory}}


def controller_rules() -> Rules:
    """Return the application controller's permissions in every namespace."""
    return [*_rules_for_all(READ), *(_rule(group, resources, WRITE) for group, resources in DEPLOYED.items())]


def server_rules() -> Rules:
    """Return the user interface's permissions in every namespace."""
    return [
        *_rules_for_all(["get"]),
        _rule("", ["pods/log"], ["get"]),
        _rule("", ["events"], ["list"]),
        # The buttons of a Rollout's tab: abort and promote write the status, pause and restart the spec.
        _rule("argoproj.io", ["rollouts", "rollouts/status"], ["patch"]),
    ]


def _rules_for_all(verbs: Sequence[str]) -> Rules:
    return [_rule(group, names, verbs) for group, names in [*DEPLOYED.items(), *CREATED_FOR_THEM.items()]]


def _rule(group: str, resources: Sequence[str], verbs: Sequence[str]) -> Mapping[str, Sequence[str]]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
