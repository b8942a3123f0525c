"""Ports of the control plane on loopback: free ones are chosen once and kept for the next start."""

import json
import random
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from itertools import islice
from pathlib import Path

import psutil

from sandbox.console import say
from sandbox.paths import Home

LOOPBACK = "127.0.0.1"
LOWEST = 11_000
"""Above 10250: the API server asks the simulated kubelets there, and nothing may answer."""
EPHEMERAL = Path("/proc/sys/net/ipv4/ip_local_port_range")
USUAL_EPHEMERAL = 32_768
"""The first port that Linux takes for outgoing connections by default."""


@dataclass(frozen=True)
class Ports:
    """The ports of the components."""

    api: int
    etcd_clients: int
    etcd_peers: int
    controllers: int
    scheduler: int


def choose(home: Home) -> Ports:
    """Return the ports of the last start if they are still free, else free ones."""
    chosen = recorded(home)
    for port in asdict(chosen).values() if chosen else ():
        if holder := held_by(port):
            say(f"port {port} of the last start is held by {holder}; other ports are taken, the kubeconfig follows")
            chosen = None
            break
    chosen = chosen or fresh()
    (home.run / "ports.json").write_text(json.dumps(asdict(chosen)), encoding="utf-8")
    return chosen


def fresh() -> Ports:
    """Return ports that nobody holds, in random order so that two sandboxes seldom try the same.

    They lie below those that the kernel gives to outgoing connections: between the choice and the component's start
    one of those would otherwise be taken now and then ("address already in use").
    """
    ephemeral = int(EPHEMERAL.read_text(encoding="ascii").split()[0]) if EPHEMERAL.exists() else USUAL_EPHEMERAL
    candidates = range(LOWEST, ephemeral if ephemeral > LOWEST + 1000 else USUAL_EPHEMERAL)
    free = (port for port in random.sample(candidates, len(candidates)) if held_by(port) is None)
    return Ports(*islice(free, len(fields(Ports))))


def recorded(home: Home) -> Ports | None:
    """Return the ports of the last start."""
    try:
        chosen: dict[str, int] = json.loads((home.run / "ports.json").read_text(encoding="utf-8"))
        return Ports(**chosen)
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def forget(home: Home) -> None:
    """Let the next start choose other ports."""
    (home.run / "ports.json").unlink(missing_ok=True)


def held_by(port: int) -> str | None:
    """Return who holds a port, in words; None if it can be bound."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return listener(port)
    return None


def listener(port: int) -> str:
    """Return the program that listens on a port, if this user may see it."""
    with suppress(psutil.Error):
        for connection in psutil.net_connections(kind="tcp"):
            if connection.laddr and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (pid {connection.pid})"
    return "another program"
