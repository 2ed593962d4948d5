"""The gallery: items of every kind a page has to bear, posted and decided once for all pictures and checks."""

from dataclasses import dataclass
from typing import Any

from examples import cases, items
from examples.files import File, of_claim, of_complaint
from portal.accounts.roles import Role
from reviews import files
from reviews.models import Item
from tests.browser.bed import Bed
from tests.factories import POLICY, Person, World, a_document, make_person, make_world, open_all, sign, take

HOSTILE = '<script>alert(1)</script><img src=x onerror="alert(2)">'
ENDLESS = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3


@dataclass
class Gallery:
    """The people and items that pages are looked at with."""

    ana: Person
    ruth: Person
    newcomer: Person
    world: World
    payout: Item
    denial: Item
    letter: Item
    hostile: Item
    decided: Item

    def file(self, name: str) -> str:
        """Give the address of a file of the payout or of the letter."""
        for item in (self.payout, self.letter):
            for each in files.attachments(item, self.ana.user):
                if each.name == name:
                    return f"/items/{item.pk}/files/{each.upload}/"
        raise LookupError(name)


def hang(bed: Bed) -> Gallery:
    """Post everything, and let people take and decide what is shown as taken and decided."""
    ana, ruth = person(bed, "ana.lindqvist"), person(bed, "ruth.abara")
    claims, letters, world = bed.triage(), bed.triage("complaint-replies"), make_world(policy=POLICY)
    payout = the_claim()
    letter = next(items.complaint_replies(1))
    gallery = Gallery(
        ana=ana,
        ruth=ruth,
        newcomer=make_person("newcomer", Role.RELEASE_APPROVER),
        world=world,
        payout=bed.post(claims, payout.document, payout.files),
        denial=bed.post(claims, _first("deny")),
        letter=bed.post(letters, letter, of_complaint(letter)),
        hostile=bed.post(bed.flow(world), _hostile(), [File(f"{ENDLESS}.txt", "text/plain", HOSTILE.encode())]),
        decided=bed.post(claims, _first("pay")),
    )
    for item, holder in ((gallery.payout, ana), (gallery.letter, ruth), (gallery.hostile, ana), (gallery.decided, ana)):
        take(item, holder)
    open_all(gallery.payout, ana)
    sign(gallery.decided, ana, reason="Estimate checked by phone.")
    return gallery


def person(bed: Bed, username: str) -> Person:
    """Give somebody of the cast."""
    member = bed.cast().people[username]
    return Person(member.user, member.password, member.totp_secret)


def the_claim() -> cases.Case:
    """Give a real claim whose flood zone the flow read another way than the record, with all four files."""
    found = next(each for each in cases.mix() if _differs(each.document))
    return cases.Case(found.flow, found.document, tuple(of_claim(found.document, 0)))


def _differs(document: dict[str, Any]) -> bool:
    snapshot = document["snapshot"]
    return bool(snapshot["output"].get("flood_zone") and document["action"]["effect"] == "pay") and (
        snapshot["current"]["flood_zone"] not in (None, snapshot["output"]["flood_zone"])
    )


def _first(effect: str) -> dict[str, Any]:
    return next(
        each
        for each in items.claims(50)
        if each["action"]["effect"] == effect and float(each["action"]["amount_at_stake"]) < 10_000
    )


def _hostile() -> dict[str, Any]:
    """Make an item that says in every place what no place should believe, and names that do not end."""
    action = {"title": HOSTILE + ENDLESS, "subject": ENDLESS[:200], "payees": [{"name": ENDLESS[:200]}]}
    action["lines"] = [{"id": "b", "label": ENDLESS, "amount": "999999999999.99", "current": "1.00"}]
    snapshot = {
        "input": {"narrative": HOSTILE * 30, ENDLESS: ENDLESS},
        "current": {"flood_zone": HOSTILE},
        "output": {"pay": "500.00", "flood_zone": ENDLESS, HOSTILE: HOSTILE},
        "extractions": [{"path": "/output/flood_zone", "value": ENDLESS, "confidence": 0.1, "inferred": True}],
        "prompt": {"name": ENDLESS[:200], "version": HOSTILE, "text": ENDLESS},
        "tool_calls": [{"name": ENDLESS[:200], "arguments": {HOSTILE: HOSTILE}, "result": ENDLESS}],
        "evaluations": [{"name": ENDLESS[:200], "score": 0.1, "threshold": 0.8, "passed": False}],
    }
    return a_document(action=action, snapshot=snapshot, external_id=ENDLESS[:200])
