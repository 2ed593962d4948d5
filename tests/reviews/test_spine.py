"""One item's whole life, headless."""

import pytest

from audit.sealing import sequencer
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews.models import Item
from tests.factories import make_item, make_person, make_world, sign, story, take


@pytest.mark.django_db(transaction=True)
def test_an_item_is_posted_routed_signed_sealed_and_executed_once() -> None:
    world = make_world()
    ana, ben = make_person("ana", Role.ADJUSTER), make_person("ben", Role.SENIOR_ADJUSTER)
    item = make_item(world, action={"amount": "18250.00", "amount_at_stake": "18250.00"})

    take(item, ana)
    sign(item, ana)
    take(item, ben)
    sign(item, ben)
    unsealed = world.get(f"/api/v1/items/{item.pk}/decision")
    sequencer.seal_once()
    decision = world.get(f"/api/v1/items/{item.pk}/decision").json()

    assert unsealed.status_code == 202
    assert decision["outcome"] == "approved"
    assert [s["printed_name"] for s in decision["signatures"]] == ["Ana", "Ben"]
    assert story(item) == [
        "item.received", "item.taken", "signature.executed", "item.taken", "signature.executed", "decision.finalised",
    ]  # fmt: skip
    assert Item.objects.get(pk=ItemId(item.pk)).version == 4
