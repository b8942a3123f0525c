"""Every pin of the program, one per line, each with the marker by which Renovate finds it.

Python packages are pinned in `requirements*.txt`, the sandbox's Go tools in `sandbox/tools/*/go.mod`.
"""

# renovate: datasource=helm depName=linkerd-control-plane registryUrl=https://helm.linkerd.io/edge
LINKERD_CHART = "2026.8.3"

# renovate: datasource=github-releases depName=kubernetes-sigs/gateway-api
GATEWAY_API = "1.5.1"

# renovate: datasource=helm depName=argo-rollouts registryUrl=https://argoproj.github.io/argo-helm
ARGO_ROLLOUTS_CHART = "2.41.0"

# renovate: datasource=docker depName=quay.io/argoproj/argo-rollouts
ARGO_ROLLOUTS = "1.9.3"

# renovate: datasource=docker depName=ghcr.io/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi
ROLLOUTS_PLUGIN_IMAGE = "ghcr.io/argoproj-labs/rollouts-plugin-trafficrouter-gatewayapi:v0.15.0"

# renovate: datasource=helm depName=aws-load-balancer-controller registryUrl=https://aws.github.io/eks-charts
LOAD_BALANCER_CONTROLLER_CHART = "3.5.0"

# renovate: datasource=github-releases depName=kubernetes-sigs/aws-load-balancer-controller
LOAD_BALANCER_CONTROLLER = "3.5.0"

# renovate: datasource=helm depName=external-dns registryUrl=https://kubernetes-sigs.github.io/external-dns
EXTERNAL_DNS_CHART = "1.21.1"

# renovate: datasource=docker depName=curlimages/curl
CURL_IMAGE = "docker.io/curlimages/curl:8.17.0"

# renovate: datasource=helm depName=argo-cd registryUrl=https://argoproj.github.io/argo-helm
ARGO_CD_CHART = "10.1.1"

# renovate: datasource=docker depName=quay.io/argoproj/argocd
ARGO_CD = "3.4.4"

# renovate: datasource=github-releases depName=argoproj-labs/rollout-extension
ROLLOUT_EXTENSION = "0.3.7"

# renovate: datasource=docker depName=buoyantio/booksapp
BOOKSAPP_IMAGE = "docker.io/buoyantio/booksapp:v0.0.5"

# renovate: datasource=docker depName=buoyantio/booksapp-traffic
BOOKSAPP_TRAFFIC_IMAGE = "docker.io/buoyantio/booksapp-traffic:v0.0.3"

# renovate: datasource=docker depName=nginx
NGINX_IMAGE = "docker.io/library/nginx:1.29.1-alpine"

# renovate: datasource=docker depName=ghcr.io/stefanprodan/podinfo
PODINFO_IMAGE = "ghcr.io/stefanprodan/podinfo:6.14.1"

# renovate: datasource=docker depName=buoyantio/bb
BB_IMAGE = "docker.io/buoyantio/bb:v0.0.7"

# renovate: datasource=docker depName=buoyantio/slow_cooker
SLOW_COOKER_IMAGE = "docker.io/buoyantio/slow_cooker:1.3.0"

# renovate: datasource=github-releases depName=kubernetes-sigs/kind
KIND = "0.33.0"

# renovate: datasource=docker depName=kindest/node
KIND_NODE_IMAGE = "kindest/node:v1.36.4@sha256:099e049362a1526b2db71494e1947aae99bd16290d7c895f2b7ea312e3cbfaed"

CANARY_REPOSITORY = "quay.io/stefanprodan/podinfo"
"""podinfo's old releases, for the canary; which one is a setting."""

CANARY_VERSIONS = ("1.7.0", "1.7.1")
"""The default, and the one that the demo's script goes to."""

LINKERD_CHART_REPOSITORY = "https://helm.linkerd.io/edge"
"""Where the Linkerd charts are published; stable charts ended with 2.15, edge is what the project releases."""

ARGO_CHART_REPOSITORY = "https://argoproj.github.io/argo-helm"
"""Where the charts of Argo Rollouts and Argo CD are published."""

EKS_CHART_REPOSITORY = "https://aws.github.io/eks-charts"
"""Where AWS publishes the chart of its load balancer controller."""

EXTERNAL_DNS_CHART_REPOSITORY = "https://kubernetes-sigs.github.io/external-dns"
"""Where the chart of ExternalDNS is published."""
