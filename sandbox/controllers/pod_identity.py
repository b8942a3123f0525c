"""Simulates EKS' webhook that gives pods the way to their credentials: at their creation, and never after."""

import time
from dataclasses import dataclass, field

from model.json_values import Json, mapping, mappings, text
from model.names import CREDENTIALS, Identity
from sandbox.api_client import ApiClient
from sandbox.controllers.aws import Aws

NAME, NAMESPACE = "pod-identity-webhook", "kube-system"
ROLE = "eks.amazonaws.com/role-arn"
"""Annotation of a service account that gets its role by IRSA."""
ADMISSION = "/apis/admissionregistration.k8s.io/v1"
KNOWN = f"/api/v1/namespaces/{NAMESPACE}/configmaps/{NAME}"
KEY = "request.namespace + '.' + object.spec.serviceAccountName"
INJECTION = f"""Object{{spec: Object.spec{{containers: object.spec.containers.map(container,
  Object.spec.containers{{name: container.name, env: [
    Object.spec.containers.env{{name: params.data[{KEY}], value: "sandbox"}}]}})}}}}"""
PODS = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}
POLICY: Json = {
    "failurePolicy": "Fail",
    "reinvocationPolicy": "Never",
    "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
    "matchConstraints": {"resourceRules": [PODS]},
    "matchConditions": [{"name": "known", "expression": f"has(params.data) && ({KEY}) in params.data"}],
    "mutations": [{"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": INJECTION}}],
}
BINDING: Json = {
    "policyName": NAME,
    "paramRef": {"name": NAME, "namespace": NAMESPACE, "parameterNotFoundAction": "Allow"},
}
OBJECTS = (
    ("mutatingadmissionpolicies", "MutatingAdmissionPolicy", POLICY),
    ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", BINDING),
)


@dataclass
class PodIdentity:
    """The service accounts that have a role, by the API server's own admission policy."""

    api: ApiClient
    aws: Aws
    cluster: str
    seconds_late: float = 0.0
    """Seconds until an association is effective; AWS documents several."""
    _written: Json | None = field(default=None, init=False)

    def step(self) -> None:
        """Set the variable of each service account's pods in the policy; raises what the API server and AWS raise."""
        known = {**self._annotated(), **self._associated()}
        if self._written is None:
            for plural, kind, spec in OBJECTS:
                body = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": NAME}}
                self.api.apply(f"{ADMISSION}/{plural}/{NAME}", {**body, "spec": spec})
        if known != self._written:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": NAME}, "data": known}
            self.api.apply(KNOWN, body)
            self._written = known

    def _annotated(self) -> dict[str, str]:
        accounts = mappings(self.api.get("/api/v1/serviceaccounts"), "items")
        named = [mapping(each["metadata"]) for each in accounts]
        return {
            f"{each['namespace']}.{each['name']}": CREDENTIALS[Identity.IRSA]
            for each in named
            if text(each, "annotations", ROLE)
        }

    def _associated(self) -> dict[str, str]:
        listed = self.aws.eks.list_pod_identity_associations(clusterName=self.cluster)["associations"]
        described = [
            self.aws.eks.describe_pod_identity_association(
                clusterName=self.cluster, associationId=each.get("associationId", "")
            )["association"]
            for each in listed
        ]
        return {
            f"{each.get('namespace')}.{each.get('serviceAccount')}": CREDENTIALS[Identity.POD_IDENTITY]
            for each in described
            if (created := each.get("createdAt")) and time.time() - created.timestamp() >= self.seconds_late
        }
