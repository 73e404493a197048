"""Reading a process with its forms: what the version's hash covers, and what is wrong with the files themselves."""

from __future__ import annotations

import json

import pytest

from engine.definitions.package import package_of, read_package
from tests.models import accepted_models

BPMN = accepted_models.user_task().text().encode()


def a_form(key: str, *refs: str) -> bytes:
    properties = {f"p{n}": {"$ref": ref} for n, ref in enumerate(refs)}
    return json.dumps({"key": key, "schema": {"type": "object", "properties": properties}}).encode()


@pytest.fixture
def workflows(tmp_path):
    """sample/ with one form, which takes a field of F04, which takes one of F01; F99 is nobody's."""
    (tmp_path / "sample" / "forms").mkdir(parents=True)
    (tmp_path / "forms").mkdir()
    (tmp_path / "sample" / "process.bpmn").write_bytes(BPMN)
    (tmp_path / "sample" / "forms" / "hear.json").write_bytes(a_form("hear", "F04#/schema/properties/p0", "#/x"))
    (tmp_path / "forms" / "F04.json").write_bytes(a_form("F04", "F01#/schema/properties/p0"))
    (tmp_path / "forms" / "F01.json").write_bytes(a_form("F01"))
    (tmp_path / "forms" / "F99.json").write_bytes(a_form("F99"))
    return tmp_path


def read(workflows):
    return read_package(workflows / "sample", workflows / "forms")


def test_a_package_takes_in_what_its_forms_refer_to(workflows):
    package = read(workflows)
    assert list(package.files) == ["forms/F01.json", "forms/F04.json", "process.bpmn", "sample/forms/hear.json"]
    assert package.findings == ()
    assert package.form_keys == {"F01", "F04", "hear"}


@pytest.mark.parametrize("path", ["sample/process.bpmn", "sample/forms/hear.json", "forms/F04.json", "forms/F01.json"])
def test_the_hash_changes_with_every_file_that_counts(workflows, path):
    before = read(workflows).content_hash
    (workflows / path).write_bytes((workflows / path).read_bytes() + b"\n")
    assert read(workflows).content_hash != before


def test_the_hash_does_not_change_with_a_form_that_is_not_used(workflows):
    before = read(workflows).content_hash
    (workflows / "forms" / "F99.json").write_bytes(a_form("F99", "F01#/x"))
    assert read(workflows).content_hash == before


def test_the_hash_tells_a_moved_byte_from_a_moved_boundary():
    one = package_of("p", {"process.bpmn": b"ab", "forms/A.json": b"1"})
    two = package_of("p", {"process.bpmn": b"a", "forms/A.json": b"1"})
    assert one.content_hash != two.content_hash


def test_a_shared_form_named_by_a_task_is_part_of_the_package(workflows):
    (workflows / "sample" / "process.bpmn").write_bytes(BPMN.replace(b'formKey="hear"', b'formKey="F99"'))
    assert "forms/F99.json" in read(workflows).files


def test_an_own_form_goes_before_a_shared_one_of_the_same_key(workflows):
    (workflows / "forms" / "hear.json").write_bytes(a_form("hear"))
    assert "forms/hear.json" not in read(workflows).files


def test_forms_may_refer_to_each_other_in_a_ring(workflows):
    (workflows / "forms" / "F01.json").write_bytes(a_form("F01", "F04#/x"))
    assert read(workflows).findings == ()


FAULTS = {
    "not json": ("sample/forms/bad.json", b"{", "package.json"),
    "not utf-8": ("sample/forms/bad.json", b'"\xff"', "package.json"),
    "not a number": ("sample/forms/bad.json", b'{"a": NaN}', "package.json"),
    "deep": ("sample/forms/bad.json", b"[" * 5000 + b"]" * 5000, "package.json"),
    "too big": ("sample/forms/bad.json", b'"' + b"x" * 1_100_000 + b'"', "package.size"),
    "no form": ("sample/forms/notes.txt", b"x", "package.file"),
    "odd name": ("sample/forms/two words.json", b"{}", "package.file"),
    "unknown shared form": ("sample/forms/bad.json", a_form("bad", "F55#/x"), "package.shared_form"),
    "path as key": ("sample/forms/bad.json", a_form("bad", "../../reference/roles#/x"), "package.shared_form"),
    "path in a key": ("sample/forms/bad.json", a_form("bad", "/etc/passwd#/x"), "package.shared_form"),
}


@pytest.mark.parametrize(("path", "content", "rule"), FAULTS.values(), ids=FAULTS)
def test_a_bad_file_is_a_finding(workflows, path, content, rule):
    (workflows / path).write_bytes(content)
    assert [finding.rule for finding in read(workflows).findings] == [rule]


def test_a_folder_without_a_diagram_is_a_finding(tmp_path):
    assert [finding.rule for finding in read_package(tmp_path, tmp_path).findings] == ["package.missing"]


def test_a_link_out_of_the_folder_is_not_followed(workflows):
    (workflows / "secret.json").write_bytes(a_form("secret"))
    (workflows / "sample" / "forms" / "secret.json").symlink_to(workflows / "secret.json")
    assert "sample/forms/secret.json" not in read(workflows).files


def test_too_many_forms_are_a_finding(workflows):
    for number in range(201):
        (workflows / "sample" / "forms" / f"f{number}.json").write_bytes(a_form(f"f{number}"))
    assert "package.count" in [finding.rule for finding in read(workflows).findings]


def test_a_huge_diagram_is_not_read_into_memory(workflows):
    (workflows / "sample" / "process.bpmn").write_bytes(b" " * 6_000_000)
    package = read(workflows)
    assert [finding.rule for finding in package.findings] == ["package.size"]
    assert package.bpmn == b""
