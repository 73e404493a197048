"""One list of words for states and codes, used by every page (both languages through the catalogue)."""

from __future__ import annotations

from engine.domain.deadline import DeadlineState
from engine.domain.roles import Role
from engine.queries.deadlines import DueStatus
from engine.queries.outline import StepKind
from web.formatting import clock_time, day, moment
from web.i18n import gettext, language, mark, ngettext

VIEWS = {
    "mine": mark("自分の担当"),
    "claimable": mark("引き受け待ち"),
    "upcoming": mark("予定"),
    "held": mark("保留中"),
    "done-today": mark("今日完了"),
}
ORDERS = {
    "due": mark("期限の近い順"),
    "opened": mark("新しく始まった順"),
    "case": mark("ケース番号順"),
    "process": mark("プロセス順"),
}
EMPTY_VIEWS = {
    "mine": mark("自分の担当はすべて完了しています。"),
    "claimable": mark("引き受けを待っている仕事はありません。"),
    "upcoming": mark("これから始まる予定の仕事はありません。"),
    "held": mark("保留している仕事はありません。"),
    "done-today": mark("今日完了した仕事はまだありません。"),
}
BUCKETS = {
    "late": mark("期限超過"),
    "today": mark("今日まで"),
    "soon": mark("これから2週間"),
    "later": mark("それより先"),
    "none": mark("期限なし"),
    "held": mark("保留中"),
}
BOARD_BUCKETS = {
    "late": mark("期限超過"),
    "today": mark("今日まで"),
    "week": mark("今週中"),
    "later": mark("来週以降"),
    "none": mark("期限なし"),
    "held": mark("保留中"),
}
BOARD_SIDES = {
    "person": mark("担当者ごと"),
    "org": mark("組織ごと"),
    "process": mark("プロセスごと"),
    "role": mark("役割ごと"),
}
BOARD_ACTS = {
    "hold": mark("保留する"),
    "resume": mark("再開する"),
    "extend": mark("期限を延ばす"),
    "remind": mark("催促する"),
}
RESULTS = {
    "waiting": mark("これから"),
    "done": mark("済み"),
    "changed": mark("先に変わりました"),
    "refused": mark("できません"),
    "undone": mark("元に戻しました"),
}
MOMENTS = {
    "waiting": mark("待たせているもの"),
    "coming": mark("これからのもの"),
    "fired": mark("この1時間に行ったもの"),
    "failed": mark("あきらめたもの"),
}
MOMENT_KINDS = {
    "token": mark("手続きの予定"),
    "level": mark("期限の知らせ"),
    "hold_end": mark("保留の終わり"),
}
STOPPED_JOBS = {
    "complete": mark("仕事の完了の途中で止まりました。"),
    "timer": mark("予定の時刻の処理が止まりました。"),
    "message": mark("手続きの間の知らせが届けられませんでした。"),
    "start": mark("手続きを始められませんでした。"),
    "clock": mark("期限の変更の途中で止まりました。"),
}
REFUSALS = {
    "AlreadyClaimed": mark("選んだあとに担当者が替わりました。"),
    "AlreadyCompleted": mark("もう完了しています。"),
    "NotOpen": mark("仕事の状態が変わっています。一覧を見直してください。"),
    "StaleVersion": mark("ほかの人が同時に変えました。もう一度お試しください。"),
    "NotFound": mark("見る権限がありません。ケースの担当機関の管理者に頼んでください。"),
    "NotAuthorised": mark("この仕事についての権限がありません。管理者か、役割のある人を選んでください。"),
    "CityStaffOnly": mark("市の職員だけができる仕事です。市の職員を選んでください。"),
    "FourEyes": mark("前の手順を行った人は、確認の仕事を引き受けられません。別の人を選んでください。"),
    "HoldTooLong": mark("保留できる期間を超えています。もっと早い日にしてください。"),
    "RemindedToday": mark("今日はもう催促しました。"),
}
HIT_POLICIES = {
    "U": mark("当てはまる行は一つだけです。"),
    "F": mark("上から見て、最初に当てはまる行を使います。"),
    "A": mark("いくつ当てはまっても、結果は同じです。"),
    "C": mark("当てはまる行の結果をすべて集めます。"),
    "C+": mark("当てはまる行の結果を合計します。"),
    "C<": mark("当てはまる行のうち、最も小さい結果を使います。"),
    "C>": mark("当てはまる行のうち、最も大きい結果を使います。"),
    "C#": mark("当てはまる行の数を数えます。"),
}
TASK_STATES = {
    "open": mark("引き受け待ち"),
    "claimed": mark("対応中"),
    "held": mark("保留中"),
    "completed": mark("完了"),
    "cancelled": mark("取りやめ"),
}
CASE_STATES = {"open": mark("支援中"), "suspended": mark("中断"), "closed": mark("終結")}
INSTANCE_STATES = {
    "running": mark("進行中"),
    "completed": mark("終了"),
    "cancelled": mark("取りやめ"),
    "incident": mark("止まっています（要対応）"),
}
CONSENT_STATES = {
    "given": mark("あり"),
    "partial": mark("一部"),
    "none": mark("なし"),
    "pending": mark("保留"),
    "expired": mark("期限切れ"),
    "withdrawn": mark("撤回"),
}
PLAN_STATES = {
    "draft": mark("下書き"),
    "submitted": mark("会議待ち"),
    "active": mark("実施中"),
    "superseded": mark("以前の版"),
    "rejected": mark("不承認"),
    "ended": mark("終了"),
}
PLAN_FIELDS = {
    "lead_name": mark("主担当"),
    "period_from": mark("期間の始まり"),
    "period_until": mark("期間の終わり"),
    "first_monitor_on": mark("最初のモニタリングの日"),
    "issue": mark("課題"),
    "programme_name": mark("支援の内容"),
    "org_name": mark("機関"),
    "staff_text": mark("担当者"),
    "person_does": mark("本人がすること"),
    "frequency": mark("頻度"),
    "starts_on": mark("始める日"),
    "ends_on": mark("終える日"),
    "note": mark("備考"),
}
CHANGES = {"added": mark("追加"), "removed": mark("削除"), "changed": mark("変更")}
CONTACT_MARKS = {
    "met": mark("会えた"),
    "door": mark("ドア越し・家族"),
    "absent": mark("会えず"),
    "refused": mark("断られた"),
    "letter": mark("手紙"),
}
REFERRAL_KINDS = {
    "referral": mark("つなぎ"),
    "escalation": mark("多機関協働への依頼"),
    "handoff": mark("参加支援への引継ぎ"),
}
REFERRAL_STATES = {
    "sent": mark("返事待ち"),
    "accepted": mark("引き受け"),
    "conditional": mark("条件つきで引き受け"),
    "declined": mark("引き受けられない"),
    "finished": mark("終了"),
}
RELATIONS = {
    "owner": mark("受付機関"),
    "lead": mark("主担当"),
    "carries": mark("手続きの担当"),
    "accepted": mark("つなぎ先"),
    "asked": mark("意見を求めた機関"),
    "consented": mark("同意による共有"),
    "granted": mark("個別の許可"),
    "plan_member": mark("支援プランの機関"),
    "conference_member": mark("会議の構成員"),
}
BASES = {
    "consent": mark("本人の同意"),
    "internal_use": mark("市の内部での利用（69条2項2号）"),
    "other_public_body": mark("ほかの公的機関への提供（69条2項3号）"),
    "special_reason": mark("特別の理由（69条2項4号）"),
    "shien_kaigi": mark("支援会議（社会福祉法106条の6）"),
    "abuse_law": mark("虐待防止の各法"),
    "youtaikyo": mark("要対協（児童福祉法）"),
    "women_law": mark("困難女性支援法15条"),
    "konkyu_9": mark("支援会議（生活困窮者自立支援法9条）"),
    "emergency_life": mark("生命・身体の保護"),
}
SEALS = {1: mark("限定"), 2: mark("秘匿")}
STEP_KINDS = {
    StepKind.START: mark("始まり"),
    StepKind.TASK: mark("仕事"),
    StepKind.AUTOMATIC: mark("自動"),
    StepKind.QUESTION: mark("分かれ道"),
    StepKind.JOIN: mark("合流"),
    StepKind.WAIT: mark("待つ"),
    StepKind.SEND: mark("知らせる"),
    StepKind.WATCH: mark("見張り"),
    StepKind.PART: mark("まとまり"),
    StepKind.END: mark("終わり"),
}
MARKS = {
    "here": mark("いまここ"),
    "overdue": mark("いまここ（期限超過）"),
    "waiting": mark("待っています"),
    "incident": mark("止まっています"),
    "done": mark("済み"),
}
NOTICES = {
    "assigned": mark("担当になりました"),
    "assigned_absent": mark("代理をしている人に仕事が届きました"),
    "sealed_opened": mark("秘匿の内容が開かれました"),
    "reminded": mark("催促がありました"),
    "handed_over": mark("担当が替わりました"),
    "deputy": mark("代理に登録されました"),
    "sealed_match": mark("秘匿のケースと一致する相談がありました"),
    "level:warn": mark("期限が近づいています"),
    "level:overdue": mark("期限を過ぎました"),
    "level:1": mark("期限超過の知らせ（段階1）"),
    "level:2": mark("期限超過の知らせ（段階2）"),
    "level:3": mark("期限超過の知らせ（段階3）"),
    "publication.requested": mark("公開の承認を待っています"),
    "publication.live": mark("準備した版が公開されました"),
    "publication.refused": mark("公開の依頼が差し戻されました"),
    "publication.withdrawn": mark("公開の準備が取りやめになりました"),
    "missed": mark("期限の見張りが止まっていた間に、期限が近づいたもの・過ぎたものがあります"),
}
ACTS = {
    "task.completed": mark("%(name)sを終えました"),
    "task.claimed": mark("%(name)sを引き受けました"),
    "task.released": mark("%(name)sを手放しました"),
    "task.reassigned": mark("%(name)sの担当を替えました"),
    "task.reminded": mark("%(name)sを催促しました"),
    "task.hold": mark("%(name)sを保留しました"),
    "task.resume": mark("%(name)sを再開しました"),
    "task.extend": mark("%(name)sの期限を延ばしました"),
    "case.given_back": mark("進行中の手続きがなくなり、受け持ちの機関に戻りました"),
    "task.raised": mark("%(name)sの遅れを知らせました"),
    "task.raised.warn": mark("%(name)sの期限が近いことを知らせました"),
    "task.raised.overdue": mark("%(name)sの期限を過ぎたことを知らせました"),
    "task.raised.1": mark("%(name)sの遅れを知らせました（段階1）"),
    "task.raised.2": mark("%(name)sの遅れを知らせました（段階2）"),
    "task.raised.3": mark("%(name)sの遅れを知らせました（段階3）"),
    "consent.withdraw": mark("同意の撤回を記録しました"),
    "review.request": mark("評価を早めるよう求めました"),
    "grant.give": mark("共有を許可しました"),
    "grant.end": mark("共有を終えました"),
    "instance.started": mark("%(name)sの手続きを始めました"),
    "incident.opened": mark("手続きが止まりました"),
    "record.written": mark("記録を書きました"),
    "record.corrected": mark("記録を直しました"),
    "comment.added": mark("コメントを書きました"),
    "comment.withdrawn": mark("コメントを取り消しました"),
    "attachment.added": mark("ファイルを付けました"),
    "attachment.withdrawn": mark("付けたファイルを取り消しました"),
    "sealed.opened": mark("秘匿の内容を開きました"),
    "timer.fired": mark("予定の日になりました：%(name)s"),
    "message.delivered": mark("ほかの手続きから知らせが届きました：%(name)s"),
}
OTHER_ACT = mark("手続きの記録")
FORMS = {
    "F01": "相談受付・申込票",
    "F02": "相談受付票（同意なし）",
    "F03": "インテーク・アセスメントシート",
    "F04": "つなぐシート",
    "F05": "多機関協働 支援依頼票",
    "F06": "課題整理シート",
    "F06R": "戻し票",
    "F07": "支援プラン兼利用申込書",
    "F08": "個人情報の取扱い同意書",
    "F09": "支援会議記録",
    "F10": "会議開催通知・次第",
    "F11": "重層的支援会議記録",
    "F12": "支援経過記録",
    "F13": "評価シート",
    "F14": "把握票",
    "F15": "訪問・接触記録",
    "F16": "参加支援 引継ぎ票",
    "F17": "マッチング検討シート",
    "F18": "受入先情報票",
    "F19": "体験・定着支援記録",
    "F20": "終結報告書",
    "screening": "対応方針の判断",
}


