"""`aws.acm.CertificateValidation`."""

from typing import Any

from sandbox.providers.aws.connection import Aws, clearly
from sandbox.providers.aws.inputs import Arn, Inputs, Texts
from sandbox.providers.aws.kind import Given, Kind, text, texts
from sandbox.providers.aws.patience import Wait
from sandbox.providers.aws.reading import found
from sandbox.providers.errors import ProviderError

USUAL_SECONDS = 75 * 60


class CertificateValidationInputs(Inputs):
    """The certificate, and the records that validate it."""

    certificate_arn: Arn
    region: str | None = None
    validation_record_fqdns: Texts | None = None


class CertificateValidation(Kind):
    """The validation of a certificate: it only waits until the certificate is issued."""

    title, inputs, regional = "ACM Certificate Validation", CertificateValidationInputs, True
    replaces = frozenset({"certificateArn", "validationRecordFqdns"})
    sets = frozenset({"validationRecordFqdns"})

    def create(self, aws: Aws, given: Given) -> str:
        """Report a missing record of the certificate before the wait."""
        arn, records = text(given, "certificateArn"), texts(given, "validationRecordFqdns")
        with clearly(f"reading ACM Certificate ({arn})"):
            certificate = self._described(aws, given)
        if certificate["Type"] != "AMAZON_ISSUED":
            raise ProviderError(f"ACM Certificate ({arn}) is {certificate['Type']}: only AMAZON_ISSUED are validated")
        if not records:
            return arn
        named = {_folded(record) for record in records}
        for option in certificate["DomainValidationOptions"]:
            wanted = option.get("ResourceRecord", {}).get("Name", "")
            if _folded(wanted) not in named:
                raise ProviderError(f"missing {option['DomainName']} DNS validation record: {_folded(wanted)}")
        return arn

    def wait(self, aws: Aws, key: str, given: Given, wait: Wait) -> None:
        """Wait until the certificate is issued; the usual limit is that of the real provider."""

        def lacking() -> str | None:
            with clearly(f"waiting for ACM Certificate ({key}) to be issued"):
                certificate = self._described(aws, given)
            if certificate["Status"] == "ISSUED":
                return None
            records = [option["ResourceRecord"]["Name"] for option in certificate["DomainValidationOptions"]]
            return f"ACM Certificate ({key}) is {certificate['Status']}; it asks for {', '.join(sorted(set(records)))}"

        wait.until(lacking, USUAL_SECONDS)

    def read(self, aws: Aws, key: str, state: Given) -> Given | None:
        """Return the certificate's ARN as long as it is issued."""
        del key
        arn = text(state, "certificateArn")
        certificate = found(f"reading ACM Certificate ({arn})", lambda: self._described(aws, state))
        return {"certificateArn": arn} if certificate and certificate["Status"] == "ISSUED" else None

    def delete(self, aws: Aws, key: str, state: Given) -> None:
        """Do nothing: there is nothing but the wait."""

    def _described(self, aws: Aws, given: Given) -> Any:  # noqa: ANN401
        arn = text(given, "certificateArn")
        return aws.client("acm", text(given, "region")).describe_certificate(CertificateArn=arn)["Certificate"]


def _folded(name: str) -> str:
    return name.rstrip(".").lower()
