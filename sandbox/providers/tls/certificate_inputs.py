"""What self-signed and locally signed certificates share."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import AfterValidator, Field

from sandbox.providers.property_values import Plain
from sandbox.providers.tls import certificates
from sandbox.providers.tls.certificates import Holder, Issuer, Terms
from sandbox.providers.tls.errors import InputError
from sandbox.providers.tls.inputs import Inputs, Made
from sandbox.providers.tls.renewal import rfc3339
from sandbox.providers.tls.usages import ALLOWED_USES


def _known_use(use: str) -> str:
    if use not in ALLOWED_USES:
        raise ValueError(f"{use!r} is not an allowed use: take one of {', '.join(sorted(ALLOWED_USES))}")
    return use


Hours = Annotated[int, Field(ge=0)]
Uses = Sequence[Annotated[str, AfterValidator(_known_use)]]


class CertificateInputs(Inputs):
    """Use, validity and renewal of a certificate; both times are in hours."""

    allowed_uses: Uses
    validity_period_hours: Hours
    early_renewal_hours: Hours = 0
    is_ca_certificate: bool = False
    max_path_length: Annotated[int, Field(ge=-1)] | None = None
    set_subject_key_id: bool = False

    computed: ClassVar[frozenset[str]] = frozenset({"certPem", "validityStartTime", "validityEndTime"})
    in_place: ClassVar[frozenset[str]] = frozenset({"earlyRenewalHours"})
    kept: ClassVar[frozenset[str]] = frozenset({"maxPathLength"})

    def problems(self) -> Iterator[InputError]:
        """Refuse a path length without an authority, as Go's X.509 does in the real provider."""
        yield from super().problems()
        if not self.is_ca_certificate and (self.max_path_length or 0) > 0:
            yield InputError("maxPathLength", "holds for authorities only: set isCaCertificate, or leave it out")

    def issue(self, holder: Holder, issuer: Issuer, computed: Mapping[str, Plain]) -> Made:
        """Issue the certificate, valid from now on; its id is its serial number."""
        start = datetime.now(UTC)
        terms = Terms(
            allowed_uses=self.allowed_uses,
            is_ca=self.is_ca_certificate,
            max_path_length=self.max_path_length,
            set_subject_key_id=self.set_subject_key_id,
            not_before=start,
            validity=timedelta(hours=self.validity_period_hours),
        )
        certificate = certificates.issue(holder, issuer, terms)
        outputs: dict[str, Plain] = {
            "certPem": certificate.public_bytes(Encoding.PEM).decode(),
            "validityStartTime": rfc3339(start),
            "validityEndTime": rfc3339(start + terms.validity),
            "readyForRenewal": self.early_renewal_hours >= self.validity_period_hours,
        }
        return Made(str(certificate.serial_number), {**outputs, **computed})
