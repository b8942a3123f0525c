"""The policy pack in the real engine: what the whole program brings is in order, and what is not is refused."""

from pathlib import Path

import psutil
import pytest

from charts import archive
from components.mesh.linkerd import values
from policies.exemptions import EXEMPTIONS, Exemption, covers
from policies.judged import of_kubernetes
from policies.rules import POLICIES
from sandbox import paths
from tests.policies.test_policies import OF_CHARTS
from tests.sandbox.chart_doubles import CONTROL_PLANE, objects
from tests.sandbox.program import PROVIDER, Project
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

PACK = str(paths.PROJECT / "policies")
IN_USE = "linkerd-workshop@v1.0.0"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: brought}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec: {hostNetwork: true, containers: [{name: app, image: "app:1", resources: {limits: {cpu: 1, memory: 1Gi}}}]}
"""
RELEASE = """
kubernetes.helm.v3.Release("release", name="release", namespace="default", chart="./bad-1.0.0.tgz", opts=here)
"""
UNKNOWN_UID = """
made = kubernetes.core.v1.ConfigMap("made", metadata={"namespace": "default"}, data={"greeting": "hello"}, opts=here)
pod = {"annotations": {"uid": made.metadata["uid"]}, "labels": {"app": "a"}}
resources = {"limits": {"cpu": "1", "memory": "1Gi"}}
spec = {"containers": [{"name": "app", "image": "app", "resources": resources}]}
kubernetes.apps.v1.Deployment("late", metadata={"name": "late", "namespace": "default"},
    spec={"selector": {"match_labels": {"app": "a"}}, "template": {"metadata": pod, "spec": spec}}, opts=here)
"""


def packs_running(folder: Path) -> list[int]:
    """The processes of policy packs that a project's engine has started."""
    running = psutil.process_iter(["cmdline", "cwd"])
    return [each.pid for each in running if PACK in (each.info["cmdline"] or ()) and each.info["cwd"] == str(folder)]


def test_the_whole_program_keeps_its_policies_with_all_that_its_charts_and_releases_bring(workshop: Workshop) -> None:
    workshop.choose("delivery.argoCd.enabled", value=True)

    done = workshop.run("preview", "--policy-pack", PACK)
    assert done.returncode == 0, done.stdout[-5000:]
    assert IN_USE in done.stdout, "the pack was asked"
    for level in ("[mandatory]", "[advisory]"):
        assert level not in done.stdout, done.stdout[-5000:]
    assert packs_running(workshop.folder) == [], "the pack ends with the preview"


def test_what_a_release_brings_is_refused_by_the_name_of_its_policy(project: Project) -> None:
    files = {"Chart.yaml": b"apiVersion: v2\nname: bad\nversion: 1.0.0\n", "templates/d.yaml": DEPLOYMENT.encode()}
    archive.write(project.folder, files)
    project.write(PROVIDER + RELEASE)
    project.succeed("preview")

    done = project.run("preview", "--policy-pack", PACK)
    assert done.returncode != 0
    assert "[mandatory]  pods-are-unprivileged  (kubernetes:helm.sh/v3:Release: release)" in done.stdout
    assert "Deployment default/brought: hostNetwork shares the node's own" in done.stdout


def test_a_value_that_only_the_up_knows_does_not_hide_the_rest(project: Project) -> None:
    project.write(PROVIDER + UNKNOWN_UID)

    done = project.run("preview", "--policy-pack", PACK)
    assert done.returncode != 0
    assert "Deployment default/late, container app: the image app has no tag, which is `latest`" in done.stdout
    assert "can't run policy" not in done.stdout


def test_a_pack_that_cannot_start_says_why(project: Project) -> None:
    broken = project.folder / "broken"
    broken.mkdir()
    (broken / "PulumiPolicy.yaml").write_text("runtime: python\n", encoding="utf-8")
    (broken / "__main__.py").write_text("raise ValueError('no policy today')\n", encoding="utf-8")
    project.write("")

    done = project.run("preview", "--policy-pack", str(broken))
    assert done.returncode != 0
    assert "no policy today" in done.stdout + done.stderr


@pytest.mark.parametrize("exemption", [each for each in EXEMPTIONS if each.where in OF_CHARTS])
def test_nothing_that_a_chart_brings_is_exempt_if_it_is_in_order(exemption: Exemption) -> None:
    brought = [of_kubernetes(each) for each in objects(CONTROL_PLANE, values("1")).values()]
    found = [(policy.name, finding) for each in brought for policy in POLICIES for finding in policy.judge(each)]

    assert any(covers(exemption, name, finding) for name, finding in found), "strike it from the list"
