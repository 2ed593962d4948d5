"""The rules in a record: which version sent the item where, who put it in force, what was drawn and had to be read."""

from collections.abc import Iterable
from typing import Any

from audit import ledger
from audit.ledger import Told
from portal.kit.clock import stamp
from reviews import required, sampling
from reviews.evidence.opening import ERASED
from reviews.evidence.signoff import Names, roles_title
from reviews.models import Item, PolicyVersion
from reviews.policies.document import PolicyInvalid, parse
from reviews.policies.parts import ALL_VERDICTS

_DRAWN = {"sampled": True, "not_sampled": False}


def policy(said: dict[str, Any], item: Item, name: Names) -> dict[str, Any]:
    """Tell by which version of which rules the decided revision was routed, and what they ask of its signers."""
    version = PolicyVersion.objects.select_related("policy", "proposal").get(
        policy_id=said["policy"], version=said["policy_version"]
    )
    return {
        "id": said["policy"],
        "name": version.policy.name,
        "version": said["policy_version"],
        "sha256": bytes(version.digest).hex(),
        "rule": said["rule"],
        "reasons": _reasons(said["reasons"], item),
        "sample": _sample(said, item, version),
        "asked_for": said["plan"],
        "verdicts": sorted(item.verdicts.split() or ALL_VERDICTS),
        "licences": list(item.licences),
        "applied_at": stamp(version.applied_at),
        "put_in_force": _put_in_force(version, name),
    }


def readings(item: Item, told: Iterable[Told], name: Names) -> list[dict[str, Any]]:
    """Tell every text that had to be opened before signing, and who opened it when under the rules that decided."""
    if not item.reading:
        return []
    rules = (str(item.policy_version.policy_id), item.policy_version.version)
    opened = [
        each
        for each in told
        if each.kind == "reading.opened" and (each.pub["policy"], each.pub["policy_version"]) == rules
    ]
    texts = required.texts(item)
    return [
        {
            "title": title,
            "text": texts.get(title, ""),
            "opened": [
                {"name": name(each.actor), "at": stamp(each.at)} for each in opened if each.pub["title"] == title
            ],
        }
        for title in item.reading
    ]


def _reasons(codes: list[str], item: Item) -> list[dict[str, str]]:
    """Give each reason its own sentence, also where two share a code; none where item and entry do not agree."""
    held = item.reasons if [each["code"] for each in item.reasons] == codes else [{}] * len(codes)
    return [{"code": code, "sentence": each.get("sentence", "")} for code, each in zip(codes, held, strict=True)]


def _sample(said: dict[str, Any], item: Item, version: PolicyVersion) -> dict[str, Any] | None:
    """Tell draw and share of an item whose rule samples; None where nothing was drawn."""
    drawn = next((_DRAWN[code] for code in said["reasons"] if code in _DRAWN), None)
    if drawn is None:
        return None
    return {"drawn": drawn, "draw": f"{sampling.draw(item.pk):f}", "share": _share(version, said["rule"])}


def _share(version: PolicyVersion, rule: str) -> str | None:
    """Give the share a rule sends to people; None where today's reader refuses rules written long ago."""
    try:
        rules = parse(version.text).rules
    except PolicyInvalid:
        return None
    share = next((each.sample for each in rules if each.name == rule), None)
    return None if share is None else f"{share.normalize():f}"


def _put_in_force(version: PolicyVersion, name: Names) -> dict[str, Any] | None:
    """Tell who proposed a version and who signed it; None for one that the installation itself put in force."""
    if version.proposal is None:
        return None
    told = {each.kind: each for each in ledger.story(version.proposal.pk)}
    proposed, signed = told["proposal.opened"], told["proposal.signed"]
    return {
        "proposal": str(version.proposal.pk),
        "reason": version.proposal.reason,
        "proposed_by": name(proposed.actor),
        "proposed_at": stamp(proposed.at),
        "signed_by": signed.personal.get("printed_name", ERASED),
        "role_title": roles_title([signed.pub["role"]]),
        "meaning": signed.pub["meaning"],
        "auth_method": signed.pub["auth_method"],
        "assurance": signed.pub["assurance"],
        "signed_at": stamp(signed.at),
        "content_sha256": signed.pub["content_sha256"],
        "intent_sha256": signed.pub["intent_sha256"],
        "entries": [str(proposed.eid), str(signed.eid)],
    }
