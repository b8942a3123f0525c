"""IAM permissions: changes are limited to this stack's resources, and DNS records to named zones."""

import json
from collections.abc import Iterator

from model.json_values import Json, is_list, mapping, mappings
from policies.judged import Finding, Judged, containers, texts

READING = ("batchget", "describe", "get", "list", "lookup", "search", "simulate", "view")
"""Prefixes of actions that only read; a wildcard that is shorter than these may change something."""
DOCUMENTS = ("policy", "assumeRolePolicy")
"""Where roles and policies have their documents."""
WIDE = {"aws:RequestedRegion", "aws:TagKeys"}
"""Condition keys that do not say who owns a resource."""
SHOWN = 3
"""How many names a message lists."""
WITHOUT_ZONE = {"route53:listhostedzones", "route53:listhostedzonesbyname", "route53:getchange"}
"""Actions of Route 53 that are about no zone in particular; AWS knows no narrower resource for them."""


def find_unbound(judged: Judged) -> Iterator[Finding]:
    """Yield the statements that allow changes that no condition limits."""
    for arn in [*texts(judged.content.get("policyArn")), *texts(judged.content.get("managedPolicyArns"))]:
        if ":iam::aws:policy/" in arn:
            yield Finding(str(judged), f"{arn} is a policy of AWS, which knows nothing of this stack and may grow")
    for where, statement in statements(judged):
        if "NotAction" in statement or "NotResource" in statement:
            yield Finding(where, "NotAction and NotResource allow all that nobody has thought of")
        changing = sorted(action for action in texts(statement.get("Action")) if mutates(action))
        if changing and not _binds(mapping(statement.get("Condition"))):
            yield Finding(where, f"{_few(changing)} may be done to anything: there is no condition that names a value")


def find_unnamed_zones(judged: Judged) -> Iterator[Finding]:
    """Yield what is not limited to named zones: statements on every zone, and an ExternalDNS without a filter."""
    for where, statement in statements(judged):
        zoned = sorted(action for action in texts(statement.get("Action")) if _about_a_zone(action))
        wild = [resource for resource in texts(statement.get("Resource")) if _any_zone(resource)]
        if zoned and (wild or "NotResource" in statement):
            yield Finding(where, f"{_few(zoned)} is allowed on {_few(wild)}: on every zone of the account")
    for container in containers(judged):
        if "external-dns" in str(container.content.get("image", "")):
            given = " ".join(texts(container.content.get("args")))
            missing = [flag for flag in ("--domain-filter", "--zone-id-filter", "--txt-owner-id") if flag not in given]
            if missing:
                yield Finding(
                    container.where, f"it would look after every zone that it sees: {_few(missing)} is missing"
                )


def statements(judged: Judged) -> Iterator[tuple[str, Json]]:
    """Yield each statement that allows something, with how a finding names it."""
    if not judged.kind.startswith("aws:iam/"):
        return
    texts = [judged.content.get(key) for key in DOCUMENTS]
    texts += [each.get("policy") for each in mappings(judged.content.get("inlinePolicies"))]
    for text in texts:
        document = mapping(json.loads(text)) if isinstance(text, str) else mapping(text)
        found = document.get("Statement")
        for number, statement in enumerate(mappings(found) if is_list(found) else [mapping(found)]):
            if statement.get("Effect") == "Allow":
                yield f"{judged}, statement {statement.get('Sid', number + 1)}", statement


def mutates(action: str) -> bool:
    """Return whether an action, or one that its wildcard stands for, may change something."""
    return not action.lower().partition(":")[2].startswith(READING)


def _binds(condition: Json) -> bool:
    """Return whether a key must have a certain value: that a tag exists, or fits if it exists, limits nothing."""
    for operator, keys in condition.items():
        name = operator.rpartition(":")[2]
        if name == "Null" or name.endswith("IfExists") or "Not" in name:
            continue
        for key, value in mapping(keys).items():
            wild = [each for each in texts(value) if each.strip("*?") == ""]
            if key not in WIDE and not wild:
                return True
    return False


def _about_a_zone(action: str) -> bool:
    lowered = action.lower()
    return lowered == "*" or (lowered.startswith("route53:") and lowered not in WITHOUT_ZONE)


def _any_zone(resource: str) -> bool:
    return resource == "*" or (":route53:" in resource and resource.endswith(("/*", ":*", ":::*")))


def _few(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
