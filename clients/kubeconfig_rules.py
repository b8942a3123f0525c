"""What kubectl and the provider refuse in the entries of a kubeconfig, by client-go's own rules."""

import os
from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter

FILES = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
"""The keys that name files, relative to that of the kubeconfig."""
EXEC_API, EXEC_BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
INTERACTIVE_MODES = ("Never", "IfAvailable", "Always")
AGAIN = "Fetch the kubeconfig again."
_DOCUMENT = TypeAdapter(dict[str, object])

Fault = tuple[str, str, str]
"""What is found, the rule that it breaks, and what to do."""


def faults(cluster: Mapping[str, object], user: Mapping[str, object]) -> Iterator[Fault]:
    """Yield what would be refused."""
    authority = cluster.get("certificate-authority-data") or cluster.get("certificate-authority")
    if cluster.get("insecure-skip-tls-verify") and authority:
        rule = "kubectl takes one of them only"
        yield "its cluster has an authority and insecure-skip-tls-verify", rule, "Remove insecure-skip-tls-verify."
    for entry, kind in ((cluster, "cluster"), (user, "user")):
        for key in FILES[kind]:
            path = entry.get(key)
            if isinstance(path, str) and path and not entry.get(f"{key}-data") and not _is_readable(path):
                yield f"its {key} {path} cannot be read", "the way to the cluster needs it", AGAIN
    provider, helper = user.get("auth-provider"), user.get("exec")
    name = _DOCUMENT.validate_python(provider).get("name") if isinstance(provider, dict) else None
    if name and name != "oidc":
        found, rule = (
            f"its user has the auth-provider '{name}'",
            "kubectl and the provider know none but oidc since 1.26",
        )
        yield found, rule, f"{AGAIN} The cloud's login helper (`exec`) has taken its place."
    if isinstance(helper, dict):
        yield from _faults_of_helper(_DOCUMENT.validate_python(helper), has_provider=bool(name))


def _faults_of_helper(helper: Mapping[str, object], *, has_provider: bool) -> Iterator[Fault]:
    version, mode = helper.get("apiVersion"), helper.get("interactiveMode")
    if has_provider:
        yield (
            "its user has both an `exec` and an auth-provider",
            "kubectl takes one of them only",
            "Remove one of them.",
        )
    if version and version not in (EXEC_API, EXEC_BETA):
        rule, fix = f"kubectl knows {EXEC_API} and {EXEC_BETA}", f"Update the helper. {AGAIN}"
        yield f"its `exec` has the apiVersion '{version}'", rule, fix
    elif version == EXEC_API and not mode:
        fix = "Add `interactiveMode: IfAvailable` to it, or fetch the kubeconfig again."
        yield "its `exec` names no interactiveMode", f"{EXEC_API} requires it", fix
    if mode and mode not in INTERACTIVE_MODES:
        rule = f"kubectl knows {', '.join(INTERACTIVE_MODES)}"
        yield f"its `exec` has the interactiveMode '{mode}'", rule, f"Correct it. {AGAIN}"


def _is_readable(path: str) -> bool:
    try:
        return os.access(path, os.R_OK)
    except ValueError:  # no path: it holds a NUL
        return False
