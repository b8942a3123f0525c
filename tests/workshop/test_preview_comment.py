"""The comment on a pull request: the text that a reviewer reads, for every kind of preview."""

import json
import os
import re
from pathlib import Path

import pytest
import yaml

from tests.program import ROOT
from tests.workshop.preview_documents import (
    NOW,
    ORIGIN,
    Json,
    account,
    certificate,
    comment,
    deployment,
    ingress,
    manifest,
    step,
    urn,
)
from workshop.previews.comment import LIMIT, Origin, compose, whole_diff
from workshop.previews.document import Digest
from workshop.previews.masking import mask_preview
from workshop.previews.summary import PreviewResult

RECORDED = yaml.safe_load(Path(__file__).with_name("recorded_previews.yaml").read_bytes())
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
ISSUER = certificate("replace", "linkerd-trust-issuer", "2026-12-20T00:00:00Z", replaceReasons=["readyForRenewal"])
ANCHOR = certificate("same", "linkerd-trust-anchor-1", "2036-11-20T00:00:00Z")
KEY = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQ\n-----END PRIVATE KEY-----\n"


def compare_with_golden(name: str, text: str) -> None:
    """Compare a comment with its file; with UPDATE_GOLDEN=1 the file is written again."""
    path = ROOT / "tests" / "golden" / "comments" / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(f"{text}\n", encoding="utf-8")
    wanted = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert f"{text}\n" == wanted, f"{path.name} reads otherwise; if that is meant, renew it with UPDATE_GOLDEN=1"


def read_recorded(name: str) -> Digest:
    """Return a recorded preview; the objects that it leaves as they are stand under `same` alone."""
    digest, same = (Digest.model_validate(RECORDED[each]) for each in (name, "same"))
    changed = {each.urn for each in digest.steps}
    unchanged = [each for each in same.steps if each.urn not in changed] if changed else []
    return digest.model_copy(update={"steps": [*digest.steps, *unchanged]})


def generate_accounts() -> dict[str, PreviewResult]:
    """Return previews that are hard to bring about, by the name of their golden file."""
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
        "everything": account(books, *others, ISSUER, ANCHOR, findings=[finding]),
        "refused": account(books, failed=True, findings=[finding, finding | {"enforcementLevel": "advisory"}]),
        "failed-early": account(failed=True, log="error: no stack named 'dev' found"),
        "failed-late": account(books, failed=True, diagnostics=[error]),
        "nothing-found": account(ANCHOR, findings=[]),
    }


@pytest.mark.parametrize("name", ["everything", "failed-early", "failed-late", "nothing-found", "refused"])
def test_the_comment_reads_as_it_was_reviewed(name: str) -> None:
    compare_with_golden(name, comment(generate_accounts()[name]))


@pytest.mark.parametrize("name", RECORDED)
def test_the_comment_on_a_preview_by_the_real_engine_reads_as_it_was_reviewed(name: str) -> None:
    found = PreviewResult("dev", read_recorded(name), name != "failure", None, "")

    compare_with_golden(f"recorded-{name}", comment(found))


def test_no_text_of_a_change_looks_like_the_mark_of_another_stacks_comment() -> None:
    mark = "<!-- Sticky Pull Request Commentpreview of production -->"
    text = comment(account(failed=True, log=mark))

    assert mark.replace("<!--", "<! --") in text
    assert mark not in text


HELD = {"data": {"tls.key": "cHJpdmF0ZQ=="}, "stringData": {"password": "swordfish"}}
VARIABLES = [{"name": "DB_PASSWORD", "value": "swordfish"}, {"name": "GREETING", "value": "hello"}]
OLDER, NEWER = (manifest("Secret", "u", data={"a": value}, size=size) for value, size in (("Zm9v", 1), ("YmFy", 2)))
WITH_SECRETS = [
    step("create", SECRET, "s", None, manifest("Secret", "s") | HELD),
    step("delete", SECRET, "t", manifest("Secret", "t") | HELD),
    step("update", SECRET, "u", OLDER, NEWER),
    step("create", CONFIG_MAP, "c", None, manifest("ConfigMap", "c", data={"key.pem": KEY, "later": UNKNOWN})),
    step("create", DEPLOYMENT, "d", None, deployment("d", "x:1", env=VARIABLES)),
    step("create", "random:index:Thing", "r", None, {"adminPassword": "swordfish", "size": "8"}),
]


