"""What `make check` gives to pyright."""

import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.program import ROOT


def checked(target: str) -> Iterator[Path]:
    """Return the Python files that one of the makefile's targets gives to pyright."""
    shown = subprocess.run(
        ["make", "-n", "--no-print-directory", target], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in shown.partition(" -m pyright ")[2].split():
        yield from (ROOT / name).rglob("*.py") if (ROOT / name).is_dir() else [ROOT / name]


def test_every_python_file_is_checked_in_one_of_the_halves() -> None:
    found = [*checked("types-of-program"), *checked("types-beside-program")]
    folders = (each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith("."))

    assert sorted(found) == sorted(chain(ROOT.glob("*.py"), *(folder.rglob("*.py") for folder in folders)))
