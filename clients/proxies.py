"""Chooses the proxy on the way to a server as Go's net/http does, because kubectl and the provider use that."""

import ipaddress
import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_of(cluster: Mapping[str, object], server: str) -> str | None:
    """Return the proxy on the way to a server, None if there is none, as Go's net/http chooses it."""
    chosen = cluster.get("proxy-url")
    if isinstance(chosen, str) and chosen:
        return _for_names(chosen)
    parts = urlsplit(server)
    found = _variable(f"{parts.scheme}_proxy")
    if not found or _is_past_proxies(parts.hostname or "", parts.port or {"https": 443}.get(parts.scheme, 80)):
        return None
    return _for_names(found if "://" in found else f"http://{found}")


def _variable(name: str) -> str:
    return os.environ.get(name.upper()) or os.environ.get(name) or ""


def _for_names(proxy: str) -> str:
    """Return a proxy's URL; a SOCKS proxy resolves host names itself, as with Go."""
    return f"socks5h{proxy[6:]}" if proxy.startswith("socks5:") else proxy


def _is_past_proxies(host: str, port: int) -> bool:
    """Return whether a host is on this machine, or in NO_PROXY (golang.org/x/net/http/httpproxy)."""
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    for entry in (each.strip().lower() for each in _variable("no_proxy").split(",")):
        name, _, only = entry.rpartition(":") if re.fullmatch(r"[^:]+:\d+|\[.*\]:\d+", entry) else (entry, "", "")
        if only and int(only) != port:
            continue
        if entry == "*" or _holds(name.strip("[]"), host, address):
            return True
    return False


def _holds(entry: str, host: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address | None) -> bool:
    if address:
        try:
            return address in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    domain = entry.removeprefix("*")
    if domain.startswith("."):
        return len(domain) > 1 and host.endswith(domain)
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