def test_neither_the_record_nor_the_comment_of_a_preview_shows_a_secret() -> None:
    error = {"severity": "error", "message": f"cannot read\n{KEY}of the issuer"}
    provider = step("create", "pulumi:providers:kubernetes", "cluster", None, {"kubeconfig": "users: []"})
    document = {"config": {"linkerd-workshop:context": "dev"}, "steps": [*WITH_SECRETS, provider]}
    once = mask_preview(json.dumps({**document, "diagnostics": [error]}))
    assert once
    written = once.digest.model_dump_json(by_alias=True)
    assert not any(each in written for each in ("config", "users"))
    twice = mask_preview(written)

    assert twice
    assert twice.digest == once.digest, "the comment's job masks it again"
    for text in (comment(PreviewResult("dev", once.digest, False, None, "")), written):
        for forbidden in ("swordfish", "cHJpdmF0ZQ", "MIGHAgEA", "BEGIN PRIVATE", "Zm9v", "YmFy"):
            assert forbidden not in text, forbidden
        for shown in ("tls.key", "DB_PASSWORD", "hello", "of the issuer"):
            assert shown in text, f"{shown} is no secret, and a reviewer needs it"


def update_deployment(name: str, later: dict[str, object]) -> Json:
    return step("update", DEPLOYMENT, name, deployment(name, "a:1"), later)


CHANGED = {"detailedDiff": {"data.a": {"kind": "update"}}}
LATER = {"spec": {"containers": [{"image": UNKNOWN}]}}
UNKNOWN_IMAGE = manifest("Deployment", "books", spec={"replicas": 1, "template": LATER})
TWENTY = [update_deployment(name, deployment(name, "a:2")) for name in (f"d{number}" for number in range(20))]
ENDS = ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"]
SAID: dict[str, tuple[list[Json], list[str], str]] = {
    "a value that becomes a secret is hidden as it was before": (
        [step("update", "x:y:Z", "z", {"value": "swordfish", "n": 1}, {"value": "[secret]", "n": 2})],
        ["n: 2"],
        "swordfish",
    ),
    "a certificate ends on the last day": ([certificate("same", "issuer", ENDS[0])], ["-12-31)"], "no certificate"),
    "a certificate ended on the first day": ([certificate("same", "issuer", ENDS[1])], ["-01-01)"], "no certificate"),
    "a certificate of AWS ends": (
        [{**certificate("same", "acm", ""), "oldState": {"outputs": {"notAfter": "2026-12-06T12:00:00Z"}}}],
        ["`acm` in 10 days (2026-12-06)"],
        "no certificate",
    ),
    "only a Secret changes": (
        [step("update", SECRET, "s", *(manifest("Secret", "s", data={"a": each}) for each in ("Zm", "Ym")), **CHANGED)],
        ["only this changes: data.a"],
        "Zm",
    ),
    "a value is known after the up": (
        [update_deployment("books", UNKNOWN_IMAGE)],
        ["(known after the up)", "perhaps replaces its pods"],
        UNKNOWN,
    ),
    "many workloads restart": (
        TWENTY,
        ["**Restarts:** 20 (20 in `booksapp`): each replaces its pods one after the other"],
        "`Deployment booksapp/d1` replaces",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_the_comment_describes_unusual_changes(case: str) -> None:
    steps, said, unsaid = SAID[case]
    text = comment(account(*steps))

    assert all(each in text for each in said), text
    assert unsaid not in text


PLACES = ["value", "key", "name", "message", "reason", "host", "policy"]


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
@pytest.mark.parametrize("place", PLACES)
def test_nothing_in_a_preview_breaks_out_of_the_code_that_it_stands_in(evil: str, place: str) -> None:
    put = dict.fromkeys(PLACES, "x") | {place: evil}
    changed = manifest("ConfigMap", put["name"], data={put["key"]: put["value"]})
    steps = [
        step("replace", CONFIG_MAP, "c", {}, changed, replaceReasons=[put["reason"]]),
        step("create", INGRESS, "i", None, ingress("i", put["host"])),
        step("create", "x:y:Z", put["name"], None, {}),
    ]
    finding = {"policyName": put["policy"], "enforcementLevel": put["policy"], "message": put["message"]}
    error = {"severity": "error", "message": put["message"]}
    text = comment(account(*steps, findings=[finding], failed=True, diagnostics=[error]))
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
    text, whole = comment(big), whole_diff(big)

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
    text = comment(account(*steps, failed=True, diagnostics=[error], findings=[{"policyName": each * 500}] * 30))

    assert len(text) <= LIMIT
    assert len(text.encode()) <= 4 * LIMIT
    assert "</details>" in without_code(text)


def test_a_sandboxs_preview_says_that_real_stacks_may_differ() -> None:
    text = compose(account(), Origin("c" * 40, ORIGIN.run_url, sandbox=True), NOW)

    assert "without any credential" in text
