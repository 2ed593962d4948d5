"""The record of a decision tells rules and authority: in whose name, by which round, who put the rules in force."""

import json
from typing import Any

import pytest
from django.db import transaction

from audit import exhibits
from audit.sealing import sequencer
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import evidence
from reviews.actions import leasing, opening, recusing, rerouting, versioning
from reviews.models import Decision, Item, PolicyVersion
from tests.audit.saying import role
from tests.factories import SEEDER, make_item, make_person, make_world, sign, take
from tests.reviews import four_eyes
from tests.reviews.planned import Cast, make_planned, parallel, stage
from tests.reviews.registered import licence, licences
from tests.reviews.standing import away, emergency, make_manager, make_officer
from tests.reviews.test_sampling import POLICY as SAMPLING

pytestmark = pytest.mark.django_db
GUIDE = {"title": "Denials guide section 4", "text": "Say why, and where to appeal."}


def record_of(item: Item) -> dict[str, Any]:
    """Seal everything and give the record as an examiner reads it: from its bytes."""
    sequencer.seal_once()
    told: dict[str, Any] = json.loads(evidence.as_bytes(evidence.record(Decision.objects.get(item=item))))
    return told


def approve(item: Item, person: Any) -> None:
    """Let somebody take the item and approve it."""
    sign(take(item, person), person)


def in_force(world: Any, old: str, new: str, proposer: Any, signer: Any) -> PolicyVersion:
    """Let one person propose the world's rules with other words, and another put them in force."""
    version = PolicyVersion.objects.filter(policy=world.flow.policy).latest("version")
    assert old in version.text
    proposal = four_eyes.propose("policy", version.text.replace(old, new), proposer, reason="Storm season.")
    four_eyes.sign(proposal, signer)
    return PolicyVersion.objects.filter(policy=world.flow.policy).latest("version")


def test_the_plan_tells_steps_conditions_returns_and_every_round():
    cast = Cast(
        stage("a", name="review"),
        parallel(
            stage("s", reject_to="review", blind=True), stage("cr", factors=["passkey", "password+totp"])
        ),
    )  # fmt: skip
    for name, verdict in (("a1", "approve"), ("s1", "reject"), ("a2", "approve"), ("s2", "approve"),
                          ("r1", "approve")):  # fmt: skip
        cast.signs(name, verdict)
    assert cast.state == "approved"

    record = record_of(cast.item)

    told = [(each["stage"], each["step"], each["round"], each["counts"]) for each in record["plan"]]
    assert told == [
        (1, 1, 1, False), (1, 1, 2, True), (2, 2, 1, False), (2, 2, 2, True), (3, 2, 1, False), (3, 2, 2, True),
    ]  # fmt: skip
    second, third = record["plan"][3], record["plan"][5]
    assert (second["blind"], second["back_to"], third["factors"]) == (True, 1, ["passkey", "password+totp"])
    assert third["role_title"] == "Correspondence reviewer or Release approver"
    assert [(each["by"], each["stage"], each["round"]) for each in record["returns"]] == [("S1", 1, 2)]
    assert [(each["printed_name"], each["round"], each["counts"]) for each in record["signatures"]] == [
        ("A1", 1, False), ("S1", 1, False), ("A2", 2, True), ("S2", 2, True), ("R1", 2, True),
    ]  # fmt: skip


def test_a_signature_in_somebodys_name_tells_both_names(world, ana):
    dora, item = make_person("dora", Role.CORRESPONDENCE_REVIEWER), make_item(world)
    away(ana, dora)
    approve(item, dora)

    (signature,) = record_of(item)["signatures"]

    assert signature["printed_name"] == "Dora"
    assert signature["on_behalf_of"] == {"id": str(ana.user.pk), "printed_name": "Ana"}


def test_an_item_routed_anew_tells_from_which_rules_to_which_by_whom_and_why():
    world = make_planned(stage("a"))
    mia, item = make_manager(world.queue), make_item(world)
    version = in_force(world, "As planned.", "As planned anew.", four_eyes.tom(), four_eyes.helen())
    rerouting.reroute(ItemId(item.pk), by=mia.user, seen=item.version, reason="They count for what is open.")
    approve(item, make_person("carl", Role.ADJUSTER))

    record = record_of(item)

    told = record["revisions"][1]["rerouted"]
    assert (told["by"], told["from_version"], told["to_version"]) == ("Mara", version.version - 1, version.version)
    assert told["reason"] == "They count for what is open."
    assert record["revisions"][0]["rerouted"] is None
    assert record["policy"]["version"] == version.version


def test_the_rules_tell_who_proposed_and_who_signed_them():
    world = make_planned(stage("a"))
    in_force(world, "As planned.", "As planned anew.", four_eyes.tom(), four_eyes.helen())
    item = make_item(world)
    approve(item, make_person("carl", Role.ADJUSTER))

    told = record_of(item)["policy"]["put_in_force"]

    assert (told["proposed_by"], told["signed_by"], told["reason"]) == ("Tom", "Helen", "Storm season.")
    assert told["role_title"] == "Compliance officer"


def test_rules_of_the_setup_have_nobody_who_signed_them(world, ana):
    item = make_item(world)
    approve(item, ana)

    assert record_of(item)["policy"]["put_in_force"] is None


