"""Schema properties to typed fields, with a finding for everything that is not in the language of forms."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from engine.forms.api import Field, Finding, Kind, Option, RefKind, Sealing
from engine.forms.keywords import FIELD, FORMAT, JSON_TYPE, OF_KIND, kind_of
from engine.forms.sources import is_path

MAX_TEXT = 20_000  #: characters of one text
MAX_LINE = 500  #: characters of one line
MAX_ROWS = 200  #: rows of one table
MAX_FIELDS = 150  #: fields of one form
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")
_ROW_KEY = re.compile(r"[^\x00-\x1f/#]{1,60}")
_REFERRING = frozenset({Kind.PERSON, Kind.ORG, Kind.USER, Kind.REF})
_REF_OF = {Kind.PERSON: RefKind.PERSON, Kind.ORG: RefKind.ORGANISATION, Kind.USER: RefKind.STAFF}
_LONG = frozenset({Kind.TEXT, Kind.ADDRESS})
_DEFAULT_LENGTH = {Kind.TEXT: MAX_TEXT, Kind.ADDRESS: MAX_LINE}
#: kinds a column of a table may have
_IN_TABLE = frozenset(Kind) - {Kind.SUBTABLE, Kind.GROUP, Kind.MATRIX, Kind.DATERANGE, Kind.TEXT_DATE, Kind.BOOL_TEXT}


class FieldReader:
    """Reads the properties of one form; ``findings`` collects what is wrong."""

    def __init__(self, form_key: str, file: str) -> None:
        self.form_key, self.file = form_key, file
        self.findings: list[Finding] = []

    def report(self, pointer: str, message: str, remedy: str = "docs/forms.mdの一覧を見て直してください。") -> None:
        """Add a finding."""
        if len(self.findings) < 200:
            self.findings.append(Finding(self.file, pointer, message, remedy))

    def read_all(self, properties: Mapping[str, Any], required: frozenset[str], pointer: str,
                 *, nested: bool = False) -> tuple[Field, ...]:  # fmt: skip
        """The fields of a set of properties, companions of enum+text behind their enum."""
        fields: list[Field] = []
        if len(properties) > MAX_FIELDS:
            self.report(pointer, f"欄が多すぎます（{MAX_FIELDS}個まで）。", "フォームを分けてください。")
            return ()
        for key, schema in properties.items():
            field = self._read(key, schema, f"{pointer}/{key}", nested=nested)
            if field is None:
                continue
            field = replace(field, required=key in required)
            fields.append(field)
            if field.text_key is not None:
                fields.append(self._companion(field, schema))
        keys = [field.key for field in fields]
        for key in {key for key in keys if keys.count(key) > 1}:
            self.report(f"{pointer}/{key}", f"欄のキーが重なっています（{key}）。", "別のキーにしてください。")
        return tuple(fields)

    def _read(self, key: str, schema: Any, pointer: str, *, nested: bool) -> Field | None:
        if not _KEY.fullmatch(key):
            self.report(
                pointer, f"欄のキーに使えない文字があります（{key[:60]}）。", "英小文字と数字と_で書いてください。"
            )
            return None
        if not isinstance(schema, Mapping):
            self.report(pointer, "欄の定義がオブジェクト（{ }）ではありません。")
            return None
        kind = kind_of(schema)
        if kind is None:
            said = str(schema.get("x-kind", schema.get("type", "なし")))[:40]
            self.report(pointer, f"欄の種類が分かりません（{said}）。", "x-kindに種類の一覧にある語を書いてください。")
            return None
        if nested and kind not in _IN_TABLE:
            self.report(pointer, f"表の列やまとまりの中に{kind.value}は置けません。", "独立した欄にしてください。")
            return None
        self._check_keywords(schema, kind, pointer)
        return self._field(key, schema, kind, pointer)

    def _check_keywords(self, schema: Mapping[str, Any], kind: Kind, pointer: str) -> None:
        allowed = FIELD | OF_KIND[kind]
        for name in schema:
            if name not in allowed:
                self.report(
                    pointer, f"「{name[:60]}」は{kind.value}の欄では使えません。", "消すか、別の書き方にしてください。"
                )
        wanted = JSON_TYPE.get(kind, "string" if kind not in (Kind.MATRIX, Kind.BOOL_TEXT) else None)
        if wanted is not None and schema.get("type") != wanted:
            self.report(pointer, f"{kind.value}の欄のtypeは{wanted}です。", f'"type": "{wanted}"と書いてください。')
        wanted = FORMAT.get(kind)
        if wanted is not None and schema.get("format") != wanted:
            self.report(pointer, f"{kind.value}の欄のformatは{wanted}です。", f'"format": "{wanted}"と書いてください。')
        self._check_values(schema, pointer)

    def _check_values(self, schema: Mapping[str, Any], pointer: str) -> None:
        for name in ("title", "x-hint", "x-label-en", "x-message-required", "x-true", "x-false", "x-widget"):
            if name in schema and not (isinstance(schema[name], str) and 0 < len(schema[name]) <= 400):
                self.report(pointer, f"「{name}」は400文字までの文字で書いてください。")
        if "title" not in schema:
            self.report(pointer, "見出し（title）がありません。", "titleに日本語の見出しを書いてください。")
        for name in ("x-report", "x-restricted", "x-open", "x-wareki", "uniqueItems"):
            if name in schema and not isinstance(schema[name], bool):
                self.report(pointer, f"「{name}」はtrueかfalseで書いてください。")
        for name in ("maxLength", "minLength", "minItems", "maxItems", "minProperties", "minimum", "maximum"):
            value = schema.get(name, 0)
            if not isinstance(value, int) or isinstance(value, bool) or abs(value) > 10**9:
                self.report(pointer, f"「{name}」は整数で書いてください。")
        for name in ("x-prefill", "x-rows-from", "x-not-after", "x-not-before"):
            if name in schema and not is_path(schema[name]):
                self.report(
                    pointer, f"「{name}」の書き方が違います。", "「person.name」「today」のように書いてください。"
                )

    def _field(self, key: str, schema: Mapping[str, Any], kind: Kind, pointer: str) -> Field:
        form, also = self._forms(schema.get("x-form", self.form_key), pointer)
        options, open_options = self._options(schema, kind, pointer)
        field = Field(
            key=key, label=_text(schema, "title") or key, kind=kind, form=form, also=also, options=options,
            open=open_options or schema.get("x-open") is True or "x-options-from" in schema,
            ref=self._ref(schema, kind, pointer),
            variable=self._variable(key, schema, pointer), report=schema.get("x-report") is True,
            sealing=self._sealing(schema, pointer), restricted=schema.get("x-restricted") is True,
            prefill=_text(schema, "x-prefill") or None, default=self._default(schema, pointer),
            default_if=_text(schema, "x-default-if") or None, widget=_text(schema, "x-widget") or None,
            hint=_text(schema, "x-hint"), label_en=_text(schema, "x-label-en"),
            aliases=_texts(schema.get("x-aliases")), message_required=_text(schema, "x-message-required") or None,
            not_before=_text(schema, "x-not-before") or None, not_after=_text(schema, "x-not-after") or None,
        )  # fmt: skip
        return self._shaped(field, schema, pointer)

    def _shaped(self, field: Field, schema: Mapping[str, Any], pointer: str) -> Field:
        """The parts that depend on the kind: limits, columns, rows, companion."""
        length = schema.get("maxLength", _DEFAULT_LENGTH.get(field.kind, MAX_LINE))
        field = replace(
            field,
            maximum_length=min(length, MAX_TEXT) if isinstance(length, int) else MAX_LINE,
            minimum=_number(schema, "minimum"), maximum=_number(schema, "maximum"),
            minimum_items=_number(schema, "minItems") or 0,
            maximum_items=min(_number(schema, "maxItems") or MAX_ROWS, MAX_ROWS),
            true_label=_text(schema, "x-true") or field.true_label,
            false_label=_text(schema, "x-false") or field.false_label,
            text_label=_text(schema, "x-text-label"), date_label=_text(schema, "x-date-label"),
            choices=_texts(schema.get("x-choices")), options_from=_text(schema, "x-options-from") or None,
        )  # fmt: skip
        if schema.get("x-text") and field.kind is Kind.ENUM:
            field = replace(field, text_key=f"{field.key}_text")
        if field.kind is Kind.GROUP:
            return replace(field, columns=self._columns(schema, pointer))
        if field.kind in (Kind.TEXT_DATE, Kind.DATERANGE):
            return replace(field, columns=_parts(field, frozenset(_texts(schema.get("required")))))
        if field.kind is Kind.SUBTABLE or (field.kind is Kind.MATRIX and "items" in schema):
            items = schema.get("items")
            if not isinstance(items, Mapping) or items.get("type") != "object":
                self.report(pointer, "表の欄にはitemsに列（type: object）が必要です。")
                return field
            self._only(
                items, {"type", "properties", "required", "additionalProperties", "$comment"}, f"{pointer}/items"
            )
            return replace(field, columns=self._columns(items, f"{pointer}/items"))
        return self._matrix(field, schema, pointer) if field.kind is Kind.MATRIX else field

    def _columns(self, schema: Mapping[str, Any], pointer: str) -> tuple[Field, ...]:
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            self.report(pointer, "列や項目（properties）がありません。", "propertiesに1つ以上書いてください。")
            return ()
        required = frozenset(_texts(schema.get("required")))
        for name in required - set(properties):
            self.report(
                f"{pointer}/required", f"必須とされた「{name[:60]}」が列にありません。", "名前を確かめてください。"
            )
        return self.read_all(properties, required, f"{pointer}/properties", nested=True)

    def _matrix(self, field: Field, schema: Mapping[str, Any], pointer: str) -> Field:
        if schema.get("type") != "object":
            self.report(
                pointer, "matrixの欄のtypeはobject（列がある表ならarray）です。", '"type": "object"と書いてください。'
            )
        answers = schema.get("additionalProperties")
        options = _texts(answers.get("enum")) if isinstance(answers, Mapping) else ()
        rows = [row for row in _texts(schema.get("x-rows")) if _ROW_KEY.fullmatch(row)]
        rows_ref = next((kind for kind in RefKind if kind.value == schema.get("x-rows-ref")), None)
        if not options or (not rows and rows_ref is None):
            self.report(
                pointer, "matrixの欄には行（x-rowsまたはx-rows-ref）と選択肢（additionalPropertiesのenum）が必要です。"
            )
        aliases = _aliases(schema.get("x-row-aliases"))
        return replace(
            field,
            options=tuple(Option(value, value) for value in options),
            rows=tuple(Option(row, row, aliases=aliases.get(row, ())) for row in rows),
            rows_ref=rows_ref,
            rows_from=_text(schema, "x-rows-from") or None,
        )

    def _options(self, schema: Mapping[str, Any], kind: Kind, pointer: str) -> tuple[tuple[Option, ...], bool]:
        """Options and whether others may be written."""
        items = schema.get("items") if kind is Kind.MULTI else None
        if isinstance(items, Mapping):
            self._only(items, {"type", "enum", "maxLength", "$comment"}, f"{pointer}/items")
        listed = items.get("enum") if isinstance(items, Mapping) else schema.get("enum")
        suggested = schema.get("x-suggestions")
        found = listed if listed is not None else suggested
        if found is None:
            if kind is Kind.ENUM:
                self.report(pointer, "選択肢（enum）がありません。", "enumに選択肢を書いてください。")
            return (), False
        values = _texts(found)
        if not isinstance(found, list) or not values or len(values) != len(found) or len(set(values)) != len(values):
            self.report(pointer, "選択肢は重ならない文字の一覧で書いてください。", "enumを直してください。")
        hints = schema.get("x-option-hints")
        hints = hints if isinstance(hints, Mapping) else {}
        aliases = _aliases(schema.get("x-option-aliases"))
        options = tuple(Option(value, value, str(hints.get(value, "")), aliases.get(value, ())) for value in values)
        return options, listed is None and "x-suggestions" in schema

    def _ref(self, schema: Mapping[str, Any], kind: Kind, pointer: str) -> RefKind | None:
        said = schema.get("x-ref")
        if said is None:
            if kind is Kind.REF:
                self.report(pointer, "何を指すか（x-ref）がありません。")
            return _REF_OF.get(kind)
        ref = next((item for item in RefKind if item.value == said), None)
        if ref is None or (kind not in _REFERRING and kind is not Kind.MULTI):
            self.report(pointer, f"x-refの値が違います（{str(said)[:40]}）。")
        elif kind in _REF_OF and _REF_OF[kind] is not ref:
            self.report(pointer, f"{kind.value}の欄が指すものは{_REF_OF[kind].value}です。")
        return ref

    def _variable(self, key: str, schema: Mapping[str, Any], pointer: str) -> str | None:
        said = schema.get("x-variable")
        if said is None or said is False:
            return None
        if said is True:
            return key
        if isinstance(said, str) and _KEY.fullmatch(said):
            return said
        self.report(pointer, "x-variableは変数の名前かtrueで書いてください。")
        return None

    def _sealing(self, schema: Mapping[str, Any], pointer: str) -> Sealing:
        said = schema.get("x-sealed", False)
        if said is True:
            return Sealing.ALWAYS
        if said == "with_case":
            return Sealing.WITH_CASE
        if said is not False:
            self.report(pointer, 'x-sealedはtrue、falseか"with_case"で書いてください。')
        return Sealing.NEVER

    def _default(self, schema: Mapping[str, Any], pointer: str) -> Any:
        value = schema.get("x-default")
        if isinstance(value, Mapping):
            self.report(pointer, "x-defaultに使えるのは値、参照の書き方、その一覧です。")
            return None
        return value

    def _forms(self, said: Any, pointer: str) -> tuple[str, tuple[str, ...]]:
        names = [said] if isinstance(said, str) else said
        if isinstance(names, list) and names and all(isinstance(item, str) and _KEY.fullmatch(item) for item in names):
            return names[0], tuple(names[1:])
        self.report(pointer, "x-formは帳票のキーかその一覧で書いてください。")
        return self.form_key, ()

    def _companion(self, field: Field, schema: Mapping[str, Any]) -> Field:
        said = schema.get("x-text")
        label = said if isinstance(said, str) else f"{field.label}（内容）"
        return Field(
            key=f"{field.key}_text", label=label, kind=Kind.STRING, form=field.form, also=field.also,
            text_of=field.key, maximum_length=MAX_LINE, sealing=field.sealing, restricted=field.restricted,
        )  # fmt: skip

    def _only(self, schema: Mapping[str, Any], allowed: set[str], pointer: str) -> None:
        for name in schema:
            if name not in allowed:
                self.report(
                    pointer, f"「{str(name)[:60]}」はここでは使えません。", "消すか、別の書き方にしてください。"
                )


def _parts(field: Field, required: frozenset[str]) -> tuple[Field, ...]:
    """The parts of text+date and of a range of days, as fields of their own."""
    if field.kind is Kind.DATERANGE:
        parts = (("from", "開始日", Kind.DATE), ("to", "終了日", Kind.DATE))
    else:
        parts = (("text", field.text_label or "内容", Kind.TEXT), ("by", field.date_label or "日付", Kind.DATE))
    return tuple(
        Field(key, label, kind, field.form, required=key in required, maximum_length=MAX_TEXT)
        for key, label, kind in parts
    )


def _text(schema: Mapping[str, Any], name: str) -> str:
    value = schema.get(name)
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        return ()
    return tuple(item for item in value if isinstance(item, str) and 0 < len(item) <= MAX_LINE)


def _number(schema: Mapping[str, Any], name: str) -> int | None:
    value = schema.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _aliases(value: Any) -> dict[str, tuple[str, ...]]:
    """``{"other name": "option"}`` as option -> other names."""
    found: dict[str, tuple[str, ...]] = {}
    pairs: Sequence[tuple[Any, Any]] = tuple(value.items()) if isinstance(value, Mapping) else ()
    for alias, option in pairs:
        if isinstance(alias, str) and isinstance(option, str):
            found[option] = (*found.get(option, ()), alias)
    return found
