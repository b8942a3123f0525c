"""Waits that show how far they are."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from workshop.verify.pods import Pod
from workshop.verify.scene import Scene


def settle(scene: Scene, group: str, pods: Sequence[Pod]) -> None:
    """Return once the youngest of the pods has been ready for a while."""
    wanted = scene.patience.settled
    youngest = max(pod.ready_since for pod in pods)
    left = min(wanted, wanted - (datetime.now(UTC) - youngest).total_seconds())
    if left > 0:
        watch(scene, group, left)


def watch(scene: Scene, group: str, seconds: float) -> float:
    """Let `seconds` pass; return how many did."""
    start = time.monotonic()
    while (passed := time.monotonic() - start) < seconds:
        scene.tell(group, passed / seconds)
        time.sleep(min(scene.patience.pause, seconds - passed))
    return time.monotonic() - start