def word(table: dict[str, str], code: str) -> str:
    """The word of a code in the language of the page; the code itself when the list does not know it."""
    return gettext(table[code]) if code in table else str(code)


def role(code: str) -> str:
    """The label of a role code."""
    try:
        found = Role(code)
    except ValueError:
        return code
    return found.name_en if language() == "en" else found.name_ja


def hit_policy(sign: str) -> str:
    """What a decision table does when several rules apply, by its sign (U, F, A, C, C+ ...)."""
    return word(HIT_POLICIES, sign)


def act(code: str, name: str, level: str = "") -> str:
    """What an audit act tells, in a sentence without a full stop. level: of a raise."""
    text = gettext(ACTS.get(f"{code}.{level}") or ACTS.get(code, OTHER_ACT))
    quoted = f"「{name}」" if name and language() == "ja" else f"“{name}”" if name else gettext("仕事")
    return text.replace("%(name)s", quoted)


def form_name(key: str) -> str:
    """The title of a 帳票; a task's own form is simply its record."""
    return FORMS.get(key, gettext("仕事の記録"))


def basis(code: str) -> str:
    """The legal basis of sharing."""
    return word(BASES, code)


def due_words(due: DueStatus) -> tuple[str, str]:
    """(shape, words) of a deadline: one component for every page (shapes of the status macro)."""
    if due.state is DeadlineState.HELD:
        return "held", _held_words(due)
    if due.state is DeadlineState.NONE or due.due_at is None:
        return "none", gettext("期限なし")
    if due.state is DeadlineState.OVERDUE:
        return "late", _late_words(due)
    if due.state is DeadlineState.DUE_TODAY:
        return "soon", _today_words(due)
    return ("soon" if due.state is DeadlineState.DUE_SOON else "time"), _left_words(due)


