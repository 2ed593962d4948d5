"""Check the evidence beside this file, offline and without the portal's program: `python check.py`.

It needs Python 3.11 and the package `cryptography`, nothing else. It checks the checkpoint's signature, that
every entry leads to the signed root, every receipt's signature and names, and that each receipt is for the act
beside it and for an entry that is proved. The times of receipts are not checked: they live for 15 minutes.
"""

import hashlib
import json
import sys
from base64 import b64decode, urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HERE = Path(__file__).parent


class Wrong(Exception):
    """Something is not as it was signed."""


def main() -> int:
    """Check everything; print what was checked or what is wrong."""
    try:
        root, size = checkpoint()
        entries = [entry(path, root, size) for path in sorted(HERE.glob("items/*/entries/*.json"))]
        receipts = sorted(HERE.glob("items/*/receipt.jws"))
        for path in receipts:
            check_receipt(path, dict(entries))
    except (Wrong, InvalidSignature, OSError, LookupError, ValueError, StopIteration) as wrong:
        print(f"WRONG: {wrong or type(wrong).__name__}")  # noqa: T201
        return 1
    print(f"Right: a log of {size}, {len(entries)} entries in it, {len(receipts)} receipts with their acts.")  # noqa: T201
    return 0


def checkpoint() -> tuple[bytes, int]:
    """Give root and size of the checkpoint, whose signature holds."""
    text, _, block = (HERE / "checkpoint").read_text().rpartition("\n\n")
    origin, size, root = text.split("\n")[:3]
    name, _, encoded = (HERE / "log.vkey").read_text().strip().partition("+")[2].partition("+")
    public = b64decode(encoded)[1:]
    line = next(line for line in block.splitlines() if line.startswith(f"— {origin} "))
    signed = b64decode(line.rpartition(" ")[2])
    if signed[:4].hex() != name:
        raise Wrong("The checkpoint was signed with another key than log.vkey.")
    Ed25519PublicKey.from_public_bytes(public).verify(signed[4:], (text + "\n").encode())
    return b64decode(root), int(size)


def entry(path: Path, root: bytes, size: int) -> tuple[int, bytes]:
    """Give index and leaf hash of an entry that is in the log (RFC 9162, 2.1.3.2)."""
    head, _, signed = path.with_suffix(".tlog-proof").read_text().partition("\n\n")
    lines = head.split("\n")
    index, steps = int(lines[1].removeprefix("index ")), [b64decode(line) for line in lines[2:]]
    if signed != (HERE / "checkpoint").read_text():
        raise Wrong(f"{path} is proved under another checkpoint.")
    leaf = hashlib.sha256(b"\0" + path.read_bytes()).digest()
    if _root(leaf, index, size, steps) != root:
        raise Wrong(f"{path} is not in the log.")
    return index, leaf


def check_receipt(path: Path, entries: dict[int, bytes]) -> None:
    """Check one receipt against the keys, the names expected, the act beside it and the log."""
    expected = json.loads((HERE / "expected.json").read_text())
    head, claims, signature = path.read_text().split(".")
    header, said = json.loads(_b64(head)), json.loads(_b64(claims))
    if header.get("alg") not in ("EdDSA", "Ed25519") or header.get("typ") != "countersign-receipt+jwt":
        raise Wrong(f"{path} is no receipt.")
    published = json.loads((HERE / "jwks.json").read_text())["keys"]
    key = next(each["x"] for each in published if each["kid"] == header["kid"])
    Ed25519PublicKey.from_public_bytes(_b64(key)).verify(_b64(signature), f"{head}.{claims}".encode())
    if said["iss"] != expected["issuer"] or said["aud"] not in expected["audiences"].values():
        raise Wrong(f"{path} is from or for somebody else.")
    act = hashlib.sha256(b"countersign/action/v1\0" + path.with_name("act.json").read_bytes()).digest()
    if said["dec"] != "approved" or _b64(said["act"]["dig"]) != act:
        raise Wrong(f"{path} does not allow the act beside it.")
    if said["log"]["o"] != expected["origin"] or entries.get(said["log"]["i"], b"").hex() != said["log"]["h"]:
        raise Wrong(f"{path} names an entry that is not proved.")


def _root(leaf: bytes, index: int, size: int, steps: list[bytes]) -> bytes | None:
    node, last = leaf, size - 1
    for step in steps:
        if index > last or last == 0:
            return None
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + step + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + step).digest()
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def _b64(text: str) -> bytes:
    found = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if urlsafe_b64encode(found).rstrip(b"=").decode() != text.strip():
        raise Wrong("Something is not base64url.")
    return found


if __name__ == "__main__":
    sys.exit(main())
