"""Pages of a case that stands in a process which its process has called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.calling import bottom, install, middle, teller, top, write
from tests.web.site import Site, Visitor


@pytest.fixture
def visitor(site: Site, tmp_path: Path) -> Visitor:
    """A worker whose case waits two calls deep."""
    install(site.office, write(tmp_path / "workflows", top(), middle(), bottom(), teller()))
    site.office.start("top", data={"subject": "住まい"})
    return site.browser("worker")


def number(site: Site) -> str:
    return str(site.office.rows("SELECT number FROM support_case")[0].number)


def test_the_case_shows_the_called_step_below_its_call(site: Site, visitor: Visitor) -> None:
    page = visitor.get(f"/cases/{number(site)}/diagram")
    assert page.status == 200
    assert page.tree is not None
    (outline,) = [table for table in page.tree.iter("table") if "取り次いでもらう" in "".join(table.itertext())]
    rows = ["".join(row.itertext()) for row in outline.iter("tr")]
    order = [max(n for n, row in enumerate(rows) if name in row) for name in ("取り次いでもらう", "調べる", "まとめる")]
    assert order == sorted(order)


@pytest.mark.parametrize("path", ["/cases/{number}", "/cases/{number}/tasks", "/inbox", "/processes/top", "/processes"])
def test_pages_answer_while_a_case_stands_in_a_called_process(site: Site, visitor: Visitor, path: str) -> None:
    page = visitor.get(path.format(number=number(site)))
    assert (visitor.get(page.location) if page.status == 302 else page).status == 200


def test_a_task_of_a_called_process_is_done_on_its_page(site: Site, visitor: Visitor) -> None:
    path = f"/tasks/{site.office.task('look').id}"
    page = visitor.get(path)
    assert (page.status, "調べる" in page.words) == (200, True)
    visitor.post(f"{path}/claim", {})
    fields = visitor.get(path).fields(f"{path}/complete")
    answer = visitor.post(f"{path}/complete", {**fields, "bottom_answer": "見つけた"})
    assert answer.status in (200, 302, 303)
    assert site.office.task("look").state == "completed"
