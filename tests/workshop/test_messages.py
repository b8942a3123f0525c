"""No message repeats a value that may hold a secret."""

import base64
import json

import pytest

from charts.sources import Part, find
from clients.aws.login import log_in
from model.problem import InputError, Problem, on_one_line
from settings.eks import Eks
from settings.errors import describe_value
from settings.loading import parse

CANARY = "canary-Tr0ub4dor-swordfish"
USERS = {"apiVersion": "v1", "users": [{"user": {"token": CANARY}}]}
CONTENTS = {
    "YAML": f"apiVersion: v1\nkind: Config\nusers:\n- user: {{token: {CANARY}}}\n",
    "JSON": json.dumps(USERS),
    "JSON that begins with the token": json.dumps({"token": CANARY, **USERS}),
    "YAML in base64": base64.b64encode(f"apiVersion: v1\nusers: [{CANARY}]".encode()).decode(),
    "JSON in base64": base64.b64encode(json.dumps(USERS).encode()).decode(),
    "a short line of it": f"token: {CANARY}",
    "an address": f"https://somebody:{CANARY}@x.example.com/config",
}


@pytest.mark.parametrize("key", ["kubeconfig", "chartMirror"])
@pytest.mark.parametrize("kind", CONTENTS)
def test_contents_are_no_path_and_are_not_repeated(kind: str, key: str) -> None:
    with pytest.raises(InputError, match=f"linkerd-workshop:{key}: the value is a text of") as caught:
        parse({key: CONTENTS[kind]})

    assert CANARY[:10] not in str(caught.value)
    assert CONTENTS[kind][:12] not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["~/.kube/config", "./a b/kubeconfig", "C:/Users/x/config", "/etc/kubernetes/admin.conf"]
)
def test_a_path_is_one(path: str) -> None:
    assert parse({"kubeconfig": path}).kubeconfig == path


@pytest.mark.parametrize(
    "url",
    [
        f"https://somebody:{CANARY}@github.com/a/b.git",
        f"https://{CANARY}@github.com/a/b",
        f"ssh://git:{CANARY}@x.example.com/b",
    ],
)
def test_a_repository_with_a_password_in_its_url_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(InputError, match=r"without a password or token in it") as caught:
        parse({"delivery": {"argoCd": {"application": {"repository": url}}}})

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["https://github.com/a/b.git", "git@github.com:a/b.git", "ssh://git@github.com/a/b.git"]
)
def test_a_repository_without_one_is_taken(url: str) -> None:
    application = parse({"delivery": {"argoCd": {"application": {"repository": url}}}}).delivery.argo_cd.application

    assert application.repository == url


@pytest.mark.parametrize(
    "raw",
    [
        {"context": {"secure": CANARY}},
        {"demos": {"booksapp": [CANARY]}},
        {"demos": {"booksapp": {"faultPercent": {"token": CANARY}}}},
        {"demos": json.dumps({"booksapp": CANARY})[:-1]},
        {"demos": f'{{"password": "{CANARY}"'},
        {"demos": {"booksapp": {f"token={CANARY}": 1}}},
        {"eks": {"profile": f"aws_secret_access_key = {CANARY}\n"}},
        {"workshopEnds": f"password: {CANARY}"},
        {"ingressClass": f"{CANARY}\n"},
    ],
)
def test_a_wrong_setting_is_told_without_what_may_be_secret(raw: dict[str, object]) -> None:
    with pytest.raises(InputError) as caught:
        parse(raw)

    assert CANARY not in str(caught.value)


def test_a_chart_mirror_that_is_none_is_told_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for mirror in (
        f"https://x:{CANARY}@mirror.example.com/charts",
        "x" * 200 + f"/{CANARY}" + "x" * 5000,
        f"password={CANARY}",
    ):
        monkeypatch.setenv("CHART_MIRROR", mirror)
        with pytest.raises(InputError, match="chart mirror") as caught:
            find(None, [Part.LINKERD_CRDS])
        assert CANARY not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
@pytest.mark.parametrize("value", [f"{CANARY}\nx", f"{CANARY}é🙂"])
def test_credentials_of_aws_that_no_header_can_hold_are_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv(name, value)
    with pytest.raises(InputError) as caught:
        log_in(Eks.model_validate({"cluster": "c", "region": "eu-central-1", "owner": "o"}))

    assert CANARY not in str(caught.value)


def test_a_long_message_of_aws_is_cut_after_it_was_cleared() -> None:
    assert "eyJ" not in on_one_line("x" * 170 + " eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0aaaaaaa.signature")


def test_every_problem_is_told_without_keys_and_tokens() -> None:
    text = str(Problem("a", f"token: {CANARY}", "https://a:{CANARY}@x", f'password="{CANARY}"'))

    assert CANARY not in text


def test_every_problem_is_one_line_whatever_is_quoted_in_it() -> None:
    assert str(Problem("a\nb", "c\rd", "e\u2028", "\x1b[31m\ud800")) == "a\\nb: c\\rd, but e\\u2028. \\x1b[31m\\ud800"


def test_a_wrong_value_is_told_if_it_is_a_word() -> None:
    assert [*map(describe_value, ("101", True, 2.5, "no host", None))] == [
        "'101'",
        "'True'",
        "'2.5'",
        "'no host'",
        "'None'",
    ]
    told = {"x" * 61: "a text of 61 characters", "a\nb": "a text of 3 characters", "[x]": "a text of 3 characters"}
    assert {each: describe_value(each) for each in told} == told
    assert (describe_value({"a": 1}), describe_value([CANARY])) == ("a mapping", "a list")


@pytest.mark.parametrize(
    "token",
    ["eyJhbGciOiJSUzI1NiJ9.eyJzdWIi" + "A1b2" * 60 + ".C3d4", "ghp_" + "a1B2" * 9, "AKIA" + "ABCD2345EFGH6789"],
    ids=["JWT", "GitHub", "AWS"],
)
def test_a_token_is_hidden_before_a_foreign_text_is_cut(token: str) -> None:
    assert token[:8] not in on_one_line("x" * 185 + f" {token}")