def due_day(due: DueStatus) -> str:
    """Until when, beside the words: 「9月17日（木）まで」, with the time for deadlines in hours; today needs none."""
    if due.due_at is None or due.due_on is None or due.state is DeadlineState.DUE_TODAY:
        return ""
    until = moment(due.due_at) if due.to_the_minute else day(due.due_on)
    return gettext("%(day)sまで") % {"day": until}


def _held_words(due: DueStatus) -> str:
    if due.held_until is None:
        return gettext("保留中")
    return gettext("保留中（%(day)sに再開）") % {"day": day(due.held_until)}


def _late_words(due: DueStatus) -> str:
    if not due.days:
        return gettext("期限を過ぎました")
    return ngettext("1営業日超過", "%(n)s営業日超過", due.days) % {"n": due.days}


def _today_words(due: DueStatus) -> str:
    if due.to_the_minute:
        return gettext("今日%(time)sまで") % {"time": clock_time(due.due_at)}
    return gettext("今日まで")


def _left_words(due: DueStatus) -> str:
    if due.days is None or due.to_the_minute:
        return due_day(due)
    if due.days == 0:  # closed days until then
        return gettext("閉庁日の間に期限")
    return ngettext("あと1営業日", "あと%(n)s営業日", due.days) % {"n": due.days}
