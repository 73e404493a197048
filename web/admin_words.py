"""Words of the administrator's pages."""

from __future__ import annotations

from web.i18n import mark

UNITS = {
    "business_days": mark("営業日"),
    "business_hours": mark("時間（開庁時間）"),
    "calendar_days": mark("日（休日も含む）"),
    "months": mark("か月"),
    "hours": mark("時間（休日も進みます）"),
    "fiscal_years": mark("年度"),
}
LADDERS = {"standard": mark("標準"), "safety_check": mark("48時間以内の安全確認")}
OUTCOMES = {
    "new": mark("新しい職員"),
    "added": mark("役割を追加"),
    "changed": mark("変更"),
    "same": mark("そのまま"),
    "refused": mark("取り込めません"),
}
