"""Remedies that name the stack which they change."""

import pytest

from model.problem import Problem, name_stack


@pytest.mark.parametrize(
    ("stack", "remedy", "named"),
    [
        ("dev", "`pulumi config set --path 'a:b' x`", "`pulumi config set --stack dev --path 'a:b' x`"),
        (
            "dev",
            "`pulumi config rm a:b`, or `pulumi up`",
            "`pulumi config rm --stack dev a:b`, or `pulumi up --stack dev`",
        ),
        ("acme/team", "`make up`, then `make verify`", "`make up STACK=acme/team`, then `make verify STACK=acme/team`"),
        ("a b", "`pulumi up`, `make up`", "`pulumi up --stack 'a b'`, `make up STACK='a b'`"),
        ("dev", "`make reset ATTENDEE=x`", "`make reset STACK=dev ATTENDEE=x`"),
        ("dev", "`make destroy STACK=other`", "`make destroy STACK=other`"),
        ("dev", "`make mirror FOLDER=mirror`, `make kind-down`", "`make mirror FOLDER=mirror`, `make kind-down`"),
        ("kind", "`pulumi config set --path 'linkerd-workshop:a.b' x`", "`make set STACK=kind KEY='a.b' VALUE=x`"),
        ("acme/dev", "`make up STACK=acme/dev`", "`make up STACK=acme/dev`"),
        ("dev", "`kubectl get pods`", "`kubectl get pods`"),
        ("dev", "`make … STACK=<name>`, `pulumi stack ls`", "`make … STACK=<name>`, `pulumi stack ls`"),
        ("", "`pulumi config set a:b x`, `make up`", "`pulumi config set a:b x`, `make up`"),
    ],
)
def test_commands_of_a_remedy_change_the_stack_that_has_the_problem(
    monkeypatch: pytest.MonkeyPatch, stack: str, remedy: str, named: str
) -> None:
    monkeypatch.setattr(Problem, "stack", stack)

    assert Problem("a", "b", "c", remedy).fix == named


@pytest.mark.parametrize(
    ("stack", "remedy", "named"),
    [
        (
            "dev",
            "`pulumi config rm --path 'a:b'`",
            "`ON_SANDBOX=1 .venv/bin/python -m sandbox pulumi --stack dev -- config rm --path 'a:b'`",
        ),
        (
            "dev",
            "`pulumi config set --path 'linkerd-workshop:dns.zone' example.com`",
            "`make set STACK=dev {0} KEY='dns.zone' VALUE=example.com`",
        ),
        ("dev", "`make up`, `make reset ATTENDEE=x`", "`make up STACK=dev {0}`, `make reset STACK=dev {0} ATTENDEE=x`"),
        ("dev", "`make destroy STACK=dev`", "`make destroy STACK=dev {0}`"),
        ("dev", "`make destroy STACK=other`", "`make destroy STACK=other`"),
        ("local", "`make up`", "`make up STACK=local`"),
    ],
)
def test_a_remedy_that_is_given_on_the_sandbox_stays_there(
    monkeypatch: pytest.MonkeyPatch, stack: str, remedy: str, named: str
) -> None:
    monkeypatch.setattr(Problem, "stack", stack)
    monkeypatch.setenv("SANDBOX_REACHES", "kubeconfig")

    assert name_stack(remedy) == named.format("ON_SANDBOX=1")
