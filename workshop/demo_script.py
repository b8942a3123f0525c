"""The command `demo`: a demo's script, which is its section of docs/demos.md."""

import re
import sys
from pathlib import Path

from model.problem import make_arguments

PAGE = Path("docs/demos.md")


def print_script(name: str | None, stack: str) -> int:
    """Print a demo's script with the commands for a stack, or the list of demos; return the exit status."""
    found = read_scripts(PAGE.read_text(encoding="utf-8"))
    if name and name not in found:
        print(f"There is no demo '{name}'; the demos are {', '.join(found)}.", file=sys.stderr)
        return 1
    # Unrendered: a command that is broken over two lines cannot be copied.
    if name:
        print(set_stack(found[name], stack))
    else:
        print(*(f"{each}: {_read_first_sentence(text)}" for each, text in found.items()), sep="\n")
        print(f"`make demo {make_arguments(stack)} NAME=<name>` prints one of them.")
    return 0


def read_scripts(page: str) -> dict[str, str]:
    """Return the text of each demo's section by its name, which is its heading up to the colon."""
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {section.partition(":")[0].replace(" ", "-"): f"# {section.strip()}" for section in sections}


def set_stack(text: str, stack: str) -> str:
    """Return a script whose commands are for this stack."""
    return re.sub(r"STACK=\S+?(?=[`\s]|$)", make_arguments(stack), text)


def _read_first_sentence(text: str) -> str:
    """Return the first sentence of a script."""
    return " ".join(text.partition("\n\n")[2].split()).partition(". ")[0].removeprefix("What it teaches: ")
