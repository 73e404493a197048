"""The types of forms that services and pages work with; nothing here reads files or checks values.

``engine.forms.library.FormLibrary`` loads form files, ``engine.forms.form.Form`` is one form of them.
Values have the shapes of the scenario format: text+date ``{"text", "by"}``, daterange ``{"from", "to"}``,
interval ``"3 months"``, enum+text the option with the text in ``<key>_text``, bool+text ``"なし"`` or ``{"text"}``,
matrix ``{row: option}``, group a mapping, sub-table a list of mappings. Dates are ISO texts (Tokyo), moments ISO
texts with an offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

#: what stands in place of a value that the reader may not see
MASK = "（秘匿）"
MASK_RESTRICTED = "（限定）"
#: bool+text without content
NOTHING = "なし"


class Kind(StrEnum):
    """What a field holds; the words are those of the field registry."""

    STRING = "string"  #: one line of text
    KANA = "kana"  #: a reading in hiragana
    TEXT = "text"  #: several lines of text
    INT = "int"  #: a whole number
    BOOL = "bool"  #: yes or no
    DATE = "date"  #: a day
    DATE_WAREKI = "date_wareki"  #: a day that people usually say in the Japanese era
    DATETIME = "datetime"  #: a moment
    DATERANGE = "daterange"  #: {"from": day, "to": day}
    INTERVAL = "interval"  #: "3 months"; units as in deadlines
    ENUM = "enum"  #: one option
    MULTI = "multi"  #: several options, or several references
    MATRIX = "matrix"  #: {row: option}; or rows of a table where the field has columns
    SUBTABLE = "subtable"  #: a list of rows
    GROUP = "group"  #: a mapping of named parts
    TEXT_DATE = "text_date"  #: {"text", "by": day}
    BOOL_TEXT = "bool_text"  #: "なし" or {"text"}
    ADDRESS = "address"  #: an address, one text
    TEL = "tel"  #: a telephone number
    EMAIL = "email"  #: a mail address
    PERSON = "person"  #: a person of the case: id, or a name as text
    ORG = "org"  #: an organisation: id
    USER = "user"  #: a staff member: id
    REF = "ref"  #: another referred thing (programme, record): id
    ATTACHMENT = "attachment"  #: where a file or a paper is kept, as text
    SIGNATURE = "signature"  #: how and by whom it was signed, as text


class RefKind(StrEnum):
    """What a reference points to (``x-ref``)."""

    ORGANISATION = "organisation"
    STAFF = "staff"
    PERSON = "person"
    PROGRAMME = "programme"
    RECORD = "record"


class Sealing(StrEnum):
    """When a value is masked."""

    NEVER = "never"
    ALWAYS = "always"  #: e.g. who informed us
    WITH_CASE = "with_case"  #: address, telephone, school, workplace: masked once the case is sealed


@dataclass(frozen=True)
class Finding:
    """One reason why form files are refused. element_id: JSON pointer in the file, "" for the file as a whole."""

    file: str
    element_id: str
    message_ja: str
    remedy_ja: str


@dataclass(frozen=True)
class Option:
    """One option (or row of a matrix): the value that is stored is also its label."""

    value: str
    label: str
    hint: str = ""
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """Show or ask a field only when ``schema`` holds for the value at ``scope`` (a top-level field key)."""

    scope: str
    schema: Mapping[str, Any]
    shows: bool  #: False: the field is hidden when the condition holds


@dataclass(frozen=True)
class Field:
    """One field of a form, a column of a sub-table or a part of a group.

    required: asked in every case (conditional requirement is in the schema). form: key of the 帳票 whose record
    takes the value; also: further 帳票 that take it when they get another value. text_key: key of the companion
    text of enum+text. text_of: key of the enum that this field accompanies. open: values outside the options
    (unknown names, further parts of a group) are kept as text. options_from: name of a list of the reference data
    that the city maintains. aliases: other names under which a value may come. rows, rows_ref, rows_from: the rows
    of a matrix, what they refer to, and the source path of the list of rows. choices: the only ids that a
    reference may name. default_if: the default applies only when that field has a value. not_before, not_after:
    source paths.
    """

    key: str
    label: str
    kind: Kind
    form: str
    required: bool = False
    conditional: bool = False
    options: tuple[Option, ...] = ()
    columns: tuple[Field, ...] = ()
    rows: tuple[Option, ...] = ()
    rows_ref: RefKind | None = None
    rows_from: str | None = None
    ref: RefKind | None = None
    choices: tuple[str, ...] = ()
    options_from: str | None = None
    open: bool = False
    aliases: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    text_key: str | None = None
    text_of: str | None = None
    variable: str | None = None
    report: bool = False
    sealing: Sealing = Sealing.NEVER
    restricted: bool = False
    prefill: str | None = None
    default: Any = None
    default_if: str | None = None
    not_before: str | None = None
    not_after: str | None = None
    widget: str | None = None
    hint: str = ""
    label_en: str = ""
    true_label: str = "はい"
    false_label: str = "いいえ"
    text_label: str = ""
    date_label: str = ""
    maximum_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    minimum_items: int = 0
    maximum_items: int | None = None
    message_required: str | None = None
    rules: tuple[Rule, ...] = ()

    @property
    def chosen(self) -> bool:
        """Whether a value is chosen rather than written: 「選んでください」 instead of 「入力してください」."""
        if self.kind in (Kind.ORG, Kind.USER, Kind.REF):
            return not self.open
        return self.kind in (Kind.ENUM, Kind.MULTI, Kind.BOOL, Kind.MATRIX) and not self.columns


@dataclass(frozen=True)
class Section:
    """Fields under one heading, in the order in which they are asked."""

    label: str
    fields: tuple[Field, ...]
    hint: str = ""
    label_en: str = ""


@dataclass(frozen=True)
class Choice:
    """One thing that a reference may name."""

    id: str
    label: str


class References(Protocol):
    """What the services lend to forms: the things that fields may refer to, as far as this person may see them."""

    def resolve(self, kind: RefKind, text: str) -> str | None:
        """The id that ``text`` (id, login, number or name) means, or None when unknown or not unique."""

    def label(self, kind: RefKind, id: str) -> str | None:
        """The name to show for an id; None when unknown."""

    def choices(self, kind: RefKind) -> Sequence[Choice]:
        """What a select offers, in the order shown; may be empty for kinds that are typed (persons)."""

    def options(self, name: str) -> Sequence[str]:
        """A list of options that the city maintains (``x-options-from``), e.g. ``F13.changes``."""


@dataclass(frozen=True)
class PrefillSources:
    """Where ``x-prefill`` and ``x-default`` take their values from.

    now: aware UTC. today: Tokyo date. actor: ``org`` and ``staff`` (ids). person, case: facts by key (person has
    ``id``, ``name``, ``name_kana``, ``sex``, ``birth`` ...). records: newest data by 帳票 key. record_labels: words
    for their origin, e.g. {"F01": "相談受付・申込票（9月3日）"}. variables: of the process instance, with the
    locals of the task. parameters: dated reference values by name, e.g. {"first_review_interval": "3 months"}.
    """

    now: datetime
    today: date
    actor: Mapping[str, Any] = field(default_factory=dict)
    person: Mapping[str, Any] = field(default_factory=dict)
    case: Mapping[str, Any] = field(default_factory=dict)
    records: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    record_labels: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FormContext:
    """What a submission is read against: references, and the sources of defaults (with today and now)."""

    references: References
    sources: PrefillSources

    @property
    def today(self) -> date:
        """Tokyo date of the submission."""
        return self.sources.today

    @property
    def now(self) -> datetime:
        """Instant of the submission, aware UTC."""
        return self.sources.now


@dataclass(frozen=True)
class Submission:
    """A checked form. data: values by field key, empty ones left out. variables: values of process variables, typed
    (bool, int, text, date, aware datetime, list, object). records: data by 帳票 key, only those with a value.
    sealed, sealed_with_case, restricted: paths like ``household_members/0/name`` present in data.
    """

    data: Mapping[str, Any]
    variables: Mapping[str, Any]
    records: Mapping[str, Mapping[str, Any]]
    sealed: frozenset[str]
    sealed_with_case: frozenset[str]
    restricted: frozenset[str]


@dataclass(frozen=True)
class Prefilled:
    """Values to begin a form with, and for each key the words that say where it came from."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]


