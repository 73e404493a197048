"""Words for drafts of processes, in both languages."""

from __future__ import annotations

from web.i18n import mark

REVISIONS = {
    "opened": mark("版から開いた"),
    "saved": mark("保存"),
    "restored": mark("前の保存に戻した"),
    "aside": mark("取り置き（先にほかの人が保存したため）"),
}
