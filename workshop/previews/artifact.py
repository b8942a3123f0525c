"""The folder in which a preview waits for those who make a comment of it; whoever wrote it is not trusted."""

import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from workshop.previews.document import Digest, Finding
from workshop.previews.summary import Account

DIGEST, STATUS, LOG, FINDINGS = "preview.json", "status", "preview.log", "policies.json"
LARGEST = 100_000_000
"""Bytes of a file that are read."""
LONGEST_LOG = 200_000

_FINDINGS = TypeAdapter(list[Finding])


def read(folder: Path, stack: str) -> Account:
    """Return what the folder tells; what is missing or no such document counts as a failed preview without words."""
    status = _content(folder / STATUS).strip()
    digest, damage = _digest(_content(folder / DIGEST), "" if status != "0" else "There is no preview.")
    findings = _content(folder / FINDINGS)
    log = "\n".join(filter(None, [_content(folder / LOG)[-LONGEST_LOG:].strip(), damage]))
    succeeded = status == "0" and not damage
    try:
        told = _FINDINGS.validate_json(findings) if findings else None
    except ValidationError:
        told, log = None, f"{log}\nThe policies' findings cannot be read.".strip()
    return Account(stack, digest, succeeded, told, log)


def _digest(text: str, absence: str) -> tuple[Digest, str]:
    """Return the document and what is wrong with it, `absence` if there is none."""
    if not text.strip():
        return Digest(), absence
    try:
        return Digest.model_validate(json.loads(text)), ""
    except (ValueError, RecursionError):
        return Digest(), "What the engine printed is no preview."


def _content(path: Path) -> str:
    """Return a file's text; empty where there is no plain file of reasonable size."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
