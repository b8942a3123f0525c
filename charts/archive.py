"""Chart archives that depend on nothing but their content: the same files give the same bytes."""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import yaml
from pydantic import BaseModel


class _Chart(BaseModel):
    name: str
    version: str


def file_name(files: Mapping[str, bytes]) -> str:
    """Return what the archive of a chart is called; `files` are its contents by relative path."""
    chart = _chart(files)
    return f"{chart.name}-{chart.version}.tgz"


def content_name(path: Path) -> str | None:
    """Return what an archive ought to be called by what is in it; None if it is not the archive of a chart."""
    try:
        with tarfile.open(path) as archive:
            chart = next((each for each in archive if PurePosixPath(each.name).match("*/Chart.yaml")), None)
            file = archive.extractfile(chart) if chart else None
            return file_name({"Chart.yaml": file.read()}) if file else None
    except (tarfile.TarError, OSError, EOFError, zlib.error, ValueError, RecursionError, yaml.YAMLError):
        return None


def folder_files(folder: Path) -> dict[str, bytes]:
    """Return the files of a chart folder by their relative path."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(files)}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write the archive into `folder`, unless it is there with this content; no clock, owner or disk order gets in."""
    path, packed = folder / file_name(files), _packed(files)
    if path.is_file() and path.read_bytes() == packed:
        return path
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_bytes(packed)
    partial.replace(path)  # in one step: another run may be reading it
    return path


def _packed(files: Mapping[str, bytes]) -> bytes:
    name, content = _chart(files).name, io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for relative in sorted(files, key=lambda each: (each != "Chart.yaml", each)):
            entry = tarfile.TarInfo(f"{name}/{relative}")
            entry.size, entry.mode = len(files[relative]), 0o644
            archive.addfile(entry, io.BytesIO(files[relative]))
    return gzip.compress(content.getvalue(), mtime=0)


def _chart(files: Mapping[str, bytes]) -> _Chart:
    return _Chart.model_validate(yaml.safe_load(files["Chart.yaml"]))
