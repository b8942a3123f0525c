"""The values of Argo CD's chart."""

from collections.abc import Mapping

from pulumi import Input

from components.delivery.argo_cd_roles import controller_rules, server_rules

REDIS_SECRET = "argocd-redis"  # noqa: S105  a name
"""The Secret with Redis' password, by the name that every pod of the chart looks for."""

LOCAL_PORT = 8443
"""The local port to which `kubectl port-forward` brings the user interface."""

POLICY = """\
g, role:canary, role:readonly
p, role:canary, applications, action/argoproj.io/Rollout/*, */*, allow
"""
"""A role that sees everything and may press the buttons of a Rollout; `admin` may do that anyway."""


def values(extension: Mapping[str, str] | None) -> Mapping[str, Input[object]]:
    """Return the chart's values, nothing of them secret or unknown.

    `extension` is the environment of the installer of the tab that shows a Rollout; None leaves the tab out.
    """
    return {
        "crds": {"install": False},  # a release of their own
        "global": {"domain": f"localhost:{LOCAL_PORT}"},
        # The chart creates the password in a job that is a pre-install hook, which Chart drops: see ArgoCd.
        "redisSecretInit": {"enabled": False},
        "dex": {"enabled": False},
        "notifications": {"enabled": False},
        # It has no other switch; scaled up it has a pod with limits.
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
        "server": _server(extension),
        "repoServer": {"resources": _resources("20m", "128Mi", "1Gi")},
        "redis": {"automountServiceAccountToken": False, "resources": _resources("10m", "32Mi", "128Mi")},
    }


def _server(extension: Mapping[str, str] | None) -> Mapping[str, object]:
    """Return the values of the part that people see."""
    return {
        "clusterRoleRules": {"enabled": True, "rules": server_rules()},
        # Everybody who reaches it can guess passwords: only `kubectl port-forward` does.
        "service": {"type": "ClusterIP"},
        "ingress": {"enabled": False},
        "extensions": {
            "enabled": True,
            "extensionList": [{"name": "rollout-extension", "env": _environment(extension)}],
            "resources": _resources("10m", "32Mi", "128Mi"),
        }
        if extension
        else {"enabled": False},
        "resources": _resources("20m", "128Mi", "512Mi"),
    }


def _environment(variables: Mapping[str, str]) -> list[Mapping[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]


def _resources(cpu: str, memory: str, most_memory: str) -> Mapping[str, Mapping[str, str]]:
    return {"requests": {"cpu": cpu, "memory": memory}, "limits": {"memory": most_memory}}
