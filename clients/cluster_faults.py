"""Faults on the way to an API server: how long each is retried, and its message for the user."""

import re
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, IncompleteRead
from urllib.parse import urlsplit

import socks
from kubernetes.client.exceptions import OpenApiException
from kubernetes.config import ConfigException
from tenacity import RetryCallState, Retrying, stop_after_attempt, stop_before_delay
from urllib3.exceptions import HTTPError, NewConnectionError, ProxyError
from urllib3.exceptions import TimeoutError as LibraryTimeoutError

SECONDS_TO_CONNECT = 5
SECONDS_TO_ANSWER = 10
"""The limit for one question with all its retries; then it counts as a timeout."""
TRIES = 10
"""The most requests to a busy server, as in client-go."""
TRIES_AFTER_RESET = 3
LONGEST_PAUSE = 2
"""Seconds between two tries at most, whatever the server asks for."""

FAULTS = (OpenApiException, ConfigException, HTTPError, HTTPException, OSError, ValueError)
"""Errors of the client and the libraries below it that are not the program's fault."""
IDEMPOTENT = ("GET", "HEAD")
BUSY = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
"""Statuses with which a server may say when to come back."""
_CHECK_NAME = "Check the address, and whether a VPN or its name server is needed to resolve the name."
_LOG_IN_AGAIN = "Log in again, or fetch the kubeconfig again."
_SAY_HTTPS = "Write https:// if the server speaks TLS, and check the port."


_REASONS: dict[tuple[type[Exception], ...], str] = {
    (IncompleteRead,): "the connection was closed in the middle of an answer",
    # RemoteDisconnected is a BadStatusLine, too.
    (ConnectionResetError, BrokenPipeError): "the connection was closed before an answer",
    (BadStatusLine,): "what answers does not speak HTTP",
    (socket.gaierror,): "no name server knows its name",
}
"""Reasons by the kinds of errors, in the order in which they are looked for."""


@dataclass(frozen=True)
class Response:
    """An HTTP answer as it came."""

    status: int
    text: str
    date: str | None
    retry_after: str | None


@dataclass(frozen=True)
class Fault:
    """The reason why there is no answer. It quotes nothing that may hold credentials."""

    found: str
    fix: str | None = None
    """The remedy; None if it depends on the cluster."""
    nobody: bool = False
    """True if nothing at all is at the address, as if the cluster had been deleted."""


def retries(method: str) -> Retrying:
    """Return the retry policy of a request: at most ten times, and not beyond the time that one request may take."""

    def is_worth_it(state: RetryCallState) -> bool:
        outcome = state.outcome
        if outcome is None:
            return False
        if error := outcome.exception():
            is_reset = any(isinstance(each, ConnectionResetError | IncompleteRead) for each in _causes(error))
            return is_reset and method in IDEMPOTENT and state.attempt_number < TRIES_AFTER_RESET
        response: object = outcome.result()
        if not isinstance(response, Response):
            return False
        says_when = response.status in BUSY and response.retry_after is not None
        return response.status == HTTPStatus.TOO_MANY_REQUESTS or says_when

    return Retrying(
        retry=is_worth_it,
        wait=_pause,
        stop=stop_after_attempt(TRIES) | stop_before_delay(SECONDS_TO_ANSWER),
        # The last answer or fault, and not one of tenacity's own.
        retry_error_callback=lambda state: state.outcome and state.outcome.result(),
    )


def _pause(state: RetryCallState) -> float:
    response: object = None if state.outcome is None or state.outcome.failed else state.outcome.result()
    wanted = response.retry_after if isinstance(response, Response) else None
    if wanted and wanted.isascii() and wanted.isdigit():
        return min(float(wanted[:9]), LONGEST_PAUSE)
    return min(0.1 * 2**state.attempt_number, 1)  # no wish, a date, or something unreadable


def explain(error: BaseException, address: str, proxy: str | None) -> Fault:
    """Return the reason why a request got no answer, and the remedy."""
    causes = list(_causes(error))
    if any(isinstance(each, ProxyError | socks.ProxyError) for each in causes):
        return _proxy_fault(causes, proxy)
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return _untrusted(each)
    if tls := [each for each in causes if isinstance(each, ssl.SSLError)]:
        return _tls_fault(tls)
    if proxy:
        return _proxy_fault(causes, proxy)
    if any(isinstance(each, BadStatusLine | ConnectionResetError | BrokenPipeError) for each in causes):
        return _CLOSED_TLS if address.startswith("https:") else Fault(_silent(_reason(causes)), _SAY_HTTPS)
    is_unknown = any(isinstance(each, socket.gaierror) for each in causes)
    return Fault(_silent(_reason(causes)), _CHECK_NAME if is_unknown else None, nobody=True)


