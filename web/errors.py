"""The one table from what can go wrong to the page that says what happened, what is safe and what to do.

Status, heading and advice stand here and nowhere else. Absent and foreign things share one row, so their answers are
the same to the letter. Typed text is shown on the page whenever a submission was not kept.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Flask, Response, current_app, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnsupportedMediaType

from engine.domain import errors
from engine.domain.errors import EngineError
from engine.domain.file_kinds import FileRefused
from web import problems
from web.access_notes import note_refusal
from web.csrf import FIELD, UNSAFE
from web.formatting import clock_time
from web.i18n import gettext, mark
from web.policy import max_bytes_of

log = logging.getLogger(__name__)


class CsrfRefused(Exception):
    """The request does not carry the token of the person's session."""


class SessionEnded(Exception):
    """The session ended before the submission arrived."""


class BadRequest(Exception):
    """The request cannot be read."""


class AssetMissing(Exception):
    """A style, script or font that is not there; answered in plain text."""


@dataclass(frozen=True)
class ErrorPage:
    """One row: status, heading, what to do, and where a link may lead."""

    status: int
    title: str
    advice: str
    link: str = "home.front"
    link_text: str = field(default=mark("最初の画面へ"))


_NOT_FOUND = ErrorPage(
    404,
    mark("ページが見つかりません"),
    mark("番号が違うか、表示できるものではありません。番号を確かめるか、一覧から探してください。"),
)
_RELOAD = mark("画面を開き直して、いまの内容を確かめてください。入力した内容は下に残しています。")
AWAY = ErrorPage(
    503,
    mark("いまはデータベースを使えません"),
    mark(
        "少し待って、もう一度お試しください。送った内容が記録されたかどうかは、画面を開き直すと分かります。"
        "続くときは、システムの担当者に伝えてください。"
    ),
)
_STOPPED = ErrorPage(
    500,
    mark("手続きを先に進められませんでした"),
    mark("入力した内容は下書きに残っています。システムの担当者に受付番号を伝えてください。"),
)

