from __future__ import annotations

from engine.domain.roles import Role


def test_there_are_fourteen_roles_each_with_its_own_names():
    assert len(Role) == 14
    assert len({role.name_ja for role in Role}) == 14
    assert len({role.name_en for role in Role}) == 14


def test_a_role_is_found_by_its_code():
    assert Role("mac_coordinator").name_ja == "多機関協働事業者"
