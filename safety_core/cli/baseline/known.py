"""The file of findings that are known: written on adoption, compared with ever after.

It has the form of the allow-list of `safety scan`: a fingerprint, the file, and why after a #. So an old repository can
take the check up at once: only what is new fails, and what is mended is told, so that the file grows shorter.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from safety_core.cli.scan.allow import AllowList, read_allow_list
from safety_core.cli.scan.hit import Hit, Report
from safety_core.cli.scan.report_text import allow_line

DEFAULT: Final = ".safety-baseline"

_HEAD: Final = """\
# Findings that were there when `safety baseline check` was taken up here. Only new ones fail.
# Take a line out when what it stands for is mended: the check says which.
"""


def read_known(given: Path | None, repository: Path) -> AllowList:
    """Return what is known. Raises InputError where the file is wrong, or the named one is missing."""
    return read_allow_list(given, repository / DEFAULT)


def known_text(report: Report, today: str) -> str:
    """Return the file's text with everything that a run found; what was known keeps its reason."""
    kept = [(hit, entry.reason) for hit, entry in report.allowed]
    new = [(hit, f"{hit.rule}, there on {today}") for hit in report.hits]
    return _HEAD + "".join(_lines(sorted([*kept, *new], key=lambda pair: (pair[0].path, pair[0].line))))


def _lines(pairs: Iterable[tuple[Hit, str]]) -> Iterable[str]:
    return dict.fromkeys(f"{allow_line(hit)}  # {reason}\n" for hit, reason in pairs)
