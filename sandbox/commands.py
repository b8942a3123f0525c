"""The command line of every component of the control plane; all listen on loopback only."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.paths import Home
from sandbox.ports import Ports
from sandbox.service_network import SOCKET

SERVICE_RANGE = "10.96.0.0/16"
FIRST_SERVICE_ADDRESS = "10.96.0.1"
POD_RANGE = "10.244.0.0/16"


def etcd(program: Path, home: Home, ports: Ports) -> list[str]:
    """The store. It does not wait for the disk: a sandbox that loses power is created again."""
    clients, peers = f"http://127.0.0.1:{ports.etcd_clients}", f"http://127.0.0.1:{ports.etcd_peers}"
    return [
        str(program),
        f"--data-dir={home.etcd_data}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(program: Path, home: Home, ports: Ports) -> list[str]:
    """The API server, with RBAC and aggregation so that APIServices can be created."""
    pki = home.certificates
    return [
        str(program),
        f"--etcd-servers=http://127.0.0.1:{ports.etcd_clients}",
        f"--secure-port={ports.api}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--tls-cert-file={pki / 'apiserver.crt'}",
        f"--tls-private-key-file={pki / 'apiserver.key'}",
        f"--client-ca-file={pki / 'ca.crt'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki / 'service-accounts.key'}",
        f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=RBAC",
        "--allow-privileged=true",  # as on EKS and kind: there admission policies refuse privileged pods, or nobody
        "--endpoint-reconciler-type=none",
        f"--egress-selector-config-file={home.run / 'egress.json'}",
        *aggregation(pki),
    ]


def aggregation(pki: Path) -> list[str]:
    """Return the options without which no APIService can be created."""
    return [
        f"--requestheader-client-ca-file={pki / 'ca.crt'}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
        f"--proxy-client-key-file={pki / 'front-proxy.key'}",
    ]


def controller_manager(program: Path, home: Home, ports: Ports) -> list[str]:
    """The controllers: Deployments get pods, namespaces are emptied, owners' objects are collected."""
    pki = home.certificates
    return [
        str(program),
        f"--kubeconfig={home.kubeconfig}",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.controllers}",
        f"--service-account-private-key-file={pki / 'service-accounts.key'}",
        f"--root-ca-file={pki / 'ca.crt'}",
        f"--cluster-signing-cert-file={pki / 'ca.crt'}",
        f"--cluster-signing-key-file={pki / 'ca.key'}",
        "--use-service-account-credentials",
        "--leader-elect=false",
        "--allocate-node-cidrs=false",
        "--controllers=*,-nodeipam",
        # kwok sends a heartbeat every 20 to 45 s, later on a busy machine. After the default of 50 s without one the
        # node's pods would be marked as not ready, and kwok never marks them as ready again.
        "--node-monitor-grace-period=24h",
    ]


def scheduler(program: Path, home: Home, ports: Ports) -> list[str]:
    """The scheduler."""
    address = ["--bind-address=127.0.0.1", f"--secure-port={ports.scheduler}"]
    return [str(program), f"--kubeconfig={home.kubeconfig}", *address, "--leader-elect=false"]


def kwok(program: Path, home: Home, stages: Sequence[Path]) -> list[str]:
    """The simulated kubelet: pods bound to the fake node run at once, without containers."""
    files = [file for folder in stages for file in sorted(folder.glob("*.yaml")) if file.stem != "kustomization"]
    return [
        str(program),
        f"--kubeconfig={home.kubeconfig}",
        "--manage-all-nodes=true",
        f"--cidr={POD_RANGE}",
        "--node-ip=127.0.0.1",
        *(f"--config={file}" for file in files),
    ]


def service_network(home: Home) -> list[str]:
    """Return the command line of the server behind Services."""
    return [sys.executable, "-m", "sandbox.service_network", str(home.folder)]


def write_egress(home: Home) -> None:
    """Write how the API server reaches Services: through a socket of this sandbox.

    On a network that swallows packets a call to a webhook's Service would hang until the webhook's timeout; here it is
    refused within milliseconds on every network.
    """
    connection = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": SOCKET}}}
    content = {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [{"name": "cluster", "connection": connection}],
    }
    (home.run / "egress.json").write_text(json.dumps(content), encoding="utf-8")
