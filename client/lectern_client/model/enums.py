from enum import StrEnum
from typing import Self


class OpenEnum(StrEnum):
    """Names of the API; one that this version does not know yet reads as UNSPECIFIED."""

    @classmethod
    def _missing_(cls, value: object) -> Self:
        return cls("UNSPECIFIED")
