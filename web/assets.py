"""Where styles, scripts and fonts lie. Names carry a hash of the content, so browsers keep them for ever.

``static/css/`` and ``static/img/`` are ours and always there. ``static/dist/`` is built from ``frontend/`` and may be
missing: pages are complete without it, and ``missing`` names what they then do not have.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parent / "static"
DIST_NAMES = ("tokens.css", "fonts.css", "app.js", "viewer.js", "viewer.css")


@dataclass(frozen=True)
class Assets:
    """Asked-for name to path below ``/static/``, and that path to the file of ours; read once at start."""

    paths: dict[str, str]
    own: dict[str, Path]
    missing: tuple[str, ...]

    def path(self, name: str) -> str | None:
        """The path of an asset, or None when it was not built."""
        return self.paths.get(name)


def load(static: Path = STATIC) -> Assets:
    """Read the manifest of the built files and hash our own."""
    files = sorted([*(static / "css").glob("*.css"), *(static / "img").glob("*.svg")])
    own = {f"own/{_digest(file)}/{file.name}": file for file in files}
    paths = {file.name: path for path, file in own.items()}
    built = _manifest(static / "dist")
    paths |= {name: f"dist/{target}" for name, target in built.items()}
    return Assets(paths, own, tuple(name for name in DIST_NAMES if name not in built))


class Shelf:
    """The assets of a running server; a build that replaces ``dist/`` meanwhile is noticed by its manifest."""

    def __init__(self, static: Path = STATIC) -> None:
        self._static = static
        self._stamp = self._look()
        self._assets = load(static)

    def current(self) -> Assets:
        """The assets as they lie there now."""
        stamp = self._look()
        if stamp != self._stamp:
            self._assets, self._stamp = load(self._static), stamp
        return self._assets

    def _look(self) -> tuple[int, int] | None:
        try:
            found = (self._static / "dist" / "manifest.json").stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def _manifest(dist: Path) -> dict[str, str]:
    """Built names whose files are really there; empty when nothing was built."""
    try:
        listed = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(listed, dict):
        return {}
    return {str(name): str(target) for name, target in listed.items() if (dist / str(target)).is_file()}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