ERROR_PAGES: dict[type[Exception], ErrorPage] = {
    errors.NotFound: _NOT_FOUND,
    errors.NotAuthorised: ErrorPage(
        403, mark("この操作はできません"), mark("あなたの役割ではできない操作です。担当する人に頼んでください。")
    ),
    errors.CityStaffOnly: ErrorPage(
        403, mark("市の職員が行う仕事です"), mark("法令により市の職員だけができます。担当課に引き継いでください。")
    ),
    errors.FourEyes: ErrorPage(
        403,
        mark("別の人が確認する仕事です"),
        mark("前の手順を行った人は確認できません。同じ役割のほかの職員に引き継いでください。"),
    ),
    errors.AlreadyClaimed: ErrorPage(409, mark("先にほかの職員が引き受けました"), _RELOAD),
    errors.AlreadyCompleted: ErrorPage(409, mark("この仕事はすでに完了しています"), _RELOAD),
    errors.NotOpen: ErrorPage(409, mark("いまはこの操作ができません"), _RELOAD),
    errors.StaleVersion: ErrorPage(
        409,
        mark("表示中に内容が変わりました"),
        mark("違いを確かめてから、もう一度行ってください。入力した内容は下に残しています。"),
    ),
    errors.ConsentMissing: ErrorPage(
        409, mark("有効な同意がありません"), mark("同意を記録してから、もう一度行ってください。")
    ),
    errors.SecrecyMissing: ErrorPage(
        409, mark("守秘義務の確認がありません"), mark("構成員の守秘義務を確認してから、もう一度行ってください。")
    ),
    errors.OpenWork: ErrorPage(
        409, mark("終わっていない仕事があります"), mark("残っている仕事を終えてから、もう一度行ってください。")
    ),
    errors.PersonalData: ErrorPage(
        422, mark("氏名が含まれています"), mark("世帯の人の氏名を除いてから、もう一度行ってください。")
    ),
    errors.HoldTooLong: ErrorPage(
        422, mark("保留できる期間を超えています"), mark("再開する日を早めて、もう一度保留してください。")
    ),
    errors.KeyReused: ErrorPage(
        422, mark("ほかの依頼に使った鍵です"), mark("新しい鍵（Idempotency-Key）を付けて、もう一度送ってください。")
    ),
    errors.ChangeRefused: ErrorPage(
        422, mark("この変更はできません"), mark("理由を確かめ、対応表や移す先を直してから、もう一度行ってください。")
    ),
    errors.FormInvalid: ErrorPage(
        422, mark("入力内容を確認してください"), mark("前の画面に戻り、入力を直してください。")
    ),
    errors.DefinitionRefused: ErrorPage(
        422, mark("このプロセスは公開できません"), mark("検査の結果を直してから、もう一度行ってください。")
    ),
    errors.DecisionFailed: _STOPPED,
    errors.ExpressionError: _STOPPED,
    errors.InstanceFailed: _STOPPED,
    errors.BudgetExceeded: _STOPPED,
    errors.SnapshotUnreadable: _STOPPED,
    errors.StorageUnavailable: AWAY,
    errors.CalendarNotLoaded: ErrorPage(
        500, mark("その日の暦が登録されていません"), mark("暦を登録するよう、システムの担当者に伝えてください。")
    ),
    errors.ReferenceMissing: ErrorPage(
        500, mark("必要な設定がありません"), mark("設定を登録するよう、システムの担当者に伝えてください。")
    ),
    errors.SignInFailed: ErrorPage(
        401,
        mark("サインインできません"),
        mark("ログインIDまたはパスワードが違います。"),
        "sign_in.form",
        mark("サインインの画面へ"),
    ),
    errors.TooManyAttempts: ErrorPage(
        429,
        mark("サインインを一時的に止めています"),
        mark("続けて間違えたためです。15分ほど待ってから、もう一度お試しください。"),
        "sign_in.form",
        mark("サインインの画面へ"),
    ),
    errors.EngineError: ErrorPage(500, mark("処理できませんでした"), mark("時間をおいて、もう一度お試しください。")),
    CsrfRefused: ErrorPage(
        400,
        mark("この画面からは受け付けられません"),
        mark(
            "画面を開いてから時間がたったか、ほかのサイトから送られました。画面を開き直して、もう一度行ってください。"
        ),
    ),
    SessionEnded: ErrorPage(
        401,
        mark("画面を閉じました"),
        mark("30分操作がなかったためです。入力した内容は下に残しています。控えてから、サインインし直してください。"),
        "sign_in.form",
        mark("サインインの画面へ"),
    ),
    BadRequest: ErrorPage(
        400, mark("読み取れない内容が送られました"), mark("画面を開き直して、もう一度行ってください。")
    ),
    FileRefused: ErrorPage(
        422, mark("このファイルは付けられません"), mark("前の画面に戻り、ほかのファイルを選んでください。")
    ),
    RequestEntityTooLarge: ErrorPage(
        413, mark("送られた内容が大きすぎます"), mark("2MBまで送れます。文章を分けて、もう一度行ってください。")
    ),
    UnsupportedMediaType: ErrorPage(
        415, mark("本文の種類が違います"), mark("本文は「Content-Type: application/json」で送ってください。")
    ),
    problems.Unauthenticated: ErrorPage(
        401,
        mark("使えるトークンがありません"),
        mark("ヘッダー「Authorization: Bearer …」に、使えるトークンを入れてください。"),
    ),
    problems.KeyMissing: ErrorPage(
        400,
        mark("操作の鍵がありません"),
        mark("ヘッダー「Idempotency-Key」に、1回の操作ごとに新しい鍵を入れてください。"),
    ),
    problems.BodyUnreadable: ErrorPage(
        400, mark("本文を読み取れません"), mark("本文は、JSONのオブジェクトをUTF-8で送ってください。")
    ),
    problems.NotAsDescribed: ErrorPage(
        422,
        mark("依頼の形が違います"),
        mark("違うところは「errors」にあります。形は /api/v1/openapi.json で確かめてください。"),
    ),
    Exception: ErrorPage(
        500,
        mark("処理できませんでした"),
        mark("時間をおいて、もう一度お試しください。続くときは、システムの担当者に受付番号を伝えてください。"),
    ),
}
_FILE_TOO_LARGE = ErrorPage(
    413,
    mark("ファイルが大きすぎます"),
    mark("20MBまでのファイルを付けられます。前の画面に戻り、小さくするか、分けて付けてください。"),
)
_HTTP_PAGES = {
    404: _NOT_FOUND,
    405: ErrorPage(405, mark("この画面からは受け付けられません"), mark("最初の画面から、もう一度行ってください。")),
}
RETRY_AFTER_S = 10  #: after what time an answer of 503 may be asked for again
_SECRET_FIELDS = frozenset({FIELD, "password", "seen_version", "task_version"})
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def install(app: Flask) -> None:
    """Answer every error from the table."""
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(Exception, _on_error)


