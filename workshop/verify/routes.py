"""HTTPRoutes: whether the mesh has taken them, and what they say."""

from collections.abc import Iterator

from clients.cluster_api import ClusterApi
from model.json_values import at, entries, text
from workshop.verify.line import Group, Line

VERSIONS = {"gateway.networking.k8s.io": "v1", "policy.linkerd.io": "v1beta3"}
CONDITIONS = ("Accepted", "ResolvedRefs")


def find(api: ClusterApi, group: str, namespace: str, name: str) -> dict[str, object] | None:
    """Return a route of one of the two API groups, or None. Raises InputError if the server refuses."""
    return api.find(f"/apis/{group}/{VERSIONS[group]}/namespaces/{namespace}/httproutes/{name}")


def accepted(lines: Group, route: object, name: str) -> Line:
    """Return whether the mesh has taken a route, with all of its backends."""
    wrong = "; ".join(_troubles(route))
    fix = "Run `make reset`; if the route stays refused, look at its status with `kubectl describe httproute`."
    return lines.judged(f"route {name}", wrong or "taken, with all of its backends", good=not wrong, fix=fix)


def weights(route: object) -> dict[str, int]:
    """Return the share of each backend of a route's last rule, by its name."""
    rule = next(iter(entries(route, "spec", "rules")[-1:]), None)
    found = {text(backend, "name"): at(backend, "weight") for backend in entries(rule, "backendRefs")}
    return {name: weight if isinstance(weight, int) else 1 for name, weight in found.items()}


def _troubles(route: object) -> Iterator[str]:
    if route is None:
        yield "it is not there"
        return
    parents = [each for each in entries(route, "status", "parents") if "linkerd" in text(each, "controllerName")]
    if not parents:
        yield "the mesh has not looked at it"
    for parent in parents:
        conditions = {text(each, "type"): each for each in entries(parent, "conditions")}
        for kind in CONDITIONS:
            if text(conditions.get(kind), "status") != "True":
                yield f"{kind} is not true ({text(conditions.get(kind), 'reason') or 'no reason given'})"
