"""Random shell scripts in a real bash among stubs, against the commands that were read, for a given time.

Prints each script of which bash started a program that the reader neither saw nor owned up to; the exit status is
then 1.
`python -m fuzz.shell --seconds 60 --seed 0`
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.properties.scripts import Bash, Script
from tests.properties.test_shell_against_bash import unseen
from tests.simulators.judging import Judging


def scripts(seed: int) -> Iterator[str]:
    """Yield scripts without end: whole ones, and ones with scraps strewn in."""
    for number in itertools.count(seed):
        random = Random(number)
        yield Script(random).line(3) if number % 2 else Script(random).text()


def main() -> int:
    """Run until the time is over."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    end = time.monotonic() + options.seconds
    judging = Judging()
    tried = missed = 0
    with tempfile.TemporaryDirectory() as folder:
        bash = Bash.in_folder(Path(folder))
        for script in scripts(options.seed):
            if time.monotonic() > end:
                break
            tried += 1
            missing = unseen(judging, bash, script)
            if missing:
                missed += 1
                print(f"{script!r}\n    started and not seen: {missing}")
    judging.close()
    print(f"{tried} scripts, {missed} with a program that was not seen")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