def test_a_waived_duty_is_told_with_its_sentence():
    world = make_planned(stage("a"))
    helen = make_person("helen", Role.COMPLIANCE_OFFICER, Role.ADJUSTER)
    in_force(world, "As planned.", "As planned anew.", four_eyes.tom(), helen)
    item = make_item(world)
    approve(item, helen)

    (signature,) = record_of(item)["signatures"]

    assert signature["duties_waived"] == [{
        "code": "changed_rule",
        "sentence": "This person changed the routing rule within the last 30 days. Without them nobody could complete"
        " the plan, so they signed all the same.",
    }]  # fmt: skip


def test_emergency_access_is_told_with_role_end_and_reason():
    world = make_planned(stage("s"))
    make_officer()
    ana, item = make_person("ana", Role.ADJUSTER), make_item(world)
    glass = emergency(ana, world.queue)
    approve(item, ana)

    (signature,) = record_of(item)["signatures"]

    told = signature["break_glass"]
    assert (told["id"], told["role_title"], told["queue"]) == (str(glass.pk), "Senior adjuster", "Payouts")
    assert told["reason"] == "Everybody is ill."
    assert told["until"] > told["from"]
    assert signature["on_behalf_of"] is None


def test_licences_required_reading_and_allowed_verdicts_are_told():
    world = make_planned(stage("a"), reading=[GUIDE], licences=["claims-adjuster"], verdicts=["approve", "reject"])
    ana, item = make_person("ana", Role.ADJUSTER), make_item(world)
    licences(licence(ana, "claims-adjuster", "TX-4711"))
    opening.read(item.pk, GUIDE["title"], by=ana.user)
    approve(item, ana)

    record = record_of(item)

    assert record["signatures"][0]["licence"] == "claims-adjuster TX-4711"
    assert (record["policy"]["licences"], record["policy"]["verdicts"]) == (["claims-adjuster"], ["approve", "reject"])
    (reading,) = record["readings"]
    assert (reading["title"], reading["text"]) == tuple(GUIDE.values())
    assert [each["name"] for each in reading["opened"]] == ["Ana"]


def test_only_who_opened_a_text_as_the_deciding_rules_have_it_is_told():
    item = make_item(make_planned(stage("a"), reading=[GUIDE]))
    ana, mia = make_person("ana", Role.ADJUSTER), make_manager(item.queue)
    opening.read(item.pk, GUIDE["title"], by=mia.user)
    versioning.apply_policy(item.flow.policy.in_force.text.replace(GUIDE["text"], "Never say why."), by=SEEDER)
    rerouting.reroute(ItemId(item.pk), by=mia.user, seen=item.version, reason="Other words.")
    opening.read(item.pk, GUIDE["title"], by=ana.user)
    approve(item, ana)

    (reading,) = record_of(item)["readings"]

    assert (reading["text"], [each["name"] for each in reading["opened"]]) == ("Never say why.", ["Ana"])


def test_who_stepped_aside_is_told_with_their_reason(world, ana):
    item = make_item(world)
    recusing.recuse(ItemId(item.pk), by=ana.user, seen=item.version, reason="She is my sister.")
    approve(item, make_person("carl", Role.ADJUSTER))

    (told,) = record_of(item)["recusals"]

    assert (told["name"], told["reason"]) == ("Ana", "She is my sister.")


def test_draw_and_share_are_told_of_what_was_drawn_and_of_what_was_not():
    every = make_item(make_world(policy=SAMPLING.replace("30%", "100%")))
    none = make_item(make_world(policy=SAMPLING.replace("30%", "0.01%")))
    approve(every, make_person("ana", Role.ADJUSTER))

    drawn, left = (record_of(each)["policy"]["sample"] for each in (every, none))

    assert (drawn["drawn"], drawn["share"]) == (True, "1")
    assert (left["drawn"], left["share"]) == (False, "0.0001")
    assert 0 <= float(drawn["draw"]) < 1


def test_who_lost_the_hold_is_told_by_name():
    world = make_planned(stage("a"))
    mia, ana = make_manager(world.queue), make_person("ana", Role.ADJUSTER)
    item = take(make_item(world), ana)
    leasing.break_lease(ItemId(item.pk), by=mia.user, reason="She went home.")
    approve(item, ana)

    assert "Mara ended the hold of Ana." in [each["sentence"] for each in record_of(item)["story"]]


def test_erased_words_are_told_as_erased_and_everything_else_stays(world, ana):
    dora, item = make_person("dora", Role.CORRESPONDENCE_REVIEWER), make_item(world)
    carl = make_person("carl", Role.ADJUSTER)
    recusing.recuse(ItemId(item.pk), by=carl.user, seen=item.version, reason="My sister.")
    away(ana, dora)
    approve(item, dora)
    with transaction.atomic():
        key = exhibits.key_for(exhibits.subject_scope(item.flow_id, item.subject, item.pk))
    with role("countersign_eraser"):
        exhibits.destroy_key(key.id)

    record = record_of(item)

    assert record["signatures"][0]["on_behalf_of"]["printed_name"] == "[erased]"
    assert [(each["name"], each["reason"]) for each in record["recusals"]] == [("Carl", "[erased]")]
