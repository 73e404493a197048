"""The layout of a form (JSON Forms UI schema) to sections, and its rules to the fields they govern."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from engine.forms.api import Field, Rule, Section
from engine.forms.conditions import check_condition
from engine.forms.keywords import EFFECTS, LAYOUT, RULE, RULE_CONDITION

#: reports a finding: pointer, message, remedy
Report = Callable[[str, str, str], None]
_SCOPE = "#/properties/"
_REMEDY = "docs/forms.mdの「配置」を見て直してください。"


class LayoutReader:
    """Reads one layout; afterwards ``sections`` holds the fields with their rules."""

    def __init__(self, fields: tuple[Field, ...], report: Report) -> None:
        self._fields = {field.key: field for field in fields}
        self._report = report
        self._placed: dict[str, str] = {}
        self._sections: list[tuple[Mapping[str, Any], list[Field]]] = []

    def read(self, layout: Any) -> tuple[Section, ...]:
        """Sections in order; a form without a layout is one section in the order of its properties."""
        if layout is None:
            return (Section("", tuple(self._fields.values())),)
        self._element(layout, "/ui", (), None)
        for key, field in self._fields.items():
            if key not in self._placed and field.text_of is None and field.widget != "hidden":
                self._report("/ui", f"配置にない欄があります（{key}）。だれも入力できません。", _REMEDY)
        return tuple(self._section(element, fields) for element, fields in self._sections if fields)

    def _section(self, element: Mapping[str, Any], fields: list[Field]) -> Section:
        def text(name: str) -> str:
            return element[name] if isinstance(element.get(name), str) else ""

        return Section(text("label"), tuple(fields), text("x-hint"), text("x-label-en"))

    def _element(self, element: Any, pointer: str, rules: tuple[Rule, ...], section: list[Field] | None) -> None:
        kind = element.get("type") if isinstance(element, Mapping) else None
        if not isinstance(element, Mapping) or not isinstance(kind, str) or kind not in LAYOUT:
            self._report(pointer, f"配置の種類が分かりません（{str(kind)[:40]}）。", _REMEDY)
            return
        for name in element:
            if name not in LAYOUT[kind]:
                self._report(pointer, f"「{str(name)[:60]}」は配置の{kind}では使えません。", _REMEDY)
        if "rule" in element:
            rules = (*rules, *self._rule(element["rule"], f"{pointer}/rule"))
        if kind == "Control":
            self._control(element, pointer, rules, section)
            return
        section = self._opened(element, kind, section)
        elements = element.get("elements")
        if not isinstance(elements, list):
            self._report(pointer, "配置にelementsの一覧がありません。", _REMEDY)
            return
        for index, child in enumerate(elements):
            self._element(child, f"{pointer}/elements/{index}", rules, section)

    def _opened(self, element: Mapping[str, Any], kind: str, section: list[Field] | None) -> list[Field] | None:
        """A group begins a section; other layouts only arrange."""
        if kind != "Group":
            return section
        self._sections.append((element, []))
        return self._sections[-1][1]

    def _control(self, element: Mapping[str, Any], pointer: str, rules: tuple[Rule, ...],
                 section: list[Field] | None) -> None:  # fmt: skip
        key = self._key(element.get("scope"))
        if key is None or key not in self._fields:
            self._report(pointer, f"配置の指す欄がありません（{str(element.get('scope'))[:80]}）。", _REMEDY)
            return
        if key in self._placed:
            self._report(pointer, f"同じ欄が2回配置されています（{key}）。", "1つにしてください。")
            return
        self._placed[key] = pointer
        if section is None:
            self._sections.append(({}, []))
            section = self._sections[-1][1]
        field = replace(self._fields[key], rules=rules)
        section.append(field)
        if field.text_key is not None:
            section.append(replace(self._fields[field.text_key], rules=rules))

    def _key(self, scope: Any) -> str | None:
        return scope.removeprefix(_SCOPE) if isinstance(scope, str) and scope.startswith(_SCOPE) else None

    def _rule(self, rule: Any, pointer: str) -> tuple[Rule, ...]:
        condition = rule.get("condition") if isinstance(rule, Mapping) else None
        if not isinstance(condition, Mapping) or set(rule) - RULE or set(condition) - RULE_CONDITION:
            self._report(pointer, "表示の条件（rule）の書き方が違います。", _REMEDY)
            return ()
        effect, scope, schema = rule.get("effect"), condition.get("scope"), condition.get("schema")
        key = "" if scope == "#" else self._key(scope)
        if not isinstance(effect, str) or effect not in EFFECTS or key is None or (key and key not in self._fields):
            self._report(
                pointer, f"表示の条件の効果か対象が違います（{str(effect)[:20]}、{str(scope)[:60]}）。", _REMEDY
            )
            return ()
        if not isinstance(schema, Mapping) or not check_condition(schema, pointer + "/condition/schema", self._report):
            self._report(pointer, "表示の条件にschemaがありません。", _REMEDY)
            return ()
        return (Rule(key, dict(schema), EFFECTS[effect]),)
