"""期限ボード: what is late, who cannot cope, what moves next; and what may be done about it from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from engine.domain.errors import EngineError, FormInvalid
from engine.queries import board, reviews
from engine.queries.board import BoardRow
from engine.queries.board_filter import NOBODY, BoardFilter, Bucket, Side
from engine.queries.paging import After
from engine.services import reassigning, scheduler_nodes, tasks
from engine.services.reassigning import Result
from web.access_notes import note_list
from web.arguments import choice, day, line
from web.i18n import gettext, ngettext
from web.policy import policy
from web.runtime import actor, engine, now
from web.words import BOARD_BUCKETS, word

blueprint = Blueprint("board", __name__, url_prefix="/board")
KINDS = ("hold", "resume", "extend", "remind")
MOST = 200  #: tasks for one act
PANEL = 10  #: late reviews on the board itself; the rest one click away


@blueprint.get("")
@policy("reviews")
def show() -> str:
    """The figures, the late reviews, and the table of who has how much."""
    narrow, side = _narrowing(), choice(Side, "by", Side.PERSON)
    figures = board.board(engine(), actor(), narrow, side, now=now())
    late = reviews.late_reviews(engine(), actor(), now=now())
    note_list("board")
    return render_template(
        "board.html", board=figures, side=side.value, narrow=narrow, kept=_kept(narrow), reviews=late[:PANEL],
        late_reviews=len(late), running=_notices_run(), cells=_cells(narrow, figures),
    )  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """What thousands of cells have in common, made once: words, and the beginnings and ends of their addresses.

    buckets: code and word. columns: of the matrix: key, name, name in one line, end of the address.
    listing: the address of the list.
    """

    buckets: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str, str, str], ...]
    kept: Mapping[str, str]
    by: str
    listing: str

    def begin(self, **more: str) -> str:
        """The address of the list with the kept filter and one more; a bucket and a column are still to follow."""
        values = {name: value for name, value in self.kept.items() if name not in ("bucket", self.by)} | more
        return f"{self.listing}?{urlencode(values)}"

    def line(self, side: str, key: str) -> str:
        """As ``begin``, for a line of the table, where the kept column counts too."""
        of_column = {self.by: self.kept[self.by]} if self.by in self.kept else {}
        return self.begin(**{**of_column, side: key})

    @property
    def end(self) -> str:
        """The kept bucket, for numbers that are of no other."""
        return f"&bucket={self.kept['bucket']}" if "bucket" in self.kept else ""


def _cells(narrow: BoardFilter, figures: board.Board) -> Cells:
    by = "element" if narrow.process else "process"
    return Cells(
        tuple((code, word(BOARD_BUCKETS, code)) for code in BOARD_BUCKETS),
        tuple((key, name, " ".join(name.split()), f"&{urlencode({by: key})}") for key, name in figures.matrix.columns),
        _kept(narrow),
        by,
        url_for("board.listing"),
    )


def _notices_run() -> bool:
    """Whether one scheduler process lives; the board itself does not need it."""
    return any(scheduler_nodes.is_alive(node, now=now()) for node in scheduler_nodes.everyone(engine()))


@blueprint.get("/list")
@policy("reviews")
def listing() -> str:
    """Exactly the tasks that a number of the board counts."""
    narrow = _narrowing()
    page = board.tasks_on_board(engine(), actor(), narrow, now=now())
    note_list("board")
    return render_template("board_list.html", page=page, narrow=narrow, kept=_kept(narrow), names=_names(narrow, page))


def _names(narrow: BoardFilter, page: board.BoardPage) -> dict[str, str]:
    """The chosen values in words, as far as the rows tell them."""
    first = page.rows[0] if page.rows else None
    return {
        "person": first.assignee_name if first and narrow.person not in ("", NOBODY) else "",
        "org": engine().reference.names().get(narrow.org, ""),
        "process": first.process_name if first and narrow.process else "",
        "element": first.name if first and narrow.element else "",
    }


@blueprint.get("/changes")
@policy("reviews")
def changes() -> BaseResponse:
    """How much has changed since a page was made: a sentence, empty when nothing has."""
    try:
        since = datetime.fromisoformat(request.args.get("since", "")[:40])
    except ValueError:
        since = now().replace(tzinfo=None)
    count = board.changes_since(engine(), actor(), since, now=now()) if since.tzinfo else 0
    text = ngettext("1件の変更があります。", "%(n)s件の変更があります。", count) % {"n": count} if count else ""
    return jsonify({"text": text, "show": gettext("表示する")})


@blueprint.get("/act")
@policy("reviews")
def prepare() -> str | BaseResponse:
    """The form for something that is done to the chosen tasks."""
    kind = request.args.get("kind", "")
    if kind == "reassign":
        return redirect(url_for("reassign.choose", task=request.args.getlist("task")[:MOST]))
    kind = kind if kind in KINDS else "remind"
    rows = board.chosen_tasks(engine(), actor(), request.args.getlist("task")[:MOST], now=now())
    return render_template("board_act.html", kind=kind, rows=rows, errors={}, typed={}, results=None)


@blueprint.post("/act")
@policy("reviews")
def act() -> tuple[str, int]:
    """Do it to each of the tasks, each in its own transaction, and say what became of each."""
    kind = request.form.get("kind", "")
    kind = kind if kind in KINDS else "remind"
    rows = board.chosen_tasks(engine(), actor(), request.form.getlist("task")[:MOST], now=now())
    common = {"kind": kind, "rows": rows, "typed": request.form}
    try:
        one = _act_of(kind)
    except FormInvalid as refusal:
        return render_template("board_act.html", errors=refusal.fields, results=None, **common), 422
    if not rows:
        return render_template("board_act.html", errors={}, results=None, **common), 422
    results = {row.task_id: _done(one, row) for row in rows}
    return render_template("board_act.html", errors={}, results=results, **common), 200


def _act_of(kind: str) -> Callable[[BoardRow], Result | None]:
    """What is done to one task, from the form. Raises FormInvalid for what is the same for all."""
    reason = request.form.get("reason", "").strip()[:2000]
    if kind == "remind":
        return lambda row: reassigning.remind(engine(), actor(), row.task_id, now=now())
    if kind == "resume":
        return lambda row: tasks.resume(engine(), actor(), row.task_id, reason=reason, now=now())
    if not reason:
        raise FormInvalid({"reason": "理由を入力してください。"})
    on = day("day")
    if kind == "hold":
        return lambda row: tasks.hold(engine(), actor(), row.task_id, until=on, reason=reason, now=now())
    basis = request.form.get("legal_basis", "").strip()[:500]
    return lambda row: tasks.extend(
        engine(), actor(), row.task_id, due_on=on, reason=reason, legal_basis=basis, now=now()
    )


def _done(one: Callable[[BoardRow], Result | None], row: BoardRow) -> Result:
    try:
        return one(row) or Result(row.task_id, "done")
    except FormInvalid as refusal:
        return Result(row.task_id, "refused", " ".join(refusal.fields.values()))
    except reassigning.CHANGED as refusal:
        return Result(row.task_id, "changed", type(refusal).__name__)
    except EngineError as refusal:
        return Result(row.task_id, "refused", type(refusal).__name__)


def _narrowing() -> BoardFilter:
    return BoardFilter(
        bucket=choice(Bucket, "bucket", None), org=line("org", 40), process=line("process", 60),
        role=line("role", 40), person=line("person", 40), element=line("element", 80),
        after=After.read(request.args.get("after")),
    )  # fmt: skip


def _kept(narrow: BoardFilter) -> dict[str, str]:
    """The filter as arguments of links, without empty ones."""
    values = {
        "bucket": narrow.bucket.value if narrow.bucket else "", "org": narrow.org, "process": narrow.process,
        "role": narrow.role, "person": narrow.person, "element": narrow.element,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value}
