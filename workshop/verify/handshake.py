"""A TLS handshake with a pod: which certificate it shows, and whether that is the right one."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509

from clients.limits import within
from clients.pod_stream import SECONDS, PodStream, StreamError


@dataclass(frozen=True)
class Shown:
    """What a server showed."""

    ends: datetime | None
    """When its certificate ends; None if it showed none."""
    trouble: str
    """Why a client would not take it; empty if one would."""


def shake(stream: PodStream, host: str, authority: str) -> Shown:
    """Shake hands as a client of `host` that trusts the certificates `authority` (PEM), and hang up."""
    try:
        strict = ssl.create_default_context(cadata=authority)
    except ssl.SSLError:
        return Shown(None, "its caBundle is no certificate")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    talk = strict.wrap_bio(incoming, outgoing, server_hostname=host)

    def finish() -> None:
        while not _is_done(talk):
            stream.sendall(outgoing.read())
            if received := stream.receive():
                incoming.write(received)
            else:
                incoming.write_eof()

    try:
        within(SECONDS, finish)
    except TimeoutError:
        return Shown(None, f"it does not answer within {SECONDS:g} s")
    except ssl.SSLCertVerificationError as error:
        return Shown(None, error.verify_message)
    except (ssl.SSLError, StreamError) as error:
        return Shown(None, f"it does not answer ({getattr(error, 'reason', None) or error})")
    certificate = talk.getpeercert(binary_form=True)
    return Shown(x509.load_der_x509_certificate(certificate).not_valid_after_utc if certificate else None, "")


def _is_done(talk: ssl.SSLObject) -> bool:
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True


def days_left(ends: datetime) -> float:
    """Return for how many days a certificate is still valid."""
    return (ends - datetime.now(UTC)).total_seconds() / 86400
