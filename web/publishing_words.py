"""Words for publishing and moving, in both languages: what a comparison is about, how things came out."""

from __future__ import annotations

from engine.queries.standing import Counts
from web.i18n import gettext, mark

CHANGES = {
    "added": mark("追加"),
    "removed": mark("削除"),
    "changed": mark("変更"),
    "moved": mark("移動"),
}
THEMES = {
    "step": mark("手順"),
    "name": mark("名前"),
    "kind": mark("種類"),
    "documentation": mark("進め方の説明"),
    "lanes": mark("レーンの並び"),
    "lane": mark("レーン"),
    "entries": mark("始まり方"),
    "variable": mark("変数"),
    "timer": mark("待つ時間"),
    "event": mark("連絡・できごと"),
    "attached": mark("見張る手順"),
    "repeats": mark("繰り返し"),
    "operation": mark("システムの処理"),
    "script": mark("計算"),
    "inputs": mark("渡す値"),
    "outputs": mark("受け取る値"),
    "decision": mark("使う判定表"),
    "called": mark("呼び出す手続き"),
    "role": mark("担当できる役割"),
    "scope": mark("担当できる機関"),
    "clock": mark("期限"),
    "warn": mark("期限間近の始まり"),
    "ladder": mark("督促の段階"),
    "form": mark("様式"),
    "flags": mark("担当の決まり"),
    "stage": mark("ケースに示す段階"),
    "way": mark("進む先"),
    "condition": mark("進む条件"),
    "place": mark("図の位置"),
    "form_file": mark("様式"),
    "form_title": mark("様式の名前"),
    "form_field": mark("様式の欄"),
    "form_section": mark("様式の区切り"),
    "form_order": mark("欄の順番"),
    "form_requirement": mark("条件つきの必須"),
    "table": mark("判定表"),
    "table_row": mark("判定表の行"),
}
PUBLICATION_STATES = {
    "prepared": mark("準備中"),
    "requested": mark("承認待ち"),
    "live": mark("公開しました"),
    "refused": mark("差し戻し"),
    "withdrawn": mark("取りやめ"),
}
SCENARIO_STATES = {
    "waiting": mark("これから試します"),
    "passed": mark("合格"),
    "differs": mark("想定と違います"),
    "unusable": mark("試せません"),
}
SOURCES = {"draft": mark("下書き"), "upload": mark("図のファイル"), "version": mark("以前の版")}
FATES = {"same": mark("新しい版にもあります"), "gone": mark("新しい版にはありません")}
BATCH_STATES = {
    "mapping": mark("対応を決めています"),
    "trying": mark("試しています"),
    "tried": mark("試し終わりました"),
    "moving": mark("移しています"),
    "stopped": mark("止めています"),
    "done": mark("終わりました"),
    "undoing": mark("元に戻しています"),
    "undone": mark("元に戻しました"),
}
ITEM_STATES = {
    "waiting": mark("これから試します"),
    "movable": mark("移せます"),
    "moved": mark("移しました"),
    "refused": mark("移せません"),
    "ended": mark("終わっています"),
    "busy": mark("ほかの人が作業中です"),
    "unknown": mark("移せません"),
    "undone": mark("元に戻しました"),
    "kept": mark("元に戻せません"),
}
#: shape of each word beside its text
ITEM_SHAPES = {
    "waiting": "wait", "movable": "here", "moved": "done", "refused": "stopped", "ended": "none", "busy": "other",
    "unknown": "stopped", "undone": "held", "kept": "stopped", "passed": "done", "differs": "soon",
    "unusable": "stopped",
}  # fmt: skip


def heat_label(counts: Counts) -> str:
    """The badge of an element on the diagram: places, late ones, stopped ones."""
    parts = [gettext("%(n)sか所") % {"n": counts.here}] if counts.here else []
    if counts.late:
        parts.append(gettext("超過%(n)s") % {"n": counts.late})
    if counts.stopped:
        parts.append(gettext("停止%(n)s") % {"n": counts.stopped})
    return " ".join(parts)
