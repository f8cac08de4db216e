"""`python -m soak.reader EVIDENCE [--json]`: exit status 1 where something is wrong."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from soak.reader.reading import read


def main() -> int:
    """Read, and print."""
    report = read(Path(sys.argv[1]))
    if "--json" in sys.argv[2:]:
        print(json.dumps(asdict(report)))
    else:
        for name, number in report.numbers.items():
            print(f"{number:>10,}  {name}")
        for finding in report.findings:
            print(f"{finding.about}: {finding.what}")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
