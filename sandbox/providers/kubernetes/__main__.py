"""Serves the stand-in: `python -m sandbox.providers.kubernetes <engine address>`."""

from sandbox.providers.kubernetes.provider import KubernetesProvider
from sandbox.providers.serving import serve

serve(KubernetesProvider, "4.34.2")
