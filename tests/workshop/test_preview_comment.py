"""The comment on a pull request: what a reviewer reads, whatever the preview holds."""

import json
import re
from pathlib import Path

import pytest

from tests.workshop.golden_comments import golden
from tests.workshop.preview_documents import (
    NOW,
    ORIGIN,
    account,
    certificate,
    comment,
    deployment,
    ingress,
    manifest,
    step,
    urn,
)
from workshop.previews import recording
from workshop.previews.comment import LIMIT, Origin, compose, whole_diff
from workshop.previews.document import Digest
from workshop.previews.masking import mask_preview
from workshop.previews.summary import PreviewResult

RECORDED = Path(__file__).with_name("previews")
"""Previews of a small program by the real engine, one a kind of change, masked as they are kept."""
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ISSUER = certificate("replace", "linkerd-trust-issuer", "2026-12-20T00:00:00Z", replaceReasons=["readyForRenewal"])
ANCHOR = certificate("same", "linkerd-trust-anchor-1", "2036-11-20T00:00:00Z")
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQ\n-----END PRIVATE KEY-----\n"


def generated() -> dict[str, str]:
    """Return comments of previews that are hard to bring about, by the name of their golden file."""
    books = step("update", DEPLOYMENT, "books", deployment("books", "books:1"), deployment("books", "books:2"))
    service, unknown = (manifest("Service", "books", spec={"clusterIP": each}) for each in ("None", UNKNOWN))
    others = [
        step("update", INGRESS, "a", ingress("webapp", "old.example.com"), ingress("webapp", "new.example.com")),
        step("delete", INGRESS, "b", ingress("canary", "moved.example.com")),
        step("create", INGRESS, "c", None, ingress("podinfo", "moved.example.com")),
        step("delete", CONFIG_MAP, "x", manifest("ConfigMap", "x")),
        step("replace", "kubernetes:core/v1:Service", "s", service, unknown, replaceReasons=["spec.clusterIP"]),
    ]
    finding = {
        "policyName": "no-latest",
        "enforcementLevel": "mandatory",
        "message": "`latest` is no version.",
        "resourceUrn": urn(DEPLOYMENT, "books"),
    }
    error = {"urn": urn(DEPLOYMENT, "books"), "severity": "error", "message": "image: it has to have a version"}
    return {
        "everything": comment(books, *others, ISSUER, ANCHOR, findings=[finding]),
        "refused": comment(books, failed=True, findings=[finding, finding | {"enforcementLevel": "advisory"}]),
        "failed-early": comment(failed=True, log="error: no stack named 'dev' found"),
        "failed-late": comment(books, failed=True, diagnostics=[error]),
        "nothing-found": comment(ANCHOR, findings=[]),
    }


@pytest.mark.parametrize("name", ["everything", "failed-early", "failed-late", "nothing-found", "refused"])
def test_the_comment_reads_as_it_was_reviewed(name: str) -> None:
    golden(name, generated()[name])


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*.json")), ids=lambda path: path.stem)
def test_what_the_real_engine_printed_reads_as_it_was_reviewed(path: Path) -> None:
    digest = Digest.model_validate_json(path.read_bytes())
    failed = path.stem == "failure"

    golden(f"recorded-{path.stem}", compose(PreviewResult("dev", digest, not failed, None, ""), ORIGIN, NOW))


def test_no_text_of_a_change_looks_like_the_mark_of_another_stacks_comment() -> None:
    mark = "<!-- Sticky Pull Request Commentpreview of production -->"
    text = compose(account(failed=True, log=mark), ORIGIN, NOW)

    assert mark.replace("<!--", "<! --") in text
    assert mark not in text


def test_what_nobody_may_see_is_in_no_comment() -> None:
    held = {
        "data": {"tls.key": "cHJpdmF0ZQ=="},
        "stringData": {"password": "swordfish"},
    }
    variables = [{"name": "DB_PASSWORD", "value": "swordfish"}, {"name": "GREETING", "value": "hello"}]
    text = comment(
        step("create", SECRET, "s", None, manifest("Secret", "s") | held),
        step("delete", SECRET, "t", manifest("Secret", "t") | held),
        step("create", CONFIG_MAP, "c", None, manifest("ConfigMap", "c", data={"key.pem": KEY})),
        step("create", DEPLOYMENT, "d", None, deployment("d", "x:1", env=variables)),
        step("create", "random:index:Thing", "r", None, {"adminPassword": "swordfish", "size": "8"}),
        failed=True,
        diagnostics=[{"severity": "error", "message": f"cannot read\n{KEY}of the issuer"}],
    )
    for forbidden in ("swordfish", "cHJpdmF0ZQ", "MIGHAgEA", "BEGIN PRIVATE"):
        assert forbidden not in text, forbidden
    for kept in ("tls.key", "DB_PASSWORD", "hello", "of the issuer"):
        assert kept in text, f"{kept} is no secret, and a reviewer needs it"


