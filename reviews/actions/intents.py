"""Intents: what a person is about to sign, frozen; made again at signing, when every part must come out the same."""

import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import canonical, exhibits
from portal.accounts import access, ceremony
from portal.accounts.models import User
from portal.kit.clock import now, stamp
from portal.kit.ids import new_id
from portal.kit.problems import NotFound, Problem
from reviews import acts, guards, lifecycle
from reviews.actions import changing, signable
from reviews.actions.signable import Content
from reviews.models import Item, SignIntent
from reviews.turns import Turn
from reviews.words import Verdict

LIFE = timedelta(minutes=5)


class IntentSpent(Problem):
    """The intent was used or is too old."""

    code = "intent_spent"
    status = 409
    title = "This signing attempt cannot be used any more"


class ContentChanged(Problem):
    """What is stored is not what the intent names."""

    code = "content_changed"
    status = 409
    title = "What you saw is not what would be signed"


@dataclass(frozen=True, slots=True)
class Pending:
    """What the signing dialog shows of an intent that waits for its ceremony."""

    id: UUID
    item: Item
    revision: int
    verdict: str
    statement: str
    meaning: str
    role: str
    printed_name: str
    reason: str
    changes: list[dict[str, str]]
    plan: list[str]
    action_sha256: str
    shown_sha256: str
    intent_sha256: str
    challenge: bytes
    expires_at: datetime
    needs_code: bool
    factors: tuple[str, ...]


def freeze(what: Content, *, by: User, session_ref: str, verdict: Verdict, reason: str) -> SignIntent:
    """Write an intent for exactly this content."""
    item, shown = what.item, _shown(what)
    body = _bound(what, by, verdict, shown) | {
        "reason": reason.strip(),
        "nonce": canonical.b64url(secrets.token_bytes(16)),
        "exp": stamp(now() + LIFE),
    }
    content_of_body = canonical.strict_bytes(body)
    scope = lifecycle.scope(item)
    return SignIntent.objects.create(
        id=new_id(),
        user=by,
        session_ref=session_ref,
        item=item,
        item_version=item.version,
        item_rev=what.revision,
        slot_id=what.slot_id,
        changes_id=changing.sealed(what.change.overrides, item) if what.change else None,
        action_sha256=acts.digest(what.act),
        shown_sha256=canonical.prefixed(canonical.SHOWN, shown),
        shown_id=exhibits.seal(shown, scope=scope).pk,
        body_id=exhibits.seal(content_of_body, scope=scope).pk,
        verdict=verdict,
        meaning=what.meaning,
        role=what.role,
        on_behalf_of=what.turn.on_behalf_of,
        break_glass_id=what.turn.capacity.emergency,
        licence=what.turn.licence,
        challenge=canonical.prefixed(canonical.SIGN_INTENT, content_of_body),
        expires_at=now() + LIFE,
    )


def made_again(intent: SignIntent, item: Item, turn: Turn) -> tuple[Content, dict[str, Any]]:
    """Make again what was frozen, from what is stored now, and give it with the intent's body.

    Raises ContentChanged unless act, plan, statement and everything that was shown come out the same.
    """
    try:
        return _made_again(intent, item, turn)
    except exhibits.Damaged:
        raise ContentChanged("The stored content is damaged. Tell your administrator.") from None


def _made_again(intent: SignIntent, item: Item, turn: Turn) -> tuple[Content, dict[str, Any]]:
    overrides = changing.opened(intent.changes_id) if intent.changes_id else None
    what = signable.content(item, turn, overrides, by=intent.user)
    shown, body_bytes = _shown(what), exhibits.open(intent.body_id)
    body: dict[str, Any] = json.loads(body_bytes)
    same = (
        acts.digest(what.act) == bytes(intent.action_sha256),
        exhibits.open(intent.shown_id) == shown,
        canonical.prefixed(canonical.SHOWN, shown) == bytes(intent.shown_sha256),
        canonical.prefixed(canonical.SIGN_INTENT, body_bytes) == bytes(intent.challenge),
        body | canonical.normalised(_bound(what, intent.user, Verdict(intent.verdict), shown)) == body,
        (what.slot_id, what.meaning, what.role) == (intent.slot_id, intent.meaning, intent.role),
        what.revision == intent.item_rev,
    )
    if not all(same):
        raise ContentChanged("The stored content differs from what you saw. Tell your administrator.")
    return what, body


def mine(intent_id: UUID, *, by: User, session_ref: str) -> SignIntent:
    """Find an intent of this person in this session, or raise NotFound."""
    intent = SignIntent.objects.filter(pk=intent_id, user=by, session_ref=session_ref).first()
    if intent is None:
        raise NotFound("There is no such signing attempt of yours in this session. Start again.")
    return intent


