"""The number of a case: fiscal year and serial, 令和7年度－0123 on paper, R7-0123 in addresses."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from engine.domain.wareki import ERAS, fiscal_year_label, fiscal_year_short

_ERA_BY_WRITING = {writing: era for era in ERAS for writing in (era.name, era.letter)}
_NUMBER = re.compile(r"(明治|大正|昭和|平成|令和|[MTSHR])(元|\d{1,2})(?:年度)?-?(\d{4,6})\Z")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−ー－", "-"))


@dataclass(frozen=True, order=True)
class CaseNumber:
    """Fiscal year (2025 for 令和7年度) and serial within it, from 1."""

    fiscal_year: int
    serial: int

    def __post_init__(self) -> None:
        if self.serial < 1:
            raise ValueError(f"a case number counts from 1, not {self.serial}")

    @classmethod
    def parse(cls, text: str) -> CaseNumber:
        """Read either writing, in half or full width; raises ValueError."""
        plain = "".join(unicodedata.normalize("NFKC", text).upper().split()).translate(_DASHES)
        match = _NUMBER.match(plain)
        if match is None:
            raise ValueError(f"not a case number: {text!r}")
        era = _ERA_BY_WRITING[match.group(1)]
        year = 1 if match.group(2) == "元" else int(match.group(2))
        number = cls(era.first.year + year - 1, int(match.group(3)))
        if number.url[: len(era.letter)] != era.letter:
            raise ValueError(f"no such fiscal year: {text!r}")
        return number

    def __str__(self) -> str:
        return f"{fiscal_year_label(self.fiscal_year)}－{self.serial:04d}"

    @property
    def url(self) -> str:
        """``R7-0123``."""
        return f"{fiscal_year_short(self.fiscal_year)}-{self.serial:04d}"