def test_a_value_that_only_now_becomes_a_secret_is_not_shown_as_it_was() -> None:
    change = step("update", "x:y:Z", "z", {"value": "swordfish", "n": 1}, {"value": "[secret]", "n": 2})

    assert "swordfish" not in comment(change)


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_a_certificate_of_a_preview_may_end_at_any_moment(ends: str) -> None:
    assert f"{ends[4:10]})" in comment(certificate("same", "issuer", ends))


def test_a_secret_that_changes_alone_is_still_a_change() -> None:
    old, new = (manifest("Secret", "s", data={"a": value}) for value in ("Zm9v", "YmFy"))
    text = comment(step("update", SECRET, "s", old, new, detailedDiff={"data.a": {"kind": "update"}}))

    assert "only this changes: data.a" in text


def test_a_value_that_only_the_up_tells_is_said_to_be_so() -> None:
    template = {"spec": {"containers": [{"image": UNKNOWN}]}}
    later = manifest("Deployment", "books", spec={"replicas": 1, "template": template})
    text = comment(step("update", DEPLOYMENT, "books", deployment("books", "a:1"), later))

    assert UNKNOWN not in text
    assert "(known after the up)" in text
    assert "perhaps replaces its pods" in text


@pytest.mark.parametrize(
    "evil",
    [
        "```\n</details>\n# Approved by @everyone\n```",
        "``````````\n<script>alert(1)</script>",
        "x` @everyone <img src=x> `y",
        "</summary></details><img src=x onerror=alert(1)>",
        "<!-- Sticky Pull Request Commentpreview of dev -->",
        "[click](javascript:alert(1)) @octocat fixes #1",
        "a\u202etxt.exe\u2028b\x1b[31mred\x00",
        "| a | b |\n| - | - |",
        "~~~\n@everyone",
    ],
)
@pytest.mark.parametrize("place", ["value", "key", "name", "message", "reason", "host", "policy"])
def test_nothing_in_a_preview_breaks_out_of_the_code_that_it_stands_in(evil: str, place: str) -> None:
    put = dict.fromkeys(["value", "key", "name", "message", "reason", "host", "policy"], "x") | {place: evil}
    steps = [
        step("replace", CONFIG_MAP, "c", {}, manifest("ConfigMap", put["name"], data={put["key"]: put["value"]}),
             replaceReasons=[put["reason"]]),
        step("create", INGRESS, "i", None, ingress("i", put["host"])),
        step("create", "x:y:Z", put["name"], None, {}),
    ]  # fmt: skip
    finding = {"policyName": put["policy"], "enforcementLevel": put["policy"], "message": put["message"]}
    text = comment(
        *steps, findings=[finding], failed=True, diagnostics=[{"severity": "error", "message": put["message"]}]
    )
    outside = without_code(text)

    for forbidden in ("@", "<script", "<img", "javascript", "Approved", "fixes #1", "\u202e", "Sticky", "| - |"):
        assert forbidden not in outside, outside
    assert outside.count("<details>") == outside.count("</details>") == 1
    assert "<!--" not in outside
    assert not re.search("[\u202e\u2028\x1b\x00]", text)


