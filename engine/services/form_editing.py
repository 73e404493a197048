"""The forms of a draft: which there are, what one of them asks, and every edit as a revision of the draft.

A draft holds the files of a version, also copies of the 帳票 (shared forms): changing one changes it for this process.
What is kept was read by the form library together with all other forms of the draft; anything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from engine.definitions.elements import BpmnModel, Variable
from engine.definitions.rules.forms import fits
from engine.domain.errors import DefinitionRefused, FormInvalid, NotFound
from engine.domain.staff import Actor
from engine.forms import editing, links
from engine.forms.api import Field, FormContext, Prefilled
from engine.forms.editing import Document
from engine.forms.field_edits import (
    NewField,
    Settings,
    Spot,
    field_added,
    field_changed,
    field_removed,
    field_taken,
    fields_named_in,
    reference_of,
    requirement_removed,
    schema_at,
)
from engine.forms.form import Form
from engine.forms.library import FormLibrary
from engine.forms.option_edits import options_of
from engine.forms.reading import read_document
from engine.services import deployments, drafting
from engine.services import editing as draft_editing
from engine.services.engine import Engine
from engine.services.form_context import form_context
from engine.services.publishing import variable_kind
from engine.services.task_forms import OpenForm

Edit = Callable[[Document], Document]
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True)
class FormLine:
    """One form. tasks: (element id, name) of the steps that ask it; takers: titles of the forms that take from it."""

    key: str
    title: str
    shared: bool
    fields: int
    tasks: tuple[tuple[str, str], ...]
    takers: tuple[str, ...]


@dataclass(frozen=True)
class Forms:
    """The forms of one revision of a draft. files: all of it."""

    process_key: str
    revision: int
    files: Mapping[str, bytes]

    @cached_property
    def form_files(self) -> dict[str, bytes]:
        """The form files by path."""
        return {path: content for path, content in self.files.items() if path.endswith(".json")}

    @cached_property
    def model(self) -> BpmnModel | None:
        """The diagram, None while it cannot be read."""
        return draft_editing.model_of(self.files)

    @cached_property
    def documents(self) -> dict[str, Document]:
        """Every form's document as it is written: by form key, those of called processes by path."""
        found: dict[str, Document] = {}
        for path, content in sorted(self.form_files.items()):
            owner = path.partition("/")[0]
            name = editing.key_of(path) if owner in ("forms", self.process_key) else path
            document, _ = read_document(path, content)
            if document is not None and (name not in found or owner == self.process_key):
                found[name] = document
        return found

    @cached_property
    def keys(self) -> frozenset[str]:
        """Keys of the process's own forms and of the shared ones."""
        own = (f"{self.process_key}/forms/", "forms/")
        return frozenset(editing.key_of(path) for path in self.form_files if path.startswith(own))

    @cached_property
    def takers(self) -> dict[str, tuple[str, ...]]:
        """For each form from which fields are taken: the titles of the forms that take them."""
        return links.taken_by(self.documents)

    @cached_property
    def library(self) -> FormLibrary | None:
        """The forms as the library reads them, None while it does not take them."""
        try:
            return FormLibrary.load(self.form_files)
        except DefinitionRefused:
            return None

    def path(self, key: str) -> str:
        """Where the form of that key lies: the process's own, else the shared one. Raises NotFound."""
        for path in (self.own_path(key), f"forms/{key}.json"):
            if path in self.files:
                return path
        raise NotFound("form")

    def own_path(self, key: str) -> str:
        """Where an own form of that key lies or would lie."""
        return f"{self.process_key}/forms/{key}.json"

    def document(self, key: str) -> Document:
        """The document of a form. Raises NotFound; FormInvalid for one that cannot be edited here."""
        return editing.read(self.files[self.path(key)])

    def form(self, key: str) -> Form | None:
        """The form as it would be asked, None while the forms are not taken."""
        self.path(key)
        return self.library.form(key, self.process_key) if self.library is not None else None

    def is_shared(self, key: str) -> bool:
        """Whether it is a 帳票 that other processes have as well."""
        return self.path(key) != self.own_path(key)


def forms_of(engine: Engine, actor: Actor, process_key: str, revision: int | None = None) -> Forms:
    """The forms of the open draft (of an earlier revision). Raises NotFound, NotAuthorised."""
    draft = drafting.current(engine, actor, process_key)
    if draft is None:
        raise NotFound("draft")
    number = draft.revision if revision is None else revision
    return Forms(process_key, number, drafting.files(engine, actor, process_key, number))


# ---------------------------------------------------------------- what there is


