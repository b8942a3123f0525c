"""Lints the workflows' files. It needs no sandbox, but its linter is built as the sandbox's tools are."""

import subprocess
from pathlib import Path

from sandbox import tools

UNKNOWN_YET = r'unexpected key "queue" for "concurrency" section'
"""A message of actionlint, which does not know `queue` of May 2026 yet (its issue 657); a test reads the values."""


def lint(project: Path) -> int:
    """Run actionlint; return its exit status."""
    files = sorted((project / ".github" / "workflows").glob("*.yml"))
    linter = tools.find((tools.WORKFLOW_LINTER,))[tools.WORKFLOW_LINTER]
    # Without the linters that it takes from PATH where they are: the same files give the same findings everywhere.
    return subprocess.run(
        [linter, "-shellcheck=", "-pyflakes=", "-ignore", UNKNOWN_YET, *files], cwd=project, check=False
    ).returncode
