"""Styles, scripts and fonts. Their names carry a hash of the content, so they may be kept for ever."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, send_file

from web.assets import STATIC
from web.errors import AssetMissing
from web.headers import ONE_YEAR_S
from web.policy import policy
from web.runtime import current_assets

blueprint = Blueprint("static_files", __name__)
_TYPES = {".css": "text/css", ".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}


@blueprint.get("/static/<path:path>")
@policy("public")
def serve(path: str) -> Response:
    """One file below static/, and nothing else. Raises AssetMissing."""
    file = current_assets().own.get(path) or _built(path)
    if file is None or file.suffix not in _TYPES:
        raise AssetMissing(path)
    response = send_file(file, mimetype=_TYPES[file.suffix], max_age=ONE_YEAR_S)
    response.cache_control.public = True
    response.cache_control.immutable = True
    return response


def _built(path: str) -> Path | None:
    """A file below dist/, however the address is written."""
    dist = (STATIC / "dist").resolve()
    file = (STATIC / path).resolve()
    return file if file.is_relative_to(dist) and file.is_file() else None