def lines(forms: Forms) -> tuple[FormLine, ...]:
    """Every form of the process itself, own ones first, in the order of their keys."""
    found = [_line(forms, key) for key in sorted(forms.keys)]
    return (*(one for one in found if not one.shared), *(one for one in found if one.shared))


def _line(forms: Forms, key: str) -> FormLine:
    form, title = forms.form(key), forms.documents.get(key, {}).get("title")
    fields = sum(field.text_of is None for field in form.fields) if form is not None else 0
    return FormLine(key, title if isinstance(title, str) else key, forms.is_shared(key), fields,
                    tasks_of(forms, key), forms.takers.get(key, ()))  # fmt: skip


def tasks_of(forms: Forms, key: str) -> tuple[tuple[str, str], ...]:
    """(element id, name) of the steps that ask a form."""
    tasks = forms.model.user_tasks if forms.model is not None else ()
    return tuple((one.id, one.label) for one in tasks if one.task is not None and one.task.form_key == key)


def without_form(forms: Forms) -> tuple[tuple[str, str, str], ...]:
    """(element id, name, form key) of the steps whose form does not exist."""
    tasks = forms.model.user_tasks if forms.model is not None else ()
    return tuple(
        (one.id, one.label, one.task.form_key)
        for one in tasks
        if one.task is not None and one.task.form_key not in forms.keys
    )


def sheets(engine: Engine, forms: Forms) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    """The 帳票 from which fields may be taken, those new to the draft too: key -> title, (key, label) of each field."""
    found = {}
    for key, (form, _) in _shared_forms(engine, forms).items():
        fields = tuple((field.key, field.label) for field in form.fields if field.text_of is None)
        found[key] = (form.title, fields)
    return found


def _shared_forms(engine: Engine, forms: Forms) -> dict[str, tuple[Form, Mapping[str, bytes]]]:
    """Shared forms by key, with the files that they stand on; the draft's copies go before the installation's."""
    folder = engine.settings.workflows / deployments.SHARED_FORMS
    files = {f"forms/{file.name}": file.read_bytes() for file in sorted(folder.glob("*.json"))}
    files |= {path: content for path, content in forms.form_files.items() if path.startswith("forms/")}
    try:
        library = FormLibrary.load(files)
    except DefinitionRefused:
        return {}
    keys = library.keys()
    return {key: (library.form(key), {path: files[path] for path in library.files_for(key)}) for key in keys}


def fitting_variables(forms: Forms, key: str, field: Field) -> tuple[Variable, ...]:
    """The declared variables that take what the field gives, and the results of the steps that ask the form."""
    if forms.model is None:
        return ()
    kind = variable_kind(field)
    declared = [one for one in forms.model.variables if fits(kind, one.type)]
    asked = [forms.model.elements[element_id] for element_id, _ in tasks_of(forms, key)]
    results = {one.multi_instance.output_item for one in asked if one.multi_instance is not None} - {""}
    return (*declared, *(Variable(name, kind) for name in sorted(results)))


# ---------------------------------------------------------------- changing


def change(engine: Engine, actor: Actor, forms: Forms, key: str, edit: Edit, *, now: datetime) -> None:
    """Keep an edit of a form as the next revision of the draft; one that changes nothing keeps nothing.

    forms: as the person saw them. Raises NotFound, NotAuthorised, FormInvalid for what is refused, DraftTaken when
    somebody saved since.
    """
    before = forms.document(key)
    after = edit(before)
    if editing.written(after) != editing.written(before):  # columns are ordered, mappings are equal in any order
        _keep(engine, actor, forms, forms.path(key), after, now)


def take(
    engine: Engine, actor: Actor, forms: Forms, key: str, section: int, source: tuple[str, str], *, now: datetime
) -> None:
    """Take a field of a 帳票 (``source``: its key, the field's key) into a form; a 帳票 new to the draft comes along.

    Where the 帳票 fills a variable that this process does not have, the taken field fills none. Raises as ``change``.
    """
    sheet, field_key = source
    shared = _shared_forms(engine, forms)
    known = next((one for one in shared[sheet][0].fields if one.key == field_key), None) if sheet in shared else None
    if known is None or known.text_of is not None or sheet == key:
        raise FormInvalid({"from": "取り込む欄を選んでください。"})
    after = field_taken(forms.document(key), section, sheet, field_key)
    if known.variable is not None and known.variable not in {v.name for v in fitting_variables(forms, key, known)}:
        schema_at(after, Spot(field_key))["x-variable"] = False
    more = {path: content for path, content in shared[sheet][1].items() if path not in forms.files}
    _keep(engine, actor, forms, forms.path(key), after, now, more)


