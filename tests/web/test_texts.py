"""What the pages say: every text in both languages, and the rules of the house for Japanese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from engine.domain.roles import Role
from tests.web.site import Site
from web import i18n, words

WEB = Path(i18n.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠々]")
#: in English texts: terms in brackets, and examples of what may be typed
ALLOWED = re.compile(r"[(（].*?[)）]|[「」]|3か月|14日|令和8年9月25日|2026年9月25日")
WRONG = (
    "エラーが発生しました", "させていただ", "することができます", "失敗",
    "[０-９]", r"\d [日件人回歳月]", "！", "下さい",
    "全て", "出来",
)  # fmt: skip
KEYWORDS = {"gettext": None, "_": None, "mark": None, "_translated": None, "ngettext": (1, 2)}
METHODS = [("frontend/**", "ignore"), ("**.py", "python"), ("templates/**.html", "jinja2")]


def texts() -> Iterator[tuple[str, str]]:
    """Every text for the catalogue and the file it stands in."""
    for file, _, message, _, _ in extract_from_dir(WEB, method_map=METHODS, keywords=KEYWORDS):
        for text in (message,) if isinstance(message, str) else message:
            yield text, file


def test_every_text_is_translated() -> None:
    missing = {text: file for text, file in texts() if text not in i18n.catalogue("en")}
    assert not missing, "add these to a catalogue of web/translations/en/LC_MESSAGES"


def test_no_translation_is_left_over() -> None:
    used = {text for text, _ in texts()}
    assert set(i18n.catalogue("en")) <= used


def test_translations_keep_the_placeholders() -> None:
    for text, translated in i18n.catalogue("en").items():
        places = re.findall(r"%\(\w+\)s", text)
        assert sorted(set(places)) == sorted(set(re.findall(r"%\(\w+\)s", translated))), text
        assert not JAPANESE.search(
            re.sub(r"[(（].*?[)）]|[「」]|3か月|14日|令和8年9月25日|2026年9月25日", "", translated)
        ), text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_text_outside_the_catalogue(path: Path) -> None:
    text = re.sub(r"\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", "", path.read_text(encoding="utf-8"), flags=re.S)
    found = [line for line in text.splitlines() if JAPANESE.search(line.replace("日本語", "").replace("さん", ""))]
    assert not found


def ja_texts() -> list[str]:
    """All texts of the interface in Japanese."""
    return sorted({text for text, _ in texts()} | set(words.FORMS.values()))


def test_buttons_say_what_they_do() -> None:
    for path in TEMPLATES:
        for label in re.findall(r"<button[^>]*>\{\{ _\(\"([^\"]+)\"\) \}\}", path.read_text(encoding="utf-8")):
            assert label not in ("OK", "はい", "いいえ", "実行", "送信", "登録"), path.name


@pytest.mark.parametrize("wrong", WRONG)
def test_texts_keep_the_rules_of_the_house(wrong: str) -> None:
    assert not [text for text in ja_texts() if re.search(wrong, text)]


def test_an_english_page_keeps_japanese_only_where_it_is_marked(site: Site) -> None:
    visitor = site.browser(site.employ(Role.INTAKE_WORKER))
    visitor.post("/settings", {"language": "en", "dates": "era"})
    case = site.a_case()
    paths = ["/inbox?view=claimable", "/cases", "/processes", "/processes/visit", "/settings", "/help", "/notices",
             f"/tasks/{case.task_id}", "/nowhere"]  # fmt: skip
    paths += [f"/cases/{case.number}{part}" for part in ("", "/household", "/sharing", "/plans", "/tasks", "/records")]
    for path in paths:
        page = visitor.get(path)
        assert page.tree is not None
        assert not list(unmarked(page.tree, "en")), path


def unmarked(node: object, language: str) -> Iterator[str]:
    """Japanese texts of an element whose language is not declared as Japanese."""
    own = node.get("lang") or language  # type: ignore[attr-defined]
    if own != "ja" and node.tag not in ("script", "style"):  # type: ignore[attr-defined]
        text = node.text or ""  # type: ignore[attr-defined]
        if JAPANESE.search(re.sub(r"\([^)]*\)|（[^）]*）", "", text)):
            yield text
    for child in node:  # type: ignore[attr-defined]
        yield from unmarked(child, own)
        if own != "ja" and JAPANESE.search(re.sub(r"\([^)]*\)|（[^）]*）", "", child.tail or "")):
            yield child.tail
