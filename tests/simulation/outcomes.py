"""How likely each answer is that decides where a case goes, and how soon somebody turns to a kind of work."""

from __future__ import annotations

from collections.abc import Mapping

Weights = Mapping[str, float]

#: (element or "*", field) -> option -> weight; "" leaves the field empty. An option that is not named has weight 1.
CHOICES: Mapping[tuple[str, str], Weights] = {
    ("in_register", "urgency"): {"": 8, "なし": 75, "要注意": 11, "緊急": 6},
    ("in_register", "consent_application"): {"": 6, "はい": 3, "いいえ": 1},
    ("in_dupcheck", "dup_result"): {
        "該当なし": 60,
        "既存ケースに追加": 20,
        "関連ケースとして新規": 15,
        "秘匿の一致": 5,
    },
    ("in_safety", "urgency"): {"なし": 60, "要注意": 28, "緊急": 12},
    ("in_screen", "screening_result"): {
        "情報提供のみで終了": 34,
        "自機関で支援": 20,
        "他機関へつなぐ": 17,
        "多機関協働": 13,
        "アウトリーチ": 9,
        "支援会議へ付議": 7,
    },
    ("in_own", "review_result"): {"解決": 62, "専門分野・既存ネットワークで困難": 13, "継続": 25},
    ("in_answer", "answer"): {"受け入れる": 70, "受け入れない": 18, "条件付き": 12},
    ("in_refcheck", "landed"): {"利用が始まった": 80, "つながらなかった": 20},
    ("in_redirect", "redirect"): {"": 1, "もう一度つなぐ": 4, "自機関で支援": 4, "多機関協働": 2},
    ("in_approve", "approved"): {"承認": 85, "差し戻し": 15},
    ("*", "consent_result"): {"同意あり": 66, "一部同意": 14, "同意なし": 10, "保留": 10},
    ("in_refer", "consent_result"): {"": 55, "同意あり": 30, "一部同意": 7, "同意なし": 4, "保留": 4},
    ("in_refer", "sharing_basis"): {"本人の同意": 4, "69条2項2号": 2, "69条2項3号": 2},
    ("*", "sharing_basis"): {"本人の同意": 8},
    ("ma_decide", "accept_result"): {"受理": 76, "関わらない": 14, "追加情報が必要": 10},
    ("ma_meet", "met"): {"会えた": 85, "会えない": 15},
    ("ma_match", "plan_needed"): {"必要": 78, "調整だけで足りる": 22},
    ("ma_watch", "watch_result"): {"安定": 80, "悪化・再複雑化": 20},
    ("pa_check", "checked"): {"付議できる": 88, "不備あり": 12},
    ("pa_hold", "conclusion"): {"承認": 68, "条件付き承認": 14, "修正のうえ再付議": 10, "不承認": 8},
    ("pa_decide", "decision"): {"支援決定": 92, "差し戻し": 8},
    ("px_conf", "conclusion"): {"承認": 78, "条件付き承認": 10, "修正のうえ再付議": 7, "不承認": 5},
    ("px_eval", "result"): {"継続": 52, "見直し（再プラン）": 16, "終結": 22, "中断": 10},
    ("px_suspended", "suspend_result"): {"": 1, "中断を続ける": 3, "再開": 4, "終結": 2},
    ("*", "use_participation"): {"なし": 72, "利用": 28},
    ("*", "use_outreach"): {"なし": 86, "利用": 14},
    ("or_accept", "accepted"): {"受理": 85, "受理しない": 15},
    ("or_info", "kaigi"): {"付議する": 15, "付議済み": 10, "不要": 75},
    ("*", "stage"): {
        "1 把握": 12,
        "2 存在を知らせる": 18,
        "3 応答がある": 22,
        "4 会話ができる": 22,
        "5 困りごとを話す": 16,
        "6 同意・支援希望": 10,
    },
    ("*", "safety"): {"なし": 82, "要注意": 14, "緊急": 4},
    ("or_review", "review_result"): {"継続": 60, "方針変更": 15, "支援会議へ再付議": 7, "休止": 9, "終結": 9},
    ("or_recheck", "recheck_result"): {"": 1, "働きかけを再開する": 4, "休止を続ける": 3, "終結": 2},
    ("or_accompany", "accompany_course"): {"": 6, "伴走を続ける": 12, "行先を決め直す": 2},
    ("or_stable", "stable"): {"安定": 55, "まだ": 45},
    ("or_catch", "urgency"): {"なし": 76, "要注意": 17, "緊急": 7},
    ("*", "readiness"): {"": 4, "進める": 12, "まだ早い": 3, "取りやめ": 1},
    ("ph_accept", "accept"): {"受理": 75, "保留": 12, "別の施策が適切": 13},
    ("ps_propose", "choice"): {"選ぶ": 70, "別の候補": 20, "まだ": 10},
    ("ps_ask", "host_answer"): {"": 4, "可": 10, "条件付き": 3, "不可": 3},
    ("*", "judgement"): {"合う": 60, "合わない": 16, "様子を見る": 12, "段階を上げる": 6, "終了": 6},
    ("ps_eval", "result"): {"継続": 35, "見直し（再プラン）": 15, "終結": 40, "中断": 10},
    ("in_register", "urgency_kind"): {"高齢者虐待": 2, "DV": 2, "生命の危険": 3, "食料なし": 3},
}

#: what is asked only now and then though it may always be given: share of forms in which a person gives it
OFTEN: Mapping[str, float] = {
    "name": 0.94, "name_kana": 0.9, "household_members": 1, "next_recheck_on": 0.5, "excluded_orgs": 0.15,
    "outreach_org": 0.3, "route_org": 0.3, "body": 0.4, "candidates": 0.85, "consent_result": 1,
    "closing_note": 0.5, "recheck_on": 0.6, "agencies": 0.5, "ask_orgs": 0.5, "opinion_orgs": 0.2,
    "participation_org": 0.3, "next_review_on": 0.7, "programme_opinion": 0.2, "policy_feedback": 0.2,
    "shortage": 0.2, "valid_until": 0.6, "urgency_kind": 0.8,
}  # fmt: skip

#: work whose date is a rhythm, done when it comes near; everything else is taken up soon
RHYTHM = frozenset(
    {
        "in_own", "in_refcheck", "px_record", "px_monitor", "px_eval", "px_plan_end", "or_contact", "or_accompany",
        "or_stable", "or_recheck", "ma_watch", "ps_follow", "ps_trial", "ph_done", "ph_not_ready", "pa_hold",
        "pa_opinion", "px_suspended",
    }
)  # fmt: skip
