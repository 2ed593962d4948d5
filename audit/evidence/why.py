"""Why an item stopped for people, as evidence prints it: the rule, who put it in force, draws, routing anew. Pure."""

from collections.abc import Mapping
from typing import Any

from audit.evidence import texts
from audit.evidence.texts import printed

ROWS = 60
_Record = Mapping[str, Any]
_VERDICTS = {
    "approve": "approve", "reject": "reject", "change": "change the proposal", "send_back": "send back to the flow",
}  # fmt: skip
_SEEDED = "by the installation itself, when it was set up"


def why(record: _Record) -> dict[str, Any]:
    """Give the reasons and rules of the decided revision, and how it came to them."""
    policy = record["policy"]
    return {
        "reasons": [texts.visible(each["sentence"] or texts.worded(each["code"])) for each in policy["reasons"][:ROWS]],
        "automatic": record["decision"]["basis"] == "policy",
        "rule": texts.visible(policy["rule"] or "the fallback of the rules"),
        "name": texts.visible(policy["name"]),
        "version": policy["version"],
        "digest": texts.digest(policy["sha256"]),
        "in_force": _in_force(policy),
        "in_force_reason": _in_force_reason(policy),
        "sample": _sample(policy.get("sample")),
        "licences": texts.visible(", ".join(policy.get("licences", []))),
        "verdicts": _verdicts(policy.get("verdicts", [])),
        "rerouted": [_rerouted(each, n) for n, each in enumerate(record["revisions"]) if each.get("rerouted")],
    }


def _in_force(policy: _Record) -> str:
    """Say who proposed the version and who signed it; nothing where the record is older than proposals."""
    if "put_in_force" not in policy:
        return ""
    made = policy["put_in_force"]
    if made is None:
        return f"{texts.moment(policy['applied_at'])}, {_SEEDED}"
    proposed = f"proposed by {made['proposed_by']}, {texts.moment(made['proposed_at'])}"
    signed = f"signed by {made['signed_by']} as {made['role_title']}, {made['meaning']}"
    return texts.visible(f"{proposed}; {signed}, {texts.moment(made['signed_at'])}")


def _in_force_reason(policy: _Record) -> Any:
    made = policy.get("put_in_force")
    return printed(made["reason"], "/policy/put_in_force/reason") if made and made["reason"] else None


def _sample(sample: _Record | None) -> str:
    """Say what was drawn, against which share."""
    if sample is None:
        return ""
    said = "drawn for review" if sample["drawn"] else "not drawn for review"
    share = f"the share that goes to people is {sample['share']}" if sample["share"] else "the share is in the rules"
    return texts.visible(f"{said}: the draw of this item is {sample['draw']}, {share}")


def _verdicts(allowed: list[str]) -> str:
    """Say what signers may say where the rule leaves something out."""
    left_out = len(allowed) < len(_VERDICTS)
    return texts.visible(", ".join(_VERDICTS.get(each, each) for each in allowed)) if left_out else ""


def _rerouted(revision: _Record, n: int) -> dict[str, Any]:
    told = revision["rerouted"]
    return {
        "revision": revision["revision"],
        "by": texts.visible(told["by"]),
        "at": texts.moment(told["at"]),
        "from": told["from_version"],
        "to": told["to_version"],
        "reason": printed(told["reason"], f"/revisions/{n}/rerouted/reason"),
    }
