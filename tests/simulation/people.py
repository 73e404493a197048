"""The invented staff of the simulated city, in the roles and organisations of its plan, and invented consulters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random

from engine.services.engine import Engine
from engine.storage import staff

MARK = "（架空）"
EMPLOYED_SINCE = date(2025, 4, 1)
Roles = Mapping[str, list[str]]


@dataclass(frozen=True)
class Employee:
    """One person of the city. post: what the person is there for, from which the login is made."""

    id: str
    name: str
    post: str


#: (post, roles by organisation); the first twelve are a whole small city, every further one makes it larger
POSTS: tuple[tuple[str, Roles], ...] = (
    ("support-1", {"AG-04": ["intake_worker"]}),
    ("support-lead", {"AG-04": ["agency_manager", "intake_worker"]}),
    ("child-1", {"AG-03": ["intake_worker"]}),
    ("child-lead", {"AG-03": ["agency_manager", "intake_worker"]}),
    ("mac-1", {"AG-07": ["mac_coordinator"]}),
    ("mac-lead", {"AG-07": ["agency_manager", "mac_coordinator"]}),
    ("outreach-1", {"AG-08": ["outreach_worker", "participation_coordinator"]}),
    ("outreach-lead", {"AG-08": ["agency_manager", "outreach_worker"]}),
    ("women-1", {"AG-06": ["intake_worker"], "SC-04": ["emergency_officer"]}),
    ("livelihood-head", {"DV-04": ["supervisor", "division_officer"]}),
    ("policy-head", {"DV-03": ["supervisor", "division_officer"], "DV-07": ["programme_lead", "supervisor"]}),
    ("women-lead", {"AG-06": ["agency_manager", "intake_worker"], "SC-04": ["emergency_officer"]}),
    ("elderly-1", {"AG-01-1": ["intake_worker"]}),
    ("elderly-1-lead", {"AG-01-1": ["agency_manager", "intake_worker"]}),
    ("elderly-head", {"DV-01": ["supervisor"], "SC-01": ["supervisor"]}),
    ("disability-1", {"AG-02": ["intake_worker"]}),
    ("disability-lead", {"AG-02": ["agency_manager", "intake_worker"]}),
    ("disability-head", {"DV-02": ["supervisor"], "SC-02": ["supervisor"]}),
    ("support-2", {"AG-04": ["intake_worker"]}),
    ("mac-2", {"AG-07": ["mac_coordinator"]}),
    ("outreach-2", {"AG-08": ["outreach_worker"]}),
    ("participation-1", {"AG-08": ["participation_coordinator"]}),
    ("school-1", {"DV-09": ["participation_coordinator", "division_officer"]}),
    ("school-head", {"DV-09": ["supervisor", "participation_coordinator"]}),
    ("elderly-2", {"AG-01-2": ["intake_worker"]}),
    ("elderly-2-lead", {"AG-01-2": ["agency_manager", "intake_worker"]}),
    ("elderly-3", {"AG-01-3": ["intake_worker"]}),
    ("elderly-3-lead", {"AG-01-3": ["agency_manager", "intake_worker"]}),
    ("elderly-4", {"AG-01-4": ["intake_worker"]}),
    ("elderly-4-lead", {"AG-01-4": ["agency_manager", "intake_worker"]}),
    ("elderly-5", {"AG-01-5": ["intake_worker"]}),
    ("elderly-5-lead", {"AG-01-5": ["agency_manager", "intake_worker"]}),
    ("elderly-6", {"AG-01-6": ["intake_worker"]}),
    ("elderly-6-lead", {"AG-01-6": ["agency_manager", "intake_worker"]}),
    ("elderly-7", {"AG-01-7": ["intake_worker"]}),
    ("elderly-7-lead", {"AG-01-7": ["agency_manager", "intake_worker"]}),
    ("child-2", {"AG-03": ["intake_worker"]}),
    ("child-3", {"AG-03": ["intake_worker"]}),
    ("disability-2", {"AG-02": ["intake_worker"]}),
    ("support-3", {"AG-04": ["intake_worker"]}),
    ("mac-3", {"AG-07": ["mac_coordinator"]}),
    ("outreach-3", {"AG-08": ["outreach_worker"]}),
    ("participation-2", {"AG-08": ["participation_coordinator"]}),
    ("women-2", {"AG-06": ["intake_worker"]}),
    ("elderly-officer", {"SC-01": ["division_officer"]}),
    ("disability-officer", {"SC-02": ["division_officer"]}),
    ("livelihood-officer", {"SC-03": ["division_officer"]}),
    ("livelihood-section-head", {"SC-03": ["supervisor"]}),
    ("community", {"DV-08": ["community_developer"]}),
    ("auditor", {"DV-07": ["auditor"]}),
)

_FAMILY = (
    ("青木", "あおき"), ("石井", "いしい"), ("上田", "うえだ"), ("遠藤", "えんどう"), ("小川", "おがわ"),
    ("加藤", "かとう"), ("北村", "きたむら"), ("工藤", "くどう"), ("小林", "こばやし"), ("斎藤", "さいとう"),
    ("清水", "しみず"), ("杉山", "すぎやま"), ("高橋", "たかはし"), ("千葉", "ちば"), ("辻", "つじ"),
    ("寺田", "てらだ"), ("中村", "なかむら"), ("西川", "にしかわ"), ("野口", "のぐち"), ("橋本", "はしもと"),
    ("平野", "ひらの"), ("藤田", "ふじた"), ("堀", "ほり"), ("前田", "まえだ"), ("三浦", "みうら"),
    ("村上", "むらかみ"), ("森", "もり"), ("山本", "やまもと"), ("横山", "よこやま"), ("和田", "わだ"),
)  # fmt: skip
_GIVEN = (
    ("明子", "あきこ"), ("一郎", "いちろう"), ("うめ", "うめ"), ("恵美", "えみ"), ("修", "おさむ"),
    ("和夫", "かずお"), ("清", "きよし"), ("恵子", "けいこ"), ("浩二", "こうじ"), ("幸子", "さちこ"),
    ("茂", "しげる"), ("進", "すすむ"), ("節子", "せつこ"), ("孝", "たかし"), ("千代", "ちよ"),
    ("勉", "つとむ"), ("照子", "てるこ"), ("俊夫", "としお"), ("直美", "なおみ"), ("信子", "のぶこ"),
    ("春子", "はるこ"), ("久", "ひさし"), ("文子", "ふみこ"), ("誠", "まこと"), ("美咲", "みさき"),
    ("睦", "むつみ"), ("守", "まもる"), ("康子", "やすこ"), ("結", "ゆい"), ("義男", "よしお"),
)  # fmt: skip


def invented_name(chance: Random) -> tuple[str, str]:
    """A name with its reading, both in the shape of a real one; some come twice in a year."""
    (family, family_kana), (given, given_kana) = chance.choice(_FAMILY), chance.choice(_GIVEN)
    return f"{family}{given}", f"{family_kana}{given_kana}"


def hire(engine: Engine, count: int) -> list[Employee]:
    """Give the first so many posts of the city to invented people. Raises ValueError for a city that cannot work."""
    if not 12 <= count <= len(POSTS):
        raise ValueError(f"the simulated city has between 12 and {len(POSTS)} people")
    found = []
    with engine.database.write() as connection:
        for number, (post, roles) in enumerate(POSTS[:count]):
            family, family_kana = _FAMILY[number % len(_FAMILY)]
            given, given_kana = _GIVEN[(number * 7) % len(_GIVEN)]
            name = f"{family}{given}{MARK}"
            values = {
                "login": post, "name": name, "name_kana": f"{family_kana}{given_kana}", "status": "active",
                "demo": True,
            }  # fmt: skip
            roles_by_org = {org: list(names) for org, names in roles.items()}
            found.append(Employee(staff.add(connection, values, roles_by_org, EMPLOYED_SINCE), name, post))
    return found


def staffed(count: int, role: str | None = None) -> list[str]:
    """Organisations in which somebody works (in that role), in the order of the posts."""
    orgs = (org for _, roles in POSTS[:count] for org, names in roles.items() if role is None or role in names)
    return list(dict.fromkeys(orgs))
