"""Secrets of an installation whose database is embedded: made once, kept beside the data they protect."""

import base64
import json
import os
import secrets
from pathlib import Path

from portal.embedded.host import write_private


def missing_keys(folder: Path) -> dict[str, str]:
    """Give SECRET_KEY, KEYRING and KEYS_DIR where the environment has none; the same ones at every start."""
    kept = _kept(folder / "keys.json") | {"KEYS_DIR": str(folder.resolve() / "keys")}
    return {name: value for name, value in kept.items() if not os.environ.get(name)}


def _kept(path: Path) -> dict[str, str]:
    if not path.exists():
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        write_private(path, json.dumps({"SECRET_KEY": secrets.token_urlsafe(48), "KEYRING": f"embedded:{key}"}))
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
