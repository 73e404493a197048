"""What a page hides while somebody types is what the server leaves out when the form is sent, form by form."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page
from werkzeug.datastructures import MultiDict

from engine.forms.conditions import hidden_fields
from engine.forms.form import Form
from tests.unit.forms.support import KnownThings, all_forms, context
from tests.web.islands.conftest import Bench
from web.form_rendering import parse_form, render_form

pytestmark = pytest.mark.browser

RULED = [form for form in all_forms() if any(field.rules for field in form.fields)]
ROUNDS = 25

#: Chooses at random, as a person does in no hurry, and reports what would be sent and which fields are out of sight.
PLAY = """([scopes, governed, rounds]) => {
  const form = document.forms[0];
  let seed = 7;
  const dice = (sides) => { seed = (seed * 48271) % 2147483647; return seed % sides; };
  const named = (key) => [...form.elements].filter((c) => c.name === key || c.name.startsWith(key + '-'));
  const choose = (key) => {
    const controls = [...form.elements].filter((c) => c.name === key && c.type !== 'hidden');
    const picked = dice(controls.length + 1);
    controls.forEach((control, n) => {
      if (control.type === 'radio') control.checked = n === picked;
      else if (control.type === 'checkbox') control.checked = dice(2) === 1;
      else if (control.options) control.selectedIndex = dice(control.options.length);
    });
  };
  return Array.from({ length: rounds }, () => {
    scopes.forEach(choose);
    form.dispatchEvent(new Event('change', { bubbles: true }));
    return {
      sent: [...new FormData(form)],
      hidden: governed.filter((key) => named(key).every((control) => control.closest('[hidden]'))),
    };
  });
}"""


@pytest.mark.parametrize("form", RULED, ids=lambda form: f"{form.process_key or 'shared'}-{form.key}")
def test_the_page_hides_what_the_server_leaves_out(bench: Bench, page: Page, form: Form) -> None:
    governed = [field.key for field in form.fields if field.rules]
    scopes = sorted({rule.scope for field in form.fields for rule in field.rules})
    page.goto(bench.page(f"<form>{render_form(form, {}, references=KnownThings())}</form>"))
    rounds = page.evaluate(PLAY, [scopes, governed, ROUNDS])
    assert len({tuple(shown["hidden"]) for shown in rounds}) > 1, "no choice changed what is shown"
    for shown in rounds:
        data, _ = form.review(parse_form(form, MultiDict(map(tuple, shown["sent"]))), context())
        left_out = hidden_fields(form.fields, data)
        assert set(shown["hidden"]) == left_out & set(governed), shown["sent"]
