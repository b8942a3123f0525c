"""No message shows a value that may hold a secret."""

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
def test_contents_in_place_of_a_path_are_refused_and_not_shown(kind: str, key: str) -> None:
    with pytest.raises(InputError, match=f"linkerd-workshop:{key}: the value is a text of") as caught:
        parse({key: CONTENTS[kind]})

    assert CANARY[:10] not in str(caught.value)
    assert CONTENTS[kind][:12] not in str(caught.value)


@pytest.mark.parametrize(
    "path", ["~/.kube/config", "./a b/kubeconfig", "C:/Users/x/config", "/etc/kubernetes/admin.conf"]
)
def test_a_path_is_taken(path: str) -> None:
    assert parse({"kubeconfig": path}).kubeconfig == path


def with_repository(url: str) -> dict[str, object]:
    return {"delivery": {"argoCd": {"application": {"repository": url}}}}


@pytest.mark.parametrize(
    "url", ["https://github.com/a/b.git", "git@github.com:a/b.git", "ssh://git@github.com/a/b.git"]
)
def test_a_repository_without_a_password_is_taken(url: str) -> None:
    assert parse(with_repository(url)).delivery.argo_cd.application.repository == url


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        *(
            (with_repository(url), "without a password or token in it")
            for url in (
                f"https://somebody:{CANARY}@github.com/a/b.git",
                f"https://{CANARY}@github.com/a/b",
                f"ssh://git:{CANARY}@x.example.com/b",
            )
        ),
        ({"context": {"secure": CANARY}}, "context"),
        ({"demos": {"booksapp": [CANARY]}}, "demos"),
        ({"demos": {"booksapp": {"faultPercent": {"token": CANARY}}}}, "demos"),
        ({"demos": json.dumps({"booksapp": CANARY})[:-1]}, "demos"),
        ({"demos": f'{{"password": "{CANARY}"'}, "demos"),
        ({"demos": {"booksapp": {f"token={CANARY}": 1}}}, "demos"),
        ({"eks": {"profile": f"aws_secret_access_key = {CANARY}\n"}}, "eks"),
        ({"workshopEnds": f"password: {CANARY}"}, "workshopEnds"),
        ({"ingressClass": f"{CANARY}\n"}, "ingressClass"),
    ],
)
def test_a_wrong_setting_is_reported_without_its_secret(raw: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse(raw)

    assert CANARY not in str(caught.value)


@pytest.mark.parametrize(
    "mirror",
    [
        f"https://x:{CANARY}@mirror.example.com/charts",
        "x" * 200 + f"/{CANARY}" + "x" * 5000,
        f"password={CANARY}",
    ],
    ids=["URL", "long path", "password"],
)
def test_a_wrong_chart_mirror_is_reported_without_its_password(monkeypatch: pytest.MonkeyPatch, mirror: str) -> None:
    monkeypatch.setenv("CHART_MIRROR", mirror)
    with pytest.raises(InputError, match="chart mirror") as caught:
        find(None, [Part.LINKERD_CRDS])
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"])
@pytest.mark.parametrize("value", [f"{CANARY}\nx", f"{CANARY}é🙂"])
def test_credentials_of_aws_that_no_header_can_hold_are_not_shown(
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


@pytest.mark.parametrize(
    ("length", "token"),
    [
        (170, "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0aaaaaaa.signature"),
        (185, "eyJhbGciOiJSUzI1NiJ9.eyJzdWIi" + "A1b2" * 60 + ".C3d4"),
        (185, "ghp_" + "a1B2" * 9),
        (185, "AKIA" + "ABCD2345EFGH6789"),
    ],
    ids=["JWT", "long JWT", "GitHub", "AWS"],
)
def test_a_token_is_hidden_before_a_long_text_is_cut(length: int, token: str) -> None:
    assert token[:3] not in on_one_line("x" * length + f" {token}")


def test_a_problem_is_one_line_without_keys_and_tokens() -> None:
    assert CANARY not in str(Problem("a", f"token: {CANARY}", f"https://a:{CANARY}@x", f'password="{CANARY}"'))
    assert str(Problem("a\nb", "c\rd", "e\u2028", "\x1b[31m\ud800")) == "a\\nb: c\\rd, but e\\u2028. \\x1b[31m\\ud800"


def test_a_wrong_value_is_shown_only_if_it_is_a_word() -> None:
    words = ("101", True, 2.5, "no host", None)
    assert [*map(describe_value, words)] == [f"'{word}'" for word in words]
    shown = {"x" * 61: "a text of 61 characters", "a\nb": "a text of 3 characters", "[x]": "a text of 3 characters"}
    assert {each: describe_value(each) for each in shown} == shown
    assert (describe_value({"a": 1}), describe_value([CANARY])) == ("a mapping", "a list")
