"""The roles that a person can hold in an organisation membership (never in an account).

Codes and names are vocabulary and stand here; what a role may see is data (``workflows/reference/roles.yaml``).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Role(Enum):
    """Role code; ``name_ja`` is the label shown, ``name_en`` the English interface."""

    INTAKE_WORKER = "intake_worker"  #: takes consultations, screens, refers, records
    AGENCY_MANAGER = "agency_manager"  #: leads an agency: assigns, approves, hears of level 1
    MAC_COORDINATOR = "mac_coordinator"  #: multi-agency coordination: accepts, untangles, plans, evaluates
    OUTREACH_WORKER = "outreach_worker"  #: reaches out before and after consent
    PARTICIPATION_COORDINATOR = "participation_coordinator"  #: matches people and places, follows up
    COMMUNITY_DEVELOPER = "community_developer"  #: community resources; no personal data by default
    DIVISION_OFFICER = "division_officer"  #: officer of the division in charge; statutory decisions
    EMERGENCY_OFFICER = "emergency_officer"  #: abuse, violence, danger to life; sealed data
    SUPERVISOR = "supervisor"  #: head of a division or subsection: deadlines, escalation, override
    PROGRAMME_LEAD = "programme_lead"  #: leads the whole programme: reports, targets
    PROCESS_OWNER = "process_owner"  #: edits and deploys processes and forms; no case data
    AUDITOR = "auditor"  #: reads the audit trail
    SYSADMIN = "sysadmin"  #: accounts, organisations, settings; no case content
    CONFERENCE_MEMBER = "conference_member"  #: from outside, for one conference and a limited time

    @property
    def name_ja(self) -> str:
        """The Japanese label."""
        return _NAMES[self][0]

    @property
    def name_en(self) -> str:
        """The English label."""
        return _NAMES[self][1]


_NAMES = {
    Role.INTAKE_WORKER: ("相談支援機関職員", "Consultation worker"),
    Role.AGENCY_MANAGER: ("相談支援機関の管理者", "Agency manager"),
    Role.MAC_COORDINATOR: ("多機関協働事業者", "Multi-agency coordinator"),
    Role.OUTREACH_WORKER: ("アウトリーチ支援員", "Outreach worker"),
    Role.PARTICIPATION_COORDINATOR: ("参加支援コーディネーター", "Participation coordinator"),
    Role.COMMUNITY_DEVELOPER: ("地域づくり担当", "Community developer"),
    Role.DIVISION_OFFICER: ("担当課職員", "Division officer"),
    Role.EMERGENCY_OFFICER: ("緊急対応担当", "Emergency officer"),
    Role.SUPERVISOR: ("監督者", "Supervisor"),
    Role.PROGRAMME_LEAD: ("重層事業の所管課管理者", "Programme lead"),
    Role.PROCESS_OWNER: ("プロセス管理者", "Process owner"),
    Role.AUDITOR: ("監査・個人情報保護担当", "Auditor"),
    Role.SYSADMIN: ("システム管理者", "System administrator"),
    Role.CONFERENCE_MEMBER: ("会議構成員", "Conference member"),
}


@dataclass(frozen=True)
class RoleTraits:
    """What a role may see by itself; relation, seal and purpose narrow it further.

    ``sees_cases``: case content of its own organisation. ``division_wide``: also cases of the agencies that
    the organisation's division answers for. ``acts_on_cases``: may do case work where it sees a case.
    ``sees_resources``, ``sees_statistics``, ``reads_audit``, ``manages_accounts``, ``manages_processes``:
    the area in which the role works. ``sees_sealed``: named in the seal by its office. ``time_boxed``: the
    membership must carry an end date.
    """

    role: Role
    sees_cases: bool = False
    acts_on_cases: bool = False
    division_wide: bool = False
    sees_sealed: bool = False
    watches_deadlines: bool = False
    sees_resources: bool = False
    sees_statistics: bool = False
    reads_audit: bool = False
    manages_accounts: bool = False
    manages_processes: bool = False
    time_boxed: bool = False
