"""Every pin of the program, one a line, each with the marker by which Renovate finds it.

Python packages are pinned in `requirements*.txt`, the sandbox's Go tools in `sandbox/tools/*/go.mod`.
"""

# renovate: datasource=helm depName=linkerd-control-plane registryUrl=https://helm.linkerd.io/edge
LINKERD_CHART = "2026.8.3"

# renovate: datasource=github-releases depName=kubernetes-sigs/gateway-api
GATEWAY_API = "1.5.1"

# renovate: datasource=docker depName=buoyantio/booksapp
BOOKSAPP_IMAGE = "docker.io/buoyantio/booksapp:v0.0.5"

# renovate: datasource=docker depName=buoyantio/booksapp-traffic
BOOKSAPP_TRAFFIC_IMAGE = "docker.io/buoyantio/booksapp-traffic:v0.0.3"

# renovate: datasource=docker depName=nginx
NGINX_IMAGE = "docker.io/library/nginx:1.29.1-alpine"

LINKERD_CHART_REPOSITORY = "https://helm.linkerd.io/edge"
"""Where the Linkerd charts are published; stable charts ended with 2.15, edge is what the project releases."""

MINIMUM_KUBERNETES = (1, 31)
"""Oldest minor version that the pinned Linkerd charts render for (`kubeVersion: ">=1.31.0-0"`)."""

GATEWAY_API_READ_BY_LINKERD = ((1, 2, 1), (1, 5, 1))
"""Oldest and newest Gateway API that the pinned Linkerd documents as compatible."""
