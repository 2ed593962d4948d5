"""`make bench`: measure the paths that must stay fast and print a line for each figure."""

import argparse
import sys
import time
import traceback

from tests.benchmarks import (
    appending,
    bed,
    evidence,
    intake,
    memory,
    moving,
    pages,
    routing,
    signing,
    taking,
    verifying,
    visible,
)
from tests.benchmarks.figures import Effort

GROUPS = {
    "intake": intake.measure,
    "routing": routing.measure,
    "taking": taking.measure,
    "pages": pages.measure,
    "moving": moving.measure,
    "appending": appending.measure,
    "verifying": verifying.measure,
    "visible": visible.measure,
    "signing": signing.measure,
    "evidence": evidence.measure,
    "memory": memory.measure,
}


def main() -> int:
    """Measure the chosen groups; 1 only when something broke."""
    given = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    given.add_argument("groups", nargs="*", choices=[[], *GROUPS], help="what to measure; everything if unsaid")
    given.add_argument("--quick", action="store_true", help="one small round: shows that it works, not how fast")
    options = given.parse_args()
    effort = Effort(rounds=1 if options.quick else 5, small=options.quick)
    failed = False
    with bed.made() as made:
        for name in options.groups or GROUPS:
            began = time.monotonic()
            print(f"measuring {name} …", file=sys.stderr)
            try:
                for figure in GROUPS[name](made, effort):
                    print(figure.line, flush=True)
            except Exception:  # noqa: BLE001  the other groups are still worth their lines
                traceback.print_exc()
                failed = True
            print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
