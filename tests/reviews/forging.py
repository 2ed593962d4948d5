"""Ways around the second person that only SQL goes: signatures, intents and entries nobody's ceremony made."""

import hashlib

import pytest

from audit import exhibits, ledger
from portal.kit.clock import now
from portal.kit.ids import new_id
from reviews.actions import proposing
from reviews.actions.versioning import SCOPE
from reviews.models import ProposalIntent, ProposalSignature
from reviews.proposals.summaries import Summary
from tests.reviews.cheating import APP, OWNER

BOTH = pytest.mark.parametrize("as_role", [APP, OWNER])
ALONE = "one person alone put in force"


def used(intent):
    """Mark an intent as used, as a ceremony does."""
    ProposalIntent.objects.filter(pk=intent.pk).update(used_at=now())
    return intent


def pasted(intent, **changes):
    """Insert the signature an intent asks for, without the ceremony."""
    given = {
        "proposal_id": intent.proposal_id, "signer_id": intent.user_id, "role": intent.role, "meaning": intent.meaning,
        "intent_id": intent.pk, "intent_sha256": intent.challenge, "content_sha256": intent.content_sha256,
        "auth_method": "password+totp", "assurance": "server-attested",
    }  # fmt: skip
    ProposalSignature(**given | changes).save(force_insert=True)


def forged_intent(proposal, person, role="administrator", **changes):
    """Insert an intent that no guard was asked about."""
    given = {
        "user": person.user, "session_ref": person.session, "proposal": proposal, "content_sha256": proposal.digest,
        "body_id": exhibits.seal(b"{}", scope=SCOPE).pk, "role": role, "meaning": "x", "used_at": now(),
        "challenge": hashlib.sha256(new_id().bytes).digest(), "expires_at": now().replace(year=2100),
    }  # fmt: skip
    return ProposalIntent.objects.create(**given | changes)


def entered(fact, stream, by, rows=()):
    """Write an entry of somebody's choice."""
    ledger.append_next(fact, stream=stream, by=by, rows=rows)


def enforcing_instead(monkeypatch, act):
    """Let whoever holds the program's rights do something else with a signature than what was signed."""
    monkeypatch.setattr(proposing.enforcing, "enforce", act)


class Anything:
    """A kind that finds nothing wrong with anything."""

    word = name = "access-review"

    def check(self, content, *, target):
        return Summary(title="Access review", told="Access review", content=content, base="none", target=target)