def pending(intent_id: UUID, *, by: User, session_ref: str) -> Pending:
    """Give what the signing dialog shows of an intent. Raises NotFound or IntentSpent."""
    intent = mine(intent_id, by=by, session_ref=session_ref)
    guards.insist(guards.why_not_see(access.of(by), intent.item))
    if intent.used_at is not None or intent.expires_at <= now():
        raise spent()
    body, shown = (json.loads(exhibits.open(each)) for each in (intent.body_id, intent.shown_id))
    profile = ceremony.PROFILES[intent.item.queue.profile]
    allowed = ceremony.sufficient(body.get("factors", ()))
    return Pending(
        id=intent.pk,
        item=intent.item,
        revision=intent.item_rev,
        verdict=intent.verdict,
        statement=body["statement"],
        meaning=intent.meaning,
        role=intent.role,
        printed_name=by.printed_name,
        reason=body["reason"],
        changes=shown.get("changes", []),
        plan=shown.get("plan", []),
        action_sha256=bytes(intent.action_sha256).hex(),
        shown_sha256=bytes(intent.shown_sha256).hex(),
        intent_sha256=bytes(intent.challenge).hex(),
        challenge=bytes(intent.challenge),
        expires_at=intent.expires_at,
        needs_code=ceremony.needs_code(by, session_ref=session_ref, profile=profile, allowed=allowed),
        factors=tuple(sorted(allowed)),
    )


def spent() -> IntentSpent:
    """Give the refusal of an intent that was used or is too old."""
    return IntentSpent("This signing attempt was used already or is older than five minutes. Start again.")


def _shown(what: Content) -> bytes:
    """Write down what is put before the signer; salted through the act."""
    item, change = what.item, what.change
    told = {
        "item": str(item.pk),
        "revision": what.revision,
        "document": what.digest.hex(),
        "act": what.act,
        "reasons": item.reasons,
        "rule": item.rule,
        "policy_version": str(item.policy_version_id),
    }
    if change is not None:
        steps = [
            {"pointer": each.pointer, "title": each.title, "from": each.before, "to": each.after}
            for each in change.steps
        ]
        told |= {"changes": steps, "plan": change.plan, "queue": str(change.queue_id), "direction": change.direction}
    return canonical.strict_bytes(told)


def _bound(what: Content, by: User, verdict: Verdict, shown: bytes) -> dict[str, Any]:
    """Give the part of the intent that follows from what is signed; its hash is the challenge (EVIDENCE, R3)."""
    return (
        {
            "v": 1,
            "typ": "countersign.sign-intent",
            "item": str(what.item.pk),
            "item_rev": what.revision,
            "action_sha256": acts.digest(what.act).hex(),
            "shown_sha256": canonical.prefixed(canonical.SHOWN, shown).hex(),
            "meaning": what.meaning,
            "statement": _statement(what, verdict),
            "verdict": verdict.value,
            "signer": str(by.pk),
            "role": what.role,
            "policy_ver": str(what.item.policy_version_id),
        }
        | _standing_in(what.turn)
        | ({"factors": sorted(what.factors)} if what.factors else {})
        | ({"plan": what.change.plan} if what.change else {})
    )


def _standing_in(turn: Turn) -> dict[str, Any]:
    """Give in whose name, by which emergency access and under which licence; nothing where none applies."""
    given = {
        "on_behalf_of": str(turn.on_behalf_of.pk) if turn.on_behalf_of else None,
        "break_glass": str(turn.capacity.emergency) if turn.capacity.emergency else None,
        "licence": turn.licence or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _statement(what: Content, verdict: Verdict) -> str:
    """Say in one sentence what the signature means; it is hashed, signed and printed."""
    act, subject = what.act, what.item.subject
    paid = f"{act['amount']} {act['currency']}" if act.get("amount") else ""
    about = subject.replace("/", " ", 1) if subject else "this item"
    reviewed = f"I have reviewed the snapshot of {about} (revision {what.revision})"
    if what.change is None:
        amounts = "".join(f", {each}" for each in (paid, _at_stake(act)) if each)
        return f"{reviewed} and I {verdict.value} it{_as_whom(what.turn)}: {what.title.rstrip('.')}{amounts}."
    in_all = f". The amount approved is {paid}" if paid else ""
    return f"{reviewed} and I approve it{_as_whom(what.turn)} with changes: {what.change.told}{in_all}."


def _as_whom(turn: Turn) -> str:
    """Say for whom it is signed, or that it is under emergency access."""
    if turn.on_behalf_of is not None:
        return f" for {turn.on_behalf_of.printed_name}"
    return " under emergency access" if turn.capacity.emergency is not None else ""


def _at_stake(act: dict[str, Any]) -> str:
    """Say what is at stake where that is another amount than what is paid: a denial pays nothing."""
    amount, stake = act.get("amount"), act.get("amount_at_stake")
    if not stake or (amount and Decimal(stake) == Decimal(amount)):
        return ""
    return f"{stake} {act['currency']} at stake"