@dataclass(frozen=True)
class PresentedField:
    """One field for reading. table: rows of texts under ``headings`` for sub-tables and matrices, else empty."""

    key: str
    label: str
    text: str
    headings: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()
    masked: bool = False
    report: bool = False


@dataclass(frozen=True)
class PresentedSection:
    """Fields that have a value, under their heading."""

    label: str
    fields: tuple[PresentedField, ...]


class FormLike(Protocol):
    """One form as services and pages use it; ``engine.forms.form.Form`` is the implementation."""

    @property
    def key(self) -> str:
        """Form key: the element id for task forms, the 帳票 number for shared ones."""

    @property
    def title(self) -> str:
        """Heading, Japanese."""

    @property
    def sections(self) -> tuple[Section, ...]:
        """Fields as laid out."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """All fields in their order."""

    def submit(self, raw: Mapping[str, Any], context: FormContext) -> Submission:
        """Normalise, default, hide and check; raises FormInvalid with one sentence per field path."""

    def prefill(self, sources: PrefillSources) -> dict[str, Any]:
        """Values to begin with, from ``x-prefill`` and those ``x-default`` that are known before typing."""

    def prefilled(self, sources: PrefillSources) -> Prefilled:
        """As ``prefill``, with the origin of each value in words."""

    def mask(self, data: Mapping[str, Any], *, may_see_sealed: bool, may_see_restricted: bool = False,
             case_sealed: bool = False) -> dict[str, Any]:  # fmt: skip
        """A copy of the data with what this reader may not see replaced by the mask: the one place for masking."""

    def present(self, data: Mapping[str, Any], *, may_see_sealed: bool, may_see_restricted: bool = False,
                case_sealed: bool = False, references: References | None = None,
                ) -> tuple[PresentedSection, ...]:  # fmt: skip
        """The data for reading: sections of label and text, masked, empty fields left out."""
