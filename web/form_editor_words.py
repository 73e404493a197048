"""Words of the form editor, in both languages."""

from __future__ import annotations

from web.i18n import mark

#: what a new field may be, in the order of the page
NEW_KINDS = {
    "string": mark("短い文"),
    "text": mark("長い文"),
    "int": mark("数"),
    "date": mark("日付"),
    "bool": mark("はい・いいえ"),
    "enum": mark("一つ選ぶ"),
    "multi": mark("いくつか選ぶ"),
    "org": mark("機関を選ぶ"),
    "user": mark("職員を選ぶ"),
    "person": mark("人"),
    "programme": mark("事業を選ぶ"),
    "subtable": mark("行のある表"),
}
FIELD_KINDS = NEW_KINDS | {
    "kana": mark("かな"),
    "date_wareki": mark("日付（和暦）"),
    "datetime": mark("日時"),
    "daterange": mark("期間（日付）"),
    "interval": mark("期間の長さ"),
    "matrix": mark("表から選ぶ"),
    "group": mark("まとまり"),
    "text_date": mark("文と期日"),
    "bool_text": mark("有無と内容"),
    "address": mark("住所"),
    "tel": mark("電話番号"),
    "email": mark("メールアドレス"),
    "ref": mark("参照"),
    "attachment": mark("添付"),
    "signature": mark("署名"),
}
#: what was just done, from the address that the act led to
DONE = {
    "created": mark("様式を作りました。"),
    "removed": mark("様式を消しました。"),
    "titled": mark("様式の名前を変えました。"),
    "section-added": mark("区切りを加えました。"),
    "section-changed": mark("区切りを変えました。"),
    "section-removed": mark("区切りを消しました。中の欄は隣の区切りに移しました。"),
    "moved": mark("順番を変えました。"),
    "added": mark("欄を加えました。"),
    "taken": mark("欄を取り込みました。"),
    "changed": mark("欄を変えました。"),
    "deleted": mark("欄を消しました。"),
    "options": mark("選択肢を変えました。"),
    "columns": mark("表の列を変えました。"),
    "rule": mark("表示する条件を変えました。"),
    "requirement-removed": mark("条件つきの必須を消しました。"),
}
USES = {
    "diagram": mark("図の式や設定"),
    "table": mark("判定表"),
    "taken": mark("取り込んでいる様式"),
    "source": mark("初期値に使う様式"),
    "scenario": mark("想定ケース"),
    "operation": mark("手順の処理（この欄を読むことがあります）"),
}
