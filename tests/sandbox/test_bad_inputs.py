"""Bad input on the real engine: one clear list, no traceback, nothing registered, nothing changed."""

import json
from typing import Any

import pytest
import yaml

from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "everything wrong at once": (
        {"demos.booksapp.faultPercent": 150, "demos.bookapp.enabled": True, "colour": "red"},
        [
            "faultPercent: the value is '150'",
            "there is no such demo",
            "linkerd-workshop:colour: there is no such setting",
        ],
    ),
    "a kubeconfig that is not there": ({"kubeconfig": "/nowhere/kubeconfig"}, ["there is no such kubeconfig"]),
    "a context that is not there": ({"context": "elsewhere"}, ["there is no such context", "sandbox"]),
    "a mirror without archives": ({"chartMirror": "/nowhere"}, ["the folder is not there", "make mirror FOLDER="]),
    "a breaker that Linkerd would ignore": (
        {"demos.circuitBreaking.breaker.minPenalty": "0.5s"},
        ["minPenalty: the value is '0.5s'", "a whole number above 0"],
    ),
    "no Gateway API": ({"gatewayApi.install": False}, ["there is no Gateway API", "gatewayApi.install"]),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_ends_in_sentences_before_anything_is_registered(workshop: Workshop, case: str) -> None:
    settings, sentences = BAD[case]
    refused(workshop, settings, sentences)


def test_a_cluster_that_does_not_answer_is_one_sentence_with_its_address(workshop: Workshop) -> None:
    content: dict[str, Any] = yaml.safe_load((workshop.home / "kubeconfig").read_text())
    content["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:1"
    silent = workshop.folder / "silent-kubeconfig"
    silent.write_text(yaml.safe_dump(content))
    charts = str(workshop.home / "charts")
    settings = {"kubeconfig": str(silent), "chartMirror": charts}
    refused(workshop, settings, ["https://127.0.0.1:1: the cluster does not answer", "1 problem"])


def refused(workshop: Workshop, settings: dict[str, Any], sentences: list[str]) -> None:
    """Run `up` with settings that it has to refuse with these sentences, and look that nothing happened."""
    before, resources = workshop.objects(), registered(workshop.export())
    # The launcher is for stacks on the sandbox only.
    pulumi = workshop.plain if "kubeconfig" in settings else workshop.run
    for key, value in settings.items():
        workshop.choose(key, value)
    done = pulumi("up", "--yes")
    printed = " ".join((done.stdout + done.stderr).split())
    assert done.returncode != 0
    for sentence in sentences:
        assert sentence in printed, printed
    assert "nothing was changed" in printed
    assert "Traceback" not in printed
    assert workshop.objects() == before
    assert registered(workshop.plain("stack", "export").stdout) == resources, "nothing of the program is registered"


def registered(exported: str) -> list[str]:
    """Return the resources of the stack's state, without the stack itself."""
    state: dict[str, Any] = json.loads(exported)
    urns = [each["urn"] for each in state["deployment"].get("resources", [])]
    return [urn for urn in urns if "::pulumi:pulumi:Stack::" not in urn]
