"""Folding of names and other text for search, and checks of readings (ふりがな).

Two people write one name in many ways: half and full width, hiragana and katakana, with and without voiced marks
(なかしま, なかじま), 髙橋 and 高橋, 齊藤 and 斎藤. The folded form is the same for all of them; it is made once
when a row is stored and once for what a person types. It finds too much rather than too little and is never shown.
"""

from __future__ import annotations

import unicodedata

_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)} | {ord("ヽ"): "ゝ", ord("ヾ"): "ゞ"}
_FULL_SIZE = str.maketrans("ぁぃぅぇぉっゃゅょゎゕゖゐゑを", "あいうえおつやゆよわかけいえお")
_REPEATED = "々〻ゝ"
_LENGTH_MARK = "ー"

#: Groups between spaces: the first character stands for all others. Name variants of 戸籍 and 住民票 practice.
_VARIANTS = (
    "斎斉齊齋 高髙 崎﨑嵜 浜濱濵 辺邊邉 沢澤 島嶋嶌 広廣 国國 真眞 曽曾 桜櫻 滝瀧 竜龍 "
    "槙槇 淵渕渊 薮藪籔 富冨 恵惠 徳德 栄榮 実實 寿壽 会會 学學 豊豐 条條 万萬 与與 来來 "
    "礼禮 黒黑 黄黃 円圓 鉄鐵 関關 静靜 児兒 団團 浅淺 将將 専專 従從 恒恆 戸戶 収收 "
    "数數 晋晉 暁曉 楽樂 様樣 歩步 気氣 満滿 渋澁澀 焼燒 為爲 独獨 画畫 当當 発發 尽盡 "
    "秘祕 稲稻 穂穗 穣穰 並竝 粋粹 経經 総總 縄繩 声聲 粛肅 台臺 旧舊 荘莊 蔵藏 芸藝 "
    "薬藥 芦蘆 処處 蛍螢 衛衞 装裝 覚覺 観觀 読讀 変變 譲讓 予豫 頼賴 賛贊 軽輕 弁辨瓣辯 "
    "遥遙 遅遲 村邨 郷鄕 医醫 釈釋 録錄 鎮鎭 険險 随隨 隠隱 双雙 霊靈 顕顯 飲飮 余餘 "
    "駅驛 鴎鷗 鶏鷄 鶴靏靍 塩鹽 麦麥 黙默 歯齒 亀龜 吉𠮷 土圡 柳栁 桑桒 柏栢 館舘 体體躰 "
    "凛凜 尭堯 亘亙 巌巖 弥彌 祢禰 園薗 刈苅 橋槗𣘺 峰峯 岳嶽 群羣 松枩 梅楳 杉椙 桧檜 "
    "諌諫 増增 兎兔 蝉蟬 鯵鰺 頬頰 侠俠 倶俱 呑吞 唖啞 噛嚙 嘘噓 掴摑 梼檮 涜瀆 潅灌 "
    "痩瘦 祷禱 箪簞 繍繡 繋繫 莱萊 蒋蔣 蝋蠟 醤醬 顛顚 "
)
_VARIANT_MAP = {ord(other): group[0] for group in _VARIANTS.split() for other in group[1:]}


def fold(text: str) -> str:
    """The search form of a text: names, readings, numbers, romaji.

    Width, case, kana script, small kana, voiced marks, accents, variant kanji, variation selectors and repetition
    marks are folded; spaces, punctuation, hyphens and length marks are removed. Folding twice changes nothing.
    """
    voiced = text.replace("゛", "\u3099").replace("゜", "\u309a")
    plain = [c for c in unicodedata.normalize("NFKD", voiced) if not unicodedata.category(c).startswith("M")]
    one_script = "".join(plain).casefold().translate(_TO_HIRAGANA).translate(_FULL_SIZE).translate(_VARIANT_MAP)
    kept = (c for c in one_script if unicodedata.category(c)[0] in "LN" and c != _LENGTH_MARK)
    return _repeat_written_out("".join(kept))


def _repeat_written_out(text: str) -> str:
    """佐々木 as 佐佐木: a repetition mark is replaced by the character before it."""
    written: list[str] = []
    for character in text:
        written.append(written[-1] if character in _REPEATED and written else character)
    return "".join(written)


def to_hiragana(text: str) -> str:
    """Readings in hiragana: katakana (also half width) turned, everything else kept."""
    return unicodedata.normalize("NFKC", text).translate(_TO_HIRAGANA)


def is_reading(text: str) -> bool:
    """Whether a text is a reading in hiragana: kana, length mark, middle dot, spaces; not empty."""
    letters = [c for c in text if c not in " 　・ー"]
    return bool(letters) and all("ぁ" <= c <= "ゖ" or c in "ゝゞ" for c in letters)
