"""`python -m workshop.demo_script [<name>]`: a demo's script, which is its section of the README and nowhere else."""

import argparse
import re
import sys
from pathlib import Path

README = Path("README.md")
CHAPTER = "## The demos"


def main() -> int:
    """Print the script of a demo with the commands for a stack, or which demos there are."""
    parser = argparse.ArgumentParser(prog="workshop.demo_script", description=__doc__)
    parser.add_argument("--stack", required=True, help="the stack whose name the commands carry")
    parser.add_argument("name", nargs="?", help="which demo; a list of them if it is left out")
    chosen = parser.parse_args()
    found = scripts(README.read_text(encoding="utf-8"))
    if chosen.name and chosen.name not in found:
        sys.stderr.write(f"There is no demo '{chosen.name}'; the demos are {', '.join(found)}.\n")
        return 1
    # As it stands there, not rendered: a command that is broken over two lines cannot be copied.
    if chosen.name:
        sys.stdout.write(for_stack(found[chosen.name], chosen.stack) + "\n")
    else:
        sys.stdout.writelines(f"{name}: {_teaches(text)}\n" for name, text in found.items())
        sys.stdout.write("`make demo NAME=<name>` prints one of them.\n")
    return 0


def scripts(readme: str) -> dict[str, str]:
    """Return the text of each demo's section by its name, which is its heading up to the colon."""
    chapter = readme.partition(f"\n{CHAPTER}\n")[2].partition("\n## ")[0]
    sections = re.split(r"^### ", chapter, flags=re.MULTILINE)[1:]
    return {section.partition(":")[0].replace(" ", "-"): f"# {section.strip()}" for section in sections}


def for_stack(text: str, stack: str) -> str:
    """Return a script whose commands are for this stack."""
    return re.sub(r"STACK=\S+?(?=[`\s]|$)", f"STACK={stack}", text)


def _teaches(text: str) -> str:
    """Return the first sentence of a script."""
    return " ".join(text.partition("\n\n")[2].split()).partition(". ")[0].removeprefix("What it teaches: ")


if __name__ == "__main__":
    sys.exit(main())
