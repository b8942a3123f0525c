"""Whether the mesh's certificates are valid: who signed whom, and for how many days."""

from collections.abc import Iterator
from http import HTTPStatus
from math import floor

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from model.json_values import text
from model.moments import A_DAY
from preflight.meshed_pods import meshed_pods
from preflight.trust import BUNDLE
from workshop.expiry import DAYS, Limits, limits_of
from workshop.verify.encoded import from_base64
from workshop.verify.line import FIX, Group, Line
from workshop.verify.scene import Scene

GROUP = Group("certificates")
ISSUER = "/api/v1/namespaces/linkerd/secrets/linkerd-identity-issuer"
RENEW = "`make expiry` tells how each certificate is renewed."
MOST_PODS = 3


def check(scene: Scene) -> Iterator[Line]:
    """Yield the trust anchors, the issuer, and whether every proxy trusts what the mesh trusts."""
    bundle = text(scene.api.find(BUNDLE), "data", "ca-bundle.crt")
    try:
        anchors = x509.load_pem_x509_certificates(bundle.encode())
    except ValueError:
        cure = f"{FIX} The ConfigMap linkerd-identity-trust-roots has to hold certificates."
        yield GROUP.failed("trust anchors", "there are none", cure)
        return
    for number, anchor in enumerate(anchors, 1):
        name = "trust anchor" if len(anchors) == 1 else f"trust anchor {number} of {len(anchors)}"
        yield _dated(name, anchor, limits(scene))
    yield _issuer(scene, anchors)
    yield _bundles(scene, bundle)


def limits(scene: Scene) -> Limits:
    """Return until when certificates have to last: the limits of `make expiry`."""
    return limits_of(scene.settings, DAYS)


def _dated(name: str, certificate: x509.Certificate, limits: Limits, seen: str = "") -> Line:
    ends = certificate.not_valid_after_utc
    days, state = floor((ends - limits.now) / A_DAY), limits.state(ends)
    if certificate.not_valid_before_utc > limits.now:
        state = "not valid yet"
    told = f"{seen}ends {ends:%Y-%m-%d}, in {days} days" + ("" if state == "ok" else f": {state}")
    return GROUP.judged(name, told, good=state == "ok", cure=RENEW, days=days)


def _issuer(scene: Scene, anchors: list[x509.Certificate]) -> Line:
    answer = scene.api.get(ISSUER)
    # The Secret has the key too; nothing but the certificate leaves this line.
    pem = from_base64(text(answer.body, "data", "tls.crt"))
    try:
        issuer, *_others = x509.load_pem_x509_certificates(pem)
    except ValueError:
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return GROUP.skipped("issuer", "you may not read its Secret")
        return GROUP.failed("issuer", "its Secret linkerd-identity-issuer holds no certificate", FIX)
    if not any(_signed(issuer, anchor) for anchor in anchors):
        cure = f"{FIX} If that changes nothing, the last step of the trust anchor's replacement was not taken."
        return GROUP.failed("issuer", "no trust anchor of the mesh has signed it", cure)
    return _dated("issuer", issuer, limits(scene), "signed by a trust anchor, ")


def _signed(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _bundles(scene: Scene, bundle: str) -> Line:
    """Return whether the proxies trust the anchors of today: each read them once, at its start."""
    proxies = [pod for pod in meshed_pods(scene.api) if pod.bundle is not None]
    stale = sorted(pod.name for pod in proxies if pod.bundle and pod.bundle.strip() != bundle.strip())
    more = f" and {len(stale) - MOST_PODS} more" if len(stale) > MOST_PODS else ""
    seen = (
        f"started before the anchors changed: {', '.join(stale[:MOST_PODS])}{more}"
        if stale
        else f"all {len(proxies)} do"
    )
    cure = "Restart them, such as with `kubectl --namespace <namespace> rollout restart deployment`."
    return GROUP.judged("proxies trust the anchors", seen, good=not stale, cure=cure, proxies=len(proxies))
