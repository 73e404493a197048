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
RHYTHMS = {
    "daily": mark("1日1回（朝8時30分から）"),
    "at_once": mark("お知らせのたびに"),
    "never": mark("届けない"),
}
SECURITY = {
    "starttls": mark("途中から暗号化（STARTTLS）"),
    "tls": mark("最初から暗号化（TLS）"),
    "none": mark("暗号化しない（庁内の中継だけ）"),
}
MAIL_STATES = {"waiting": mark("送る前"), "sent": mark("送りました"), "failed": mark("送れませんでした")}
MAIL_PROBLEMS = {
    "connection": mark("メールサーバーにつながりません。名前とポートを確かめてください。"),
    "encryption": mark("暗号化の約束ができません。暗号化のしかたと証明書を確かめてください。"),
    "sign_in": mark("ユーザー名かパスワードが違います。"),
    "address": mark("差出人か宛先をメールサーバーが受け付けません。"),
    "refused": mark("メールサーバーが受け付けませんでした。"),
}
