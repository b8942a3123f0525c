"""Names that the program and the commands beside it have to agree on."""

PROJECT = "linkerd-workshop"
"""The Pulumi project: prefix of its configuration keys."""

OWNER = "linkerd-workshop/stack"
"""Annotation of every namespace that the program makes: the stack that it belongs to."""

GATEWAY_API_RELEASE = ("kube-system", "gateway-api-crds")
"""Namespace and name of the Helm release that holds the Gateway API's definitions."""
