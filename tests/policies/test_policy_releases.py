"""Helm releases as policies see them: rendered by helm, here by a short script in its place."""

import stat
from pathlib import Path

import pytest

from policies import releases
from policies.judged import UNKNOWN, Judged, of_resource

RENDERED = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: other}
---
"""


def release(**inputs: object) -> Judged:
    given = {"chart": "./chart.tgz", "name": "shop", "namespace": "shops", "values": {"greeting": "hello"}}
    return of_resource(releases.RELEASE, "logical", {**given, **inputs})


@pytest.fixture
def helm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A helm that logs its arguments and prints RENDERED."""
    program = tmp_path / "bin" / "helm"
    program.parent.mkdir()
    (tmp_path / "rendered.yaml").write_text(RENDERED, encoding="utf-8")
    lines = ["#!/bin/sh", f'echo "$@" > {tmp_path}/asked', f"cat > {tmp_path}/values", f"cat {tmp_path}/rendered.yaml"]
    program.write_text("\n".join(lines), encoding="utf-8")
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return tmp_path


def test_a_release_is_rendered_as_it_will_be_installed(helm: Path) -> None:
    found = releases.render_objects(release(version="1.2.3", repositoryOpts={"repo": "https://charts.example.com"}))

    assert [str(each) for each in found] == ["ConfigMap shops/settings", "Service other/elsewhere"]
    asked = (helm / "asked").read_text(encoding="utf-8").split()
    assert asked[:3] == ["template", "shop", "./chart.tgz"]
    assert " ".join(asked[3:7]) == "--version 1.2.3 --repo https://charts.example.com"
    assert " ".join(asked[7:]) == f"--namespace shops --kube-version {releases.KUBERNETES} --include-crds --values -"
    assert (helm / "values").read_text(encoding="utf-8") == '{"greeting": "hello"}', "on no command line"


def test_a_chart_is_not_rendered_because_its_objects_are_resources() -> None:
    assert releases.render_objects(of_resource("kubernetes:helm.sh/v4:Chart", "chart", {"chart": "x"})) == []


def test_a_release_that_cannot_be_rendered_is_a_finding(helm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse = "#!/bin/sh\ncat > /dev/null\necho 'Error: no such chart' >&2\nexit 1\n"
    (helm / "bin" / "helm").write_text(refuse, encoding="utf-8")

    assert "Error: no such chart" in str(*releases.find_unrenderable(release(name="refused")))
    assert "not known before the up" in str(*releases.find_unrenderable(release(values={"deep": [UNKNOWN]})))
    monkeypatch.setenv("PATH", "")
    assert "helm is not on PATH" in str(*releases.find_unrenderable(release(name="without-helm")))
    assert releases.list_objects(release(name="without-helm")) == []
