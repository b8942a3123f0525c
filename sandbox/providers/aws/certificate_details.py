"""A certificate's details in ACM, by the names of outputs."""

import zlib
from typing import Any

from sandbox.providers.aws.reading import rfc3339
from sandbox.providers.property_values import Object, Plain

RECORD = {"resourceRecordName": "Name", "resourceRecordType": "Type", "resourceRecordValue": "Value"}
VALID = {"notAfter": "NotAfter", "notBefore": "NotBefore"}


def ordered(names: set[str]) -> list[Plain]:
    """Names in the order in which the real provider lists them, which is that of their checksums."""
    in_order: list[Plain] = []
    in_order += sorted(names, key=lambda name: str(zlib.crc32(name.encode())))
    return in_order


def shown(told: Any) -> Object:  # noqa: ANN401  boto3's answers are made at run time
    """All of it but its tags."""
    options = told.get("DomainValidationOptions", [])
    return {
        "arn": told["CertificateArn"],
        "domainName": told["DomainName"],
        "domainValidationOptions": proofs(options),
        "keyAlgorithm": told["KeyAlgorithm"].replace("-", "_"),
        "options": {key[0].lower() + key[1:]: value for key, value in told.get("Options", {}).items()},
        "pendingRenewal": False,
        "renewalEligibility": told["RenewalEligibility"],
        "renewalSummaries": [],
        "status": told["Status"],
        "subjectAlternativeNames": ordered(set(told["SubjectAlternativeNames"])),
        "type": told["Type"],
        "validationEmails": [],
        "validationMethod": options[0]["ValidationMethod"] if options else None,
        **{name: rfc3339(told[api]) if api in told else None for name, api in VALID.items()},
    }


def proofs(options: list[Any]) -> list[Plain]:
    """The records that ACM asks for, one per name."""
    wanted = {option["DomainName"]: option["ResourceRecord"] for option in options if "ResourceRecord" in option}
    return [
        {"domainName": name, **{ours: wanted[name][theirs] for ours, theirs in RECORD.items()}}
        for name in ordered(set(wanted))
    ]


def api_options(given: Plain) -> dict[str, Plain]:
    """Options by ACM's own names."""
    return {key[0].upper() + key[1:]: value for key, value in given.items()} if isinstance(given, dict) else {}