def _reason(causes: Sequence[BaseException]) -> str:
    """Return the operating system's message; any other text may quote a secret."""
    # A refused connection counts as a timeout for urllib3.
    left = [each for each in causes if not isinstance(each, NewConnectionError | ConnectionError)]
    if any(isinstance(each, TimeoutError | LibraryTimeoutError) for each in left):
        return "timed out"
    for kinds, reason in _REASONS.items():
        if any(isinstance(each, kinds) for each in causes):
            return reason
    said = (each.strerror for each in causes if isinstance(each, OSError) and each.strerror)
    return next(said, type(causes[-1]).__name__)


def _silent(reason: str) -> str:
    return f"the cluster does not answer ({reason})"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception with all that lie inside it, each once."""
    seen, left = list[BaseException](), [error]
    while left:
        each = left.pop(0)
        if any(each is known for known in seen):
            continue
        seen.append(each)
        yield each
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        left += [one for one in inner if isinstance(one, BaseException)]


_CLOSED_TLS = Fault(
    "it closed the TLS connection before an answer, perhaps because it refuses the client certificate",
    "Log in again, or fetch the kubeconfig again, and check that VPN and proxy let you through.",
)
_CERTIFICATE_NAME = "Use a name that the certificate holds as `server`, or set it as `tls-server-name`."
_UNTRUSTED = {
    9: Fault("its certificate is not valid yet", "Set this machine's clock."),
    10: Fault(
        "its certificate has expired", "Renew the API server's certificate; if it is new, set this machine's clock."
    ),
    62: Fault("its certificate is for another name", _CERTIFICATE_NAME),
    64: Fault("its certificate is for another address", _CERTIFICATE_NAME),
}
"""Faults by the numbers of OpenSSL's verification errors (x509_vfy.h)."""


def _untrusted(error: ssl.SSLCertVerificationError) -> Fault:
    fix = "Fetch the kubeconfig again: its certificate-authority has to be the one that signed the certificate."
    reason = f"its certificate is not signed by an authority that the kubeconfig trusts ({error.verify_message})"
    return _UNTRUSTED.get(error.verify_code, Fault(reason, fix))


def _tls_fault(errors: Sequence[ssl.SSLError]) -> Fault:
    texts = [str(each.args[-1]) for each in errors if each.args]  # like `[SSL: NO_START_LINE] no start line (_ssl.c:1)`
    named = [match[1] for text in texts if (match := re.search(r"\[SSL: (\w+)\]", text))]
    reason = (named or [re.sub(r"\[.*?\] | \(_ssl.*", "", text) for text in texts] or [""])[0].upper()
    said = reason.replace("_", " ").lower() or "TLS failed"
    if "ALERT" in reason:
        if any(word in reason for word in ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "BAD_CERT")):
            return Fault(f"it refuses the client certificate ({said})", _LOG_IN_AGAIN)
        return Fault(f"it refuses the TLS handshake ({said})")
    if any(word in reason for word in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")):
        fix = "Correct the port, or write http:// if the server speaks no TLS on purpose."
        return Fault(f"it does not speak TLS there ({said})", fix)
    if any(word in reason for word in ("PEM", "NO_START_LINE", "MISMATCH", "ASN1", "NO_CERTIFICATE", "BAD_BASE64")):
        return Fault(f"the kubeconfig's certificates or key cannot be read ({said})", _LOG_IN_AGAIN)
    if "EOF" in reason:  # writing after the server closed hides its TLS alert
        return _CLOSED_TLS
    return Fault(_silent(said))


def _proxy_fault(causes: Sequence[BaseException], proxy: str | None) -> Fault:
    way, fix = _way(proxy), "Check HTTPS_PROXY and the kubeconfig's proxy-url, or list the cluster's host in NO_PROXY."
    tunnel = [match[1] for each in causes if (match := re.search(r"Tunnel connection failed: (\d{3})", str(each)))]
    if tunnel and int(tunnel[0]) == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        fix = f"Put user and password into the proxy's URL (http://<user>:<password>@...). {fix}"
        return Fault(f"{way} asks for a login (407)", fix)
    if tunnel:
        return Fault(f"{way} refuses to connect to it ({tunnel[0]})", fix)
    if any(isinstance(each, socks.SOCKS5AuthError) for each in causes):
        return Fault(f"{way} asks for a login", fix)
    return Fault(_silent(f"{way}: {_reason(causes)}"), fix)


def _way(proxy: str | None) -> str:
    """Return a proxy's URL without its password."""
    try:
        parts = urlsplit(proxy or "")
        return f"the proxy {parts.hostname}:{parts.port}" if parts.port else f"the proxy {parts.hostname or ''}".strip()
    except ValueError:
        return "the proxy"
