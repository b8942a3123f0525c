"""What previews of the tls stand-in show: replacements, renewals, unknowns, refusals, and no key anywhere."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.provider import PropertyDiffKind
from sandbox.providers.tls.renewal import is_due

from sandbox.providers.property_values import UNKNOWN, Plain, to_plain
from tests.sandbox.tls_calls import PROVIDER, check, diff, failures, preview_create, properties, read, update, urn
from tests.sandbox.tls_chain import YEAR, chain, key

NOT_PEM = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n"


def test_the_same_inputs_change_nothing() -> None:
    made = chain()
    assert diff(made.root, made.root_inputs).changes is False
    assert diff(made.issuer, made.issuer_inputs).changes is False
    assert diff(made.request, made.request_inputs).changes is False


@pytest.mark.parametrize(
    ("key_name", "value"),
    [
        ("allowedUses", ["cert_signing"]),
        ("validityPeriodHours", YEAR),
        ("isCaCertificate", False),
        ("maxPathLength", 2),
        ("setSubjectKeyId", True),
        ("setAuthorityKeyId", True),
        ("subject", {"commonName": "another"}),
        ("dnsNames", ["a.example"]),
        ("ipAddresses", ["10.0.0.1"]),
        ("uris", ["spiffe://a"]),
        ("privateKeyPem", "another key"),
    ],
)
def test_every_input_of_a_certificate_but_the_renewal_replaces_it(key_name: str, value: Plain) -> None:
    answer = diff(chain().root, {**chain().root_inputs, key_name: value})
    assert answer.replaces == [key_name]
    assert answer.changes is True


@pytest.mark.parametrize("key_name", ["caCertPem", "caPrivateKeyPem", "certRequestPem"])
def test_a_new_authority_or_request_replaces_the_certificate(key_name: str) -> None:
    assert diff(chain().issuer, {**chain().issuer_inputs, key_name: UNKNOWN}).replaces == [key_name]


def test_the_renewal_window_is_an_update_in_place() -> None:
    changed = {**chain().root_inputs, "earlyRenewalHours": 24}
    answer = diff(chain().root, changed)
    assert (answer.changes, answer.replaces, answer.diffs) == (True, [], ["earlyRenewalHours"])
    updated = update(chain().root, changed)
    assert updated.text("certPem") == chain().root.text("certPem")
    assert diff(updated, changed).changes is False


def test_a_path_length_that_is_no_longer_set_stays() -> None:
    without = {name: value for name, value in chain().root_inputs.items() if name != "maxPathLength"}
    assert diff(chain().root, without).changes is False


def test_a_certificate_that_is_due_is_a_replacement_in_a_plain_preview() -> None:
    answer = diff(chain().root, {**chain().root_inputs, "earlyRenewalHours": 10 * YEAR})
    assert "readyForRenewal" in answer.replaces
    assert answer.detailed_diff["readyForRenewal"].kind is PropertyDiffKind.UPDATE_REPLACE


def test_a_certificate_is_due_from_the_early_renewal_on_and_not_before() -> None:
    end = datetime(2030, 1, 10, tzinfo=UTC)
    assert not is_due("2030-01-10T00:00:00Z", 48, end - timedelta(hours=48, seconds=1))
    assert is_due("2030-01-10T00:00:00Z", 48, end - timedelta(hours=48))
    assert is_due("2030-01-10T00:00:00Z", 0, end)


def test_a_refresh_marks_what_is_due_and_nothing_else() -> None:
    due = update(chain().root, {**chain().root_inputs, "earlyRenewalHours": 10 * YEAR})
    assert to_plain(read(due).outputs["readyForRenewal"]) is True
    assert to_plain(read(chain().root).outputs["readyForRenewal"]) is False


def test_a_replacement_in_a_preview_has_unknown_outputs_so_that_dependants_see_it() -> None:
    outputs = preview_create("SelfSignedCert", chain().root_inputs)
    unknown = {name for name, value in outputs.items() if to_plain(value) == UNKNOWN}
    assert unknown == {"certPem", "keyAlgorithm", "validityStartTime", "validityEndTime"}


@pytest.mark.parametrize("given", [UNKNOWN, ["a.example", UNKNOWN]])
def test_an_unknown_input_is_no_failure_and_stays_unknown(given: Plain) -> None:
    inputs = {**chain().root_inputs, "privateKeyPem": UNKNOWN, "dnsNames": given}
    assert failures("SelfSignedCert", inputs) == []
    outputs = preview_create("SelfSignedCert", inputs)
    assert to_plain(outputs["dnsNames"]) == given
    assert outputs["privateKeyPem"].is_secret


def test_what_is_known_is_checked_beside_what_is_not() -> None:
    inputs = {**chain().root_inputs, "privateKeyPem": UNKNOWN, "validityPeriodHours": -1}
    assert failures("SelfSignedCert", inputs) == ["validityPeriodHours should be greater than or equal to 0"]


def test_a_private_key_that_the_program_gives_in_clear_becomes_a_secret_input() -> None:
    inputs = {name: value.with_secret(False) for name, value in properties(chain().request_inputs).items()}
    checked = asyncio.run(PROVIDER.check(sdk.CheckRequest(urn("CertRequest"), {}, inputs, b""))).inputs or {}
    assert {name for name, value in checked.items() if value.is_secret} == {"privateKeyPem"}


def test_private_keys_are_secret_in_the_checked_inputs_and_in_the_outputs() -> None:
    for resource, inputs in (
        (chain().root, chain().root_inputs),
        (chain().issuer, chain().issuer_inputs),
        (chain().request, chain().request_inputs),
    ):
        checked = check(resource.kind, inputs).inputs or {}
        for found in (checked, resource.outputs):
            in_clear = {name: to_plain(value) for name, value in found.items() if not value.is_secret}
            assert "PRIVATE KEY" not in str(in_clear)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (
            {"privateKeyPem": NOT_PEM},
            "privateKeyPem is no unencrypted private key in PEM form (PKCS#8, SEC1 or PKCS#1)",
        ),
        ({"earlyRenewalHours": -1}, "earlyRenewalHours should be greater than or equal to 0"),
        ({"maxPathLength": -2}, "maxPathLength should be greater than or equal to -1"),
        ({"subject": {}}, "subject is empty, and an authority (isCaCertificate) must have a name"),
        ({"ipAddresses": ["10.0.0"]}, "ipAddresses holds '10.0.0', which is no IP address"),
        (
            {"isCaCertificate": False},
            "maxPathLength holds for authorities only: set isCaCertificate, or leave it out",
        ),
        (
            {"validityPeriodHours": "soon"},
            "validityPeriodHours should be a valid integer, unable to parse string as an integer",
        ),
        ({"privateKeyPemWo": "x"}, "privateKeyPemWo is not an input that the stand-in for the tls provider knows"),
    ],
)
def test_a_bad_input_is_one_clear_sentence(changed: dict[str, Plain], words: str) -> None:
    assert failures("SelfSignedCert", {**chain().root_inputs, **changed}) == [words]


def test_an_unknown_use_is_refused_with_the_uses_there_are() -> None:
    (words,) = failures("SelfSignedCert", {**chain().root_inputs, "allowedUses": ["cert_signing", "server"]})
    assert words.startswith("allowedUses.1 cannot be used: 'server' is not an allowed use: take one of any_extended,")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"caCertPem": "x"}, "caCertPem is no certificate in PEM form"),
        ({"certRequestPem": "x"}, "certRequestPem is no certificate request in PEM form"),
        ({"caPrivateKeyPem": key()}, "caPrivateKeyPem is not the key of the certificate in caCertPem"),
    ],
)
def test_an_authority_that_does_not_fit_is_refused(changed: dict[str, Plain], words: str) -> None:
    assert failures("LocallySignedCert", {**chain().issuer_inputs, **changed}) == [words]


def test_no_refusal_quotes_a_key() -> None:
    broken = key().replace("END EC", "END")
    found = failures("SelfSignedCert", {**chain().root_inputs, "privateKeyPem": broken, "subject": {"country": "X"}})
    assert found
    assert not [line for line in broken.splitlines()[1:-1] if line in " ".join(found)]
