"""How a form of the administrator's pages is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import make_response, redirect
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import FormInvalid


def answered(act: Callable[[], object], page: Callable[[Mapping[str, str]], str], back: str) -> BaseResponse:
    """Do it and lead back; or the page again (422) with what was typed and what is wrong with which field."""
    try:
        act()
    except FormInvalid as refusal:
        return make_response(page(refusal.fields), 422)
    return redirect(back)