def page_for(error: Exception) -> ErrorPage:
    """The row of an error's class, or of the nearest class above it."""
    return next(ERROR_PAGES[kind] for kind in type(error).__mro__ if kind in ERROR_PAGES)


def _on_error(error: Exception) -> Response:
    row = page_for(error)
    reference = ""
    if isinstance(error, AssetMissing):
        return make_response("not found", 404, {"Content-Type": "text/plain; charset=utf-8"})
    if row is AWAY:
        log.warning("the database cannot be used: %s %s", request.method, request.endpoint)
    elif row.status >= 500:
        reference = "".join(secrets.choice(_ALPHABET) for _ in range(6))
        log.error("reference %s: %s %s", reference, request.method, request.endpoint, exc_info=error)
    elif isinstance(error, EngineError):
        log.info("refused %s %s: %s", request.method, request.endpoint, error.code)
    if isinstance(error, errors.NotFound):
        note_refusal()
    detail = detail_of(error)
    if problems.wanted():
        return retried(problems.problem(error, row, detail=detail, reference=reference))
    return respond(row, detail=detail, reference=reference)


def _on_http(error: HTTPException) -> Response:
    if error.code is not None and 300 <= error.code < 400:
        return make_response(error.get_response())
    row = _FILE_TOO_LARGE if _is_file_too_large(error) else None
    row = row or ERROR_PAGES.get(type(error)) or _HTTP_PAGES.get(error.code or 500)
    if row is None:
        row = ERROR_PAGES[BadRequest] if (error.code or 500) < 500 else ERROR_PAGES[Exception]
    if row.status == 404:
        note_refusal()
    return problems.problem(error, row) if problems.wanted() else respond(row)


def _is_file_too_large(error: HTTPException) -> bool:
    """Whether a request is too large even for a route that takes files."""
    view = current_app.view_functions.get(request.endpoint or "")
    return isinstance(error, RequestEntityTooLarge) and max_bytes_of(view) is not None


def respond(row: ErrorPage, *, detail: str = "", reference: str = "") -> Response:
    """The error's page with its status; what was typed stands on it."""
    html = render_template("error.html", row=row, detail=detail, reference=reference, typed=typed_text())
    return retried(make_response(html, row.status))


def retried(response: Response) -> Response:
    """Say when to try again, on an answer of 503."""
    if response.status_code == AWAY.status:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    return response


def detail_of(error: Exception) -> str:
    """What this one error adds to its row: who was faster, which field, which limit."""
    if isinstance(error, errors.AlreadyClaimed) and error.assignee_name:
        at = f"（{clock_time(error.at)}）" if error.at else ""
        return gettext("先に%(name)sさんが引き受けました%(at)s。") % {"name": error.assignee_name, "at": at}
    if isinstance(error, errors.AlreadyCompleted) and error.by_name:
        at = clock_time(error.at) if error.at else ""
        text = gettext("この仕事は%(name)sさんが%(at)sに完了しました。")
        return text % {"name": error.by_name, "at": at}
    if isinstance(error, errors.ConsentMissing):
        return error.message_ja
    if isinstance(error, errors.FormInvalid):
        return " ".join(error.fields.values())
    return ""


def typed_text() -> str:
    """What the person had typed, as lines of label and text, so that it can be copied; empty for reading requests."""
    if request.method not in UNSAFE:
        return ""
    labels: Mapping[str, str] = getattr(g, "typed_labels", {})
    try:
        values = list(request.form.items(multi=True))
    except HTTPException:  # too big to be read at all
        return ""
    lines = [
        f"{labels.get(name, name)}：{value}" for name, value in values if name not in _SECRET_FIELDS and value.strip()
    ]
    return "\n".join(lines)
