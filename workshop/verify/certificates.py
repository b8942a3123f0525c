"""Checks of the mesh's certificates: who signed whom, for how many days they last, and what a server shows."""

import base64
import binascii
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from math import floor

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from clients.limits import finish_within
from clients.pod_stream import SECONDS, PodStream, StreamError
from model.json_values import text
from model.moments import A_DAY
from preflight.trust import BUNDLE, RESTART, meshed_pods
from workshop.expiry import DAYS, compute_limits
from workshop.verify.lines import REPAIR, Group, Line
from workshop.verify.scene import Scene


def from_base64(encoded: str) -> bytes:
    """Decode base64; return no bytes if it is none."""
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return b""


GROUP = Group("certificates")
ISSUER = "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"
RENEW = "`make expiry` says how each certificate is renewed."
MOST_PODS = 3


def check(scene: Scene) -> Iterator[Line]:
    """Yield lines on the trust anchors, the issuer, and the anchors that the proxies trust."""
    bundle = text(scene.api.find(BUNDLE), "data", "ca-bundle.crt")
    try:
        anchors = x509.load_pem_x509_certificates(bundle.encode())
    except ValueError:
        fix = f"{REPAIR} The ConfigMap linkerd-identity-trust-roots has to hold certificates."
        yield GROUP.fail("trust anchors", "there are none", fix)
        return
    for number, anchor in enumerate(anchors, 1):
        name = "trust anchor" if len(anchors) == 1 else f"trust anchor {number} of {len(anchors)}"
        yield judge_dates(scene, GROUP, name, read_dates(anchor))
    yield _judge_issuer(scene, anchors)
    yield _judge_bundles(scene, bundle)


def judge_dates(scene: Scene, group: Group, name: str, dates: tuple[datetime, datetime], seen: str = "") -> Line:
    """Return whether a certificate is valid from the first to the second of `dates`, and as long as `expiry` asks."""
    (begins, ends), limits = dates, compute_limits(scene.settings, DAYS)
    days, state = floor((ends - limits.now) / A_DAY), limits.state(ends)
    if begins > limits.now:
        state = "not valid yet"
    found = f"{seen}ends {ends:%Y-%m-%d}, in {days} days" + ("" if state == "ok" else f": {state}")
    return group.judge(name, found, good=state == "ok", fix=RENEW, days=days)


def read_dates(certificate: x509.Certificate) -> tuple[datetime, datetime]:
    """Return from when to when a certificate is valid."""
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _judge_issuer(scene: Scene, anchors: list[x509.Certificate]) -> Line:
    answer = scene.api.get(ISSUER)
    # The Secret holds the private key, too: nothing but the certificate may leave this line.
    pem = from_base64(text(answer.body, "data", "tls.crt"))
    try:
        issuer, *_others = x509.load_pem_x509_certificates(pem)
    except ValueError:
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return GROUP.skip("issuer", "you have no permission to read its Secret")
        return GROUP.fail("issuer", "its Secret linkerd-identity-issuer holds no certificate", REPAIR)
    if not any(_is_signed(issuer, anchor) for anchor in anchors):
        fix = f"{REPAIR} If that changes nothing, the last step of the trust anchor's replacement is missing."
        return GROUP.fail("issuer", "no trust anchor of the mesh has signed it", fix)
    return judge_dates(scene, GROUP, "issuer", read_dates(issuer), "signed by a trust anchor, ")


def _is_signed(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _judge_bundles(scene: Scene, bundle: str) -> Line:
    """Return a line on whether the proxies trust the current anchors, which each reads once, at its start."""
    proxies = [pod for pod in meshed_pods(scene.api) if pod.bundle is not None]
    stale = sorted(pod.name for pod in proxies if pod.bundle and pod.bundle.strip() != bundle.strip())
    more = f" and {len(stale) - MOST_PODS} more" if len(stale) > MOST_PODS else ""
    seen = (
        f"started before the anchors changed: {', '.join(stale[:MOST_PODS])}{more}"
        if stale
        else f"all {len(proxies)} do"
    )
    return GROUP.judge("proxies trust the anchors", seen, good=not stale, fix=RESTART, proxies=len(proxies))


@dataclass(frozen=True)
class Shown:
    """A server's certificate, as a client sees it."""

    dates: tuple[datetime, datetime] | None
    """From when to when its certificate is valid; None if it showed none."""
    trouble: str
    """Why a client rejects it; empty if it does not."""


def shake_hands(stream: PodStream, host: str, authority: str) -> Shown:
    """Do a TLS handshake as a client of `host` that trusts the certificates `authority` (PEM)."""
    try:
        strict = ssl.create_default_context(cadata=authority)
    except ssl.SSLError:
        return Shown(None, "its caBundle holds no certificate")
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
        finish_within(SECONDS, finish)
    except TimeoutError:
        return Shown(None, f"it does not answer within {SECONDS:g} s")
    except ssl.SSLCertVerificationError as error:
        return Shown(None, error.verify_message)
    except (ssl.SSLError, StreamError) as error:
        return Shown(None, f"it does not answer ({getattr(error, 'reason', None) or error})")
    certificate = talk.getpeercert(binary_form=True)
    return Shown(read_dates(x509.load_der_x509_certificate(certificate)) if certificate else None, "")


def _is_done(talk: ssl.SSLObject) -> bool:
    try:
        talk.do_handshake()
    except ssl.SSLWantReadError:
        return False
    return True