def create(
    engine: Engine, actor: Actor, forms: Forms, key: str, title: str, first: NewField, *, now: datetime
) -> None:  # fmt: skip
    """A new form of the process with its first field. Raises FormInvalid where the key is taken, and as ``change``."""
    if not _KEY.fullmatch(key):
        raise NotFound("form")
    if key in forms.keys:
        raise FormInvalid({"form": "この様式はもうあります。"})
    document = field_added(editing.new_form(key, title), 0, first)
    _keep(engine, actor, forms, forms.own_path(key), document, now)


def remove(engine: Engine, actor: Actor, forms: Forms, key: str, *, now: datetime) -> None:
    """Take away a form of the process that no step asks and no form takes from. Raises FormInvalid, as ``change``."""
    line, path = _line(forms, key), forms.path(key)
    if line.shared or line.tasks or line.takers:
        raise FormInvalid({"form": "使われている様式は消せません。手順の様式や取り込みを先に替えてください。"})
    editing.require_loadable({name: content for name, content in forms.form_files.items() if name != path})
    drafting.save_files(engine, actor, forms.process_key, {path: None}, seen=forms.revision, now=now)


def _keep(
    engine: Engine, actor: Actor, forms: Forms, path: str, document: Document, now: datetime,
    more: Mapping[str, bytes] | None = None,
) -> None:  # fmt: skip
    """Save a document that the library takes. more: files that come along."""
    editing.judged({**forms.form_files, **(more or {})}, path, document)
    changed = {**(more or {}), path: editing.written(document)}
    drafting.save_files(engine, actor, forms.process_key, changed, seen=forms.revision, now=now)


# ---------------------------------------------------------------- guarded edits


def settings_changed(forms: Forms, key: str, spot: Spot, settings: Settings) -> Edit:
    """Another label, hint, requirement or variable of a field; only a declared variable that fits."""
    field = (forms.form(key) or _unreadable()).field(spot.key)
    fitting = {one.name for one in fitting_variables(forms, key, field)} | {"", field.variable or ""}
    if settings.variable not in fitting:
        raise FormInvalid({"variable": "宣言された変数のうち、種類の合うものを選んでください。"})

    def edit(document: Document) -> Document:
        reference = reference_of(schema_at(document, Spot(spot.key)))
        base = links.taken_from(forms.documents, reference[0] or key, reference[1]) if reference else None
        return field_changed(document, spot, settings, base)

    return edit


def without_field(forms: Forms, key: str, field_key: str) -> Edit:
    """Without a field, unless another form takes it."""
    links.require_not_taken(forms.documents, key, field_key)
    form = forms.form(key)
    conditions = form.schema.get("allOf", []) if form is not None else []  # those taken from a 帳票 too
    if any(field_key in fields_named_in(item) for item in conditions):
        raise FormInvalid({"delete": "条件つきの必須に使われています。先にそれを直してください。"})
    return lambda document: field_removed(document, field_key)


def without_requirement(forms: Forms, key: str, number: int) -> Edit:
    """Without a conditional requirement, unless another form takes one by its place."""
    links.require_places_free(forms.documents, key, "/schema/allOf", number)
    return lambda document: requirement_removed(document, number)


def arranged(forms: Forms, key: str, edit: Edit) -> Edit:
    """An edit of the order of sections or fields, unless another form takes a section by its place."""
    links.require_places_free(forms.documents, key, "/ui/elements", 0)
    return edit


def with_options(forms: Forms, key: str, spot: Spot, edit: Edit) -> Edit:
    """An edit of options, unless a form that takes the field compares it with one that would be gone."""

    def guarded(document: Document) -> Document:
        after = edit(document)
        gone = frozenset(options_of(schema_at(document, spot)) or ()) - set(options_of(schema_at(after, spot)) or ())
        if not spot.column:
            links.require_options_free(forms.documents, key, spot.key, gone)
        return after

    return guarded


def _unreadable() -> Form:
    raise FormInvalid({"form": "様式に誤りがあるため、変えられません。先に誤りを直してください。"})


# ---------------------------------------------------------------- preview


@contextmanager
def preview(engine: Engine, actor: Actor, form: Form, *, now: datetime) -> Iterator[OpenForm]:
    """The form as somebody would meet it at a new case of the actor's organisation; use it inside the ``with`` only."""
    org_id = min(actor.org_ids, default="")
    with engine.database.read() as connection:
        context: FormContext = form_context(engine, connection, actor, case=None, org_id=org_id, variables={}, now=now)
        prefilled: Prefilled = form.prefilled(context.sources)
        yield OpenForm(form, context, prefilled)
