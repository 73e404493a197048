"""What a request needs of the application: the engine, the person, the moment."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, cast

from flask import current_app, g

from engine.domain.errors import NotAuthorised
from engine.domain.staff import Actor

if TYPE_CHECKING:
    from engine.services.engine import Engine
    from engine.services.sign_in import SignedIn
    from web.assets import Assets, Shelf

ENGINE = "tsunagu_engine"
ASSETS = "tsunagu_assets"


def engine() -> Engine:
    """The engine of this process."""
    return cast("Engine", current_app.extensions[ENGINE])


def now() -> datetime:
    """The moment of this request; asked once, so that a page does not contradict itself."""
    return cast(datetime, g.now)


def signed_in() -> SignedIn:
    """The session of this request. Raises NotAuthorised where nobody is signed in."""
    found = getattr(g, "signed_in", None)
    if found is None:
        raise NotAuthorised("signed_in")
    return cast("SignedIn", found)


def actor() -> Actor:
    """The person of this request."""
    return signed_in().actor


def current_assets() -> Assets:
    """The styles and scripts of this process."""
    return cast("Shelf", current_app.extensions[ASSETS]).current()
