"""Words for drafts of processes, in both languages."""

from __future__ import annotations

from web.i18n import mark

REVISIONS = {
    "opened": mark("版から開いた"),
    "saved": mark("保存"),
    "restored": mark("前の保存に戻した"),
    "aside": mark("取り置き（先にほかの人が保存したため）"),
}
UNITS = {
    "business_days": mark("開庁日"),
    "business_hours": mark("開庁時間"),
    "calendar_days": mark("日"),
    "months": mark("か月"),
    "hours": mark("時間"),
}
#: whose people may do a step, in the order of the form
SCOPES = {
    "owner": mark("受け持つ機関"),
    "lead": mark("主担当機関"),
    "accepted": mark("引き受けた機関"),
    "field": mark("分野の担当課"),
    "lead_field": mark("主担当機関の担当課"),
    "city": mark("市のすべての機関"),
}
OUTLINE_DONE = {
    "changed": mark("手順の設定を保存しました。"),
    "added": mark("手順を加えました。図にも描きました。"),
    "deleted": mark("手順を消しました。図の線もつなぎ直しました。"),
    "undone": mark("一つ前の保存に戻しました。"),
}