def without_code(text: str) -> str:
    """Return what of a comment is not code, as CommonMark reads it."""
    kept: list[str] = []
    fence = ""
    for line in text.split("\n"):
        ticks = re.fullmatch(r"(`{3,})(\w*)", line)
        if not fence and ticks:
            fence = ticks[1]
        elif fence and ticks and not ticks[2] and len(ticks[1]) >= len(fence):
            fence = ""
        elif not fence:
            kept.append(re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", line))
    assert not fence, "a fence stays open"
    return "\n".join(kept)


def test_five_megabytes_are_cut_at_what_github_takes_and_kept_whole_beside() -> None:
    data = {f"line-{number:06}": f"{'x' * 80} {number}" for number in range(50_000)}
    big = account(step("create", CONFIG_MAP, "c", None, manifest("ConfigMap", "c", data=data)), ANCHOR)
    text, whole = compose(big, ORIGIN, NOW), whole_diff(big)

    assert len(whole) > 5_000_000
    assert LIMIT - 3_000 < len(text) <= LIMIT
    assert "linkerd-trust-anchor-1" in text, "the summary is never what is cut"
    assert "Cut here, after" in text
    assert text.endswith(f"by [this run]({ORIGIN.run_url}).")
    assert "</details>" in without_code(text)
    assert whole.splitlines()[-1] == "+   metadata:" or "line-049999" in whole


@pytest.mark.parametrize("each", ["`", "é", "🜁", "```\n", "\u202e", "|"])
def test_no_kind_of_text_makes_a_comment_longer_than_github_takes(each: str) -> None:
    steps = [
        step("create", CONFIG_MAP, each * 300, None, manifest("ConfigMap", each * 300, data={each * 200: each * 9000}))
        for _ in range(12)
    ]
    error = {"severity": "error", "message": each * 50_000}
    text = comment(*steps, failed=True, diagnostics=[error], findings=[{"policyName": each * 500}] * 30)

    assert len(text) <= LIMIT
    assert len(text.encode()) <= 4 * LIMIT
    assert "</details>" in without_code(text)


def test_many_restarts_are_counted_by_where_they_happen() -> None:
    books = [
        step("update", DEPLOYMENT, f"d{number}", deployment(f"d{number}", "a:1"), deployment(f"d{number}", "a:2"))
        for number in range(20)
    ]

    assert "**Restarts:** 20 (20 in `booksapp`): each replaces its pods one after the other" in comment(*books)


def test_a_sandboxs_preview_says_that_real_stacks_may_differ() -> None:
    text = compose(account(stack="local"), Origin("c" * 40, ORIGIN.run_url, sandbox=True), NOW)

    assert "without any credential" in text


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "The run ended without a word."),
        ({"status": "0"}, "There is no preview."),
        ({"status": "0", "preview.json": "{]"}, "no preview"),
        ({"status": "0", "preview.json": '{"steps": 5}'}, "no preview"),
        ({"status": "0", "preview.json": "[" * 100_000}, "no preview"),
        ({"status": "255", "preview.json": "", "preview.log": "error: locked"}, "error: locked"),
        ({"status": "255", "preview.json": '{"steps": []}'}, "The run ended without a word."),
        ({"status": "x", "preview.json": '{"steps": []}'}, "The run ended without a word."),
    ],
)
def test_an_artifact_that_is_no_preview_is_a_failed_one(tmp_path: Path, files: dict[str, str], why: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    text = compose(recording.read_result(tmp_path, "dev"), ORIGIN, NOW)

    assert "failed" in text
    assert why in text


def test_an_artifact_leads_to_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"steps": []}')
    folder = tmp_path / "artifact"
    folder.mkdir()
    (folder / "preview.json").symlink_to(tmp_path / "elsewhere")
    (folder / "status").write_text("0")

    assert not recording.read_result(folder, "dev").succeeded


def test_findings_that_cannot_be_read_are_not_taken_for_none(tmp_path: Path) -> None:
    for name, content in {"preview.json": "{}", "status": "0", "policies.json": "no"}.items():
        (tmp_path / name).write_text(content)
    told = recording.read_result(tmp_path, "dev")

    assert told.findings is None
    assert "cannot be read" in told.log


def test_what_is_kept_of_a_preview_holds_no_secret_and_makes_the_same_comment() -> None:
    old, new = (manifest("Secret", "s", data={"a": value}, size=size) for value, size in (("Zm9v", 1), ("YmFy", 2)))
    steps = [step("update", SECRET, "s", old, new), step("create", "x:y:Z", "z", None, {"a": UNKNOWN})]
    document = {
        "config": {"linkerd-workshop:context": "dev"},
        "steps": [*steps, step("create", "pulumi:providers:kubernetes", "cluster", None, {"kubeconfig": "users: []"})],
        "diagnostics": [{"severity": "warning", "message": KEY}],
    }
    kept = mask_preview(json.dumps(document))
    assert kept

    for forbidden in ("Zm9v", "YmFy", "MIGHAgEA", "config", "users"):
        assert forbidden not in json.dumps([*kept.steps, *kept.diagnostics])
    assert whole_diff(account(*kept.steps)) == whole_diff(account(*steps))
