"""Stacks that the program is tried with: what each of them sets."""

import json

from settings import parts
from settings.demos import Demos
from settings.loading import parse
from tests.program import ON_EKS

OIDC = dict.fromkeys(
    ["issuer", "authorizationEndpoint", "tokenEndpoint", "userInfoEndpoint"], "https://login.example.com/"
)
EVERYTHING = {
    "demos": json.dumps(
        {
            "booksapp": {
                "faultPercent": 25,
                "authorsFailureRate": 0.5,
                "webappReplicas": 5,
                "routeApi": "policy.linkerd.io",
                "host": "books.example.com",
            },
            "podinfo": {"routeApi": "policy.linkerd.io", "host": "podinfo.example.com"},
            "circuitBreaking": {"breaker": {"maxFailures": 3}},
            "progressiveDelivery": {"version": "1.7.1", "analysis": True, "host": "canary.example.com"},
        }
    ),
    "viz": json.dumps({"dashboard": {"host": "viz.example.com", "oidc": {**OIDC, "secretName": "oidc"}}}),
    "delivery": json.dumps({"argoCd": {"enabled": True}}),
    "trust": json.dumps({"generation": 7, "anchor": 2, "phase": "bundled"}),
}
OFF = {"enabled": False}
KEYS = [str(field.alias) for field in Demos.model_fields.values()]


def _namespace(demo: str) -> str:
    (found,) = parts.demo_namespaces(parse({"demos": {each: OFF for each in KEYS if each != demo}}))
    return found


DEMOS = {demo: _namespace(demo) for demo in KEYS}
"""The namespace of each demo, by its key."""
NOTHING = {
    "demos": json.dumps(dict.fromkeys(DEMOS, OFF)),
    "viz": json.dumps(OFF),
    "delivery": json.dumps({"argoRollouts": OFF}),
    "gatewayApi": json.dumps({"install": False}),
}
GITOPS = {
    "demos": json.dumps({"progressiveDelivery": {"owner": "argo-cd"}}),
    "delivery": json.dumps(
        {"argoCd": {"enabled": True, "application": {"repository": "https://git.example.com/workshop.git"}}}
    ),
}
ATTENDEES = {"attendees": json.dumps({"names": ["ada"]})}
EKS = EVERYTHING | ON_EKS
CONFIGS = {
    "program": {},
    "everything": EVERYTHING,
    "nothing": NOTHING,
    "gitops": GITOPS,
    "eks": EKS,
    "attendees": ATTENDEES,
    "high-availability": EKS | {"highAvailability": "true"},
}
