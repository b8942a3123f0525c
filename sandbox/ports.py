"""Ports of the control plane on loopback: free ones are chosen once and kept for the next start."""

import json
import socket
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import psutil

from sandbox.console import say
from sandbox.failure import SandboxError
from sandbox.paths import Home

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Ports:
    """Where the components listen."""

    api: int
    etcd_clients: int
    etcd_peers: int
    controllers: int
    scheduler: int


def choose(home: Home, wanted: int | None = None) -> Ports:
    """The ports of the last start where they are still free, else free ones; a wanted API port has to be free."""
    if wanted is not None and (holder := held_by(wanted)):
        message = (
            f"port {wanted} for the API server is held by {holder}: stop that program, or leave --port away "
            "and the sandbox takes a free one."
        )
        raise SandboxError(message)
    before = recorded(home)
    chosen = before or fresh()
    for port in asdict(chosen).values():
        if before is not None and (holder := held_by(port)):
            say(f"port {port} of the last start is held by {holder}; other ports are taken, the kubeconfig follows")
            chosen = fresh()
            break
    if wanted is not None:
        chosen = Ports(**(asdict(chosen) | {"api": wanted}))
    (home.run / "ports.json").write_text(json.dumps(asdict(chosen)), encoding="utf-8")
    return chosen


def fresh() -> Ports:
    """Ports that nobody listens on; all are bound at once so that they differ."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(5)]
        for bound in sockets:
            bound.bind((LOOPBACK, 0))
        return Ports(*(int(bound.getsockname()[1]) for bound in sockets))


def recorded(home: Home) -> Ports | None:
    """The ports of the last start."""
    try:
        fields: dict[str, int] = json.loads((home.run / "ports.json").read_text(encoding="utf-8"))
        return Ports(**fields)
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def held_by(port: int) -> str | None:
    """Who holds a port, in words; None if it can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return listener(port)
    return None


def listener(port: int) -> str:
    """The program that listens on a port, as far as this user may know it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    except psutil.Error:
        return "another program"
    return "another program"
