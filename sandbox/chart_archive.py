"""Writing chart archives that depend on nothing but their content: the same files give the same bytes."""

import gzip
import io
import os
import re
import tarfile
from pathlib import Path

from sandbox.failure import SandboxError


def field(chart: bytes, name: str) -> str:
    """A plain top-level field of a Chart.yaml."""
    match = re.search(rf"^{name}:\s*[\"']?([^\s\"']+)", chart.decode(), re.MULTILINE)
    if match is None:
        message = f"a Chart.yaml has no {name}: every chart needs name and version."
        raise SandboxError(message)
    return match[1]


def archive_name(chart: bytes) -> str:
    """What the archive of a chart is called."""
    return f"{field(chart, 'name')}-{field(chart, 'version')}.tgz"


def folder_files(folder: Path) -> dict[str, bytes]:
    """The files of a chart folder by their relative path."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def write_archive(path: Path, files: dict[str, bytes]) -> None:
    """Write `path` unless it has this content already; no clock, owner or order of the disk gets in."""
    name = field(files["Chart.yaml"], "name")
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for relative in sorted(files, key=lambda each: (each != "Chart.yaml", each)):
            entry = tarfile.TarInfo(f"{name}/{relative}")
            entry.size, entry.mode = len(files[relative]), 0o644
            archive.addfile(entry, io.BytesIO(files[relative]))
    packed = gzip.compress(content.getvalue(), mtime=0)
    if path.exists() and path.read_bytes() == packed:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_bytes(packed)
    scratch.replace(path)
