"""Reading plans and authority: what is still missing, what rules ask of signers, and who signed in whose name."""

from typing import Any

import jsonschema_rs
import pytest
from django.test import Client

from audit.sealing import sequencer
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.actions import routing
from reviews.models import Item
from tests.api.asking import decision
from tests.factories import World, a_document, make_item, make_person, make_world, sign, take
from tests.reviews.planned import Cast, make_planned, parallel, stage
from tests.reviews.registered import licence, licences
from tests.reviews.standing import away, emergency, make_officer
from tests.reviews.test_sampling import POLICY as SAMPLING

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    told: dict[str, Any] = Client().get("/api/v1/openapi.json").json()
    return told


def fits(told: dict[str, Any], name: str, described: dict[str, Any]) -> bool:
    """Tell whether an answer is as the OpenAPI document describes it, and has no member that it leaves out."""
    schema = described["components"]["schemas"][name]
    parts = schema.get("allOf", [schema])
    named = {each for part in parts for each in part["properties"]}
    whole = {"$ref": f"#/components/schemas/{name}", "components": described["components"]}
    assert set(told) <= named, set(told) - named
    jsonschema_rs.Draft202012Validator(whole).validate(told)
    return True


def read(world: World, item: Any) -> dict[str, Any]:
    told: dict[str, Any] = world.get(f"/api/v1/items/{getattr(item, 'pk', item)}").json()
    return told


def standing(world: World, item: Item) -> list[tuple[int, int, int, bool, bool]]:
    """Give stage, step, round, signed and open of a plan as flows read it."""
    return [
        (slot["stage"], slot["step"], slot["round"], slot["signed"], slot["open"])
        for slot in read(world, item)["sign_off"]
    ]


def test_the_plan_tells_what_is_missing_stage_after_stage() -> None:
    cast = Cast(stage("a"), parallel(stage("s"), stage("cr", signatures=2)), stage("r"))
    before = standing(cast.world, cast.item)
    cast.signs("a1")
    cast.signs("c1")

    rest = [(2, 2, 1, False, True), (3, 2, 1, True, False), (3, 2, 1, False, True), (4, 3, 1, False, False)]
    assert before[0] == (1, 1, 1, False, True)
    assert not any(is_open for *_, is_open in before[1:])
    assert standing(cast.world, cast.item) == [(1, 1, 1, True, False), *rest]


def test_a_plan_that_returned_tells_its_newest_round(described: dict[str, Any]) -> None:
    cast = Cast(
        stage("a", name="review"), stage("sr", reject_to="review", blind=True, factors=["passkey", "password+totp"])
    )
    cast.signs("a1")
    cast.signs("s1", "reject")

    assert standing(cast.world, cast.item) == [(1, 1, 2, False, True), (2, 2, 2, False, False)]
    slot = read(cast.world, cast.item)["sign_off"][1]
    assert (slot["role"], slot["blind"], slot["back_to"]) == ("release-approver senior-adjuster", True, 1)
    assert slot["factors"] == ["passkey", "password+totp"]
    assert fits(read(cast.world, cast.item), "Standing", described)


def test_a_plan_that_ended_has_nothing_open() -> None:
    cast = Cast(stage("a"), stage("s"))
    cast.signs("a1", "reject")

    assert standing(cast.world, cast.item) == [(1, 1, 1, True, False), (2, 2, 1, False, False)]


def test_what_the_rules_ask_of_signers_is_told(described: dict[str, Any]) -> None:
    reading = [{"title": "Denials guide section 4", "text": "Say why."}]
    world = make_planned(stage("a"), reading=reading, licences=["claims-adjuster"], verdicts=["approve", "reject"])

    told = read(world, make_item(world))

    assert told["reading"] == ["Denials guide section 4"]
    assert told["licences"] == ["claims-adjuster"]
    assert told["verdicts"] == ["approve", "reject"]
    assert fits(told, "Standing", described)


def test_an_item_without_special_rules_allows_everything_and_one_that_waits_nothing_yet(
    described: dict[str, Any],
) -> None:
    world = make_world()
    waiting = world.post(a_document()).json()["id"]

    routed, told = read(world, make_item(world)), read(world, waiting)

    assert routed["verdicts"] == ["approve", "change", "reject", "send_back"]
    assert (routed["reading"], routed["licences"]) == ([], [])
    assert set(told) == set(routed)
    assert fits(routed, "Standing", described)
    assert fits(told, "Standing", described)


def test_what_was_drawn_tells_draw_and_share() -> None:
    world = make_world(policy=SAMPLING.replace("30%", "100%"))

    told = read(world, make_item(world))["policy"]["reasons"]

    assert [each["code"] for each in told] == ["rule_matched", "sampled"]
    assert told[1]["sentence"].startswith("Drawn for review: 100% of these items go to people; its draw is 0.")


def test_a_signature_in_somebodys_name_tells_who_that_is(described: dict[str, Any]) -> None:
    world = make_planned(stage("a"), licences=["claims-adjuster"])
    ana, dora = make_person("ana", Role.ADJUSTER), make_person("dora", Role.CORRESPONDENCE_REVIEWER)
    licences(*(licence(each, "claims-adjuster", f"TX-{n}") for n, each in enumerate((ana, dora))))
    away(ana, dora)
    item = make_item(world)
    sign(take(item, dora), dora)
    sequencer.seal_once()

    told = decision(world, item)

    (signature,) = told["signatures"]
    assert (signature["signer"], signature["printed_name"]) == (str(dora.user.pk), "Dora")
    assert signature["on_behalf_of"] == {"id": str(ana.user.pk), "printed_name": "Ana"}
    assert signature["licence"] == "claims-adjuster TX-1"
    assert (signature["stage"], signature["round"], signature["emergency"]) == (1, 1, False)
    assert fits(told, "Outcome", described)


def test_a_signature_in_an_emergency_is_marked() -> None:
    world = make_planned(stage("s"))
    make_officer()
    ana, item = make_person("ana", Role.ADJUSTER), make_item(world)
    emergency(ana, world.queue)
    sign(take(item, ana), ana)
    sequencer.seal_once()

    (signature,) = decision(world, item)["signatures"]

    assert (signature["emergency"], signature["on_behalf_of"]) == (True, None)


def test_what_a_rule_refused_is_invalidated_with_its_reason(described: dict[str, Any]) -> None:
    world = make_world(policy=SAMPLING.split("    queue: payouts")[0] + "    refuse: true\n")
    posted = world.post(a_document()).json()["id"]
    routing.route_now(ItemId(posted))
    sequencer.seal_once()

    told, ended = read(world, posted), decision(world, posted)

    assert (told["state"], told["sign_off"]) == ("invalidated", [])
    assert (ended["outcome"], ended["reason"]) == ("invalidated", "Small payouts are approved by themselves.")
    assert fits(told, "Standing", described)
    assert fits(ended, "Outcome", described)
