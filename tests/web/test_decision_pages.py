"""Decision tables on pages: to read on the page of the process, and what they decided on the timeline of a case."""

from __future__ import annotations

from engine.domain.roles import Role
from tests.support.deciding import ROWS, deploy
from tests.web.site import Page, Site, first


def cells(page: Page) -> list[list[str]]:
    """The rows of the decision table on a page, heads first."""
    assert page.tree is not None
    section = next(node for node in page.tree.iter("section") if node.get("aria-labelledby") == "decision-weight")
    table = first(section, "table")
    assert all(head.get("scope") for head in table.iter("th"))
    return [[" ".join("".join(cell.itertext()).split()) for cell in row if cell.tag in ("th", "td")]
            for row in table.iter("tr")]  # fmt: skip


def test_the_page_of_a_process_shows_its_tables_in_words(site: Site) -> None:
    deploy(site.office, ROWS)
    page = site.browser(site.employ(Role.INTAKE_WORKER)).get("/processes/asked")
    assert cells(page) == [
        ["行", "条件 level", "結果 course"], ["1", "重い", "手厚く"], ["2", "重い 以外", "見守る"],
    ]  # fmt: skip
    assert "当てはまる行は一つだけです。" in page.words


def test_a_process_without_tables_says_nothing_of_them(site: Site) -> None:
    page = site.browser(site.employ(Role.INTAKE_WORKER)).get("/processes/visit")
    assert "判定表" not in page.words


def test_the_timeline_tells_which_rule_decided(site: Site) -> None:
    deploy(site.office, ROWS)
    started = site.office.start("asked")
    site.office.complete("ask", "worker", level="重い")
    page = site.browser(site.employ(Role.INTAKE_WORKER)).get(f"/cases/{started.case_number}")
    assert "表：判定表の1行目→course手厚く" in page.words.replace(" ", "")
