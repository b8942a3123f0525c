"""Comments as they were reviewed: a change of their text is a change of these files."""

import os

from tests.program import ROOT


def golden(name: str, comment: str) -> None:
    """Compare a comment with its file; with UPDATE_GOLDEN=1 the file is written anew."""
    path = ROOT / "tests" / "golden" / "comments" / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text(f"{comment}\n", encoding="utf-8")
    wanted = path.read_text(encoding="utf-8") if path.is_file() else ""
    assert f"{comment}\n" == wanted, f"{path.name} reads otherwise; if that is meant, renew it with UPDATE_GOLDEN=1"
