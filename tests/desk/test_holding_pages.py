"""Holding an item on the page: taking, putting back, the next one, and a hold that was lost."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import taking
from reviews.models import Lease
from tests.desk.deciding import at, decide, intent_of, sign_with, words
from tests.factories import SEEDER, make_item, make_person, sign, story, take
from tests.pages import HTMX, browser

BIG = {"input": {"cause": "flood"}, "output": {"pay": "20000.00"}}


def test_an_item_somebody_else_holds_says_who(world, ana, page):
    item, eva = make_item(world), make_person("eva", Role.ADJUSTER)
    take(item, eva)

    told = words(page.get(at("item", item)))

    assert f"Taken by {eva.user}" in told
    assert f"{eva.user} is working on it" in told


def test_take_put_back_and_next_are_buttons(world, ana, page):
    item = make_item(world)

    assert page.post(at("take", item))["Location"] == at("item", item)
    assert "Taken by you" in words(page.get(at("item", item)))
    assert page.post(at("put-back", item))["Location"] == reverse("desk:inbox")
    assert page.post(reverse("desk:next"))["Location"] == at("item", item)
    assert story(item)[1:] == ["item.taken", "item.put_back", "item.taken"]


def test_next_on_a_queues_page_stays_in_that_queue(world, ana, page):
    make_item(world, priority="urgent")
    odd = make_item(world, action={"effect": "reserve"})
    role = Role.SENIOR_ADJUSTER
    accounts.grant_role(ana.user, role, by=SEEDER)

    assert page.post(reverse("desk:next"), {"queue": world.exceptions.slug})["Location"] == at("item", odd)
    again = page.post(reverse("desk:next"), {"queue": world.exceptions.slug})
    assert again["Location"] == reverse("desk:queue", args=[world.exceptions.slug])


def test_next_with_nothing_left_says_so(world, page):
    answer = page.post(reverse("desk:next"), follow=True)

    assert "No item waits that you may sign" in words(answer)


def test_moving_takes_a_post(world, ana, page):
    item = make_item(world)

    for name in ("take", "put-back", "beat", "decide"):
        assert page.get(at(name, item)).status_code == 405
    assert page.get(reverse("desk:next")).status_code == 405
    assert story(item) == ["item.received"]


def test_a_beat_keeps_the_hold_and_a_lost_one_is_told(world, ana, page):
    item = take(make_item(world), ana)
    assert page.post(at("beat", item), headers=HTMX).status_code == 204

    with time_machine.travel(now() + timedelta(hours=2), tick=True):
        answer = page.post(at("beat", item), headers=HTMX)

        assert answer.status_code == 200
        assert "Your hold on this item lapsed" in words(answer)
        assert "Taken by you again" in words(page.post(at("take", item), headers=HTMX))
    assert Lease.objects.get(item=item).holder == ana.user


def test_a_lost_hold_names_who_took_it(world, ana, page):
    item, eva = make_item(world), make_person("eva", Role.ADJUSTER)
    take(item, ana)
    taking.put_back(item.pk, by=ana.user)
    take(item, eva)

    told = words(page.post(at("beat", item), headers=HTMX))

    assert f"{eva.user} took it meanwhile" in told
    assert "Take it again" not in told


def test_a_signature_after_the_hold_was_lost_keeps_what_was_typed(world, ana, page):
    item = take(make_item(world), ana)
    asked = decide(page, item, "reject", "The roof was not covered.")["Location"]
    taking.put_back(item.pk, by=ana.user)

    answer = sign_with(page, item, ana, asked)

    assert answer.status_code == 409
    assert "Take this item before you sign it" in words(answer)
    assert f"?again={intent_of(asked).pk}" in answer.content.decode()
    assert "signature.executed" not in story(item)


def test_the_page_is_told_when_the_item_moved_and_left_alone_otherwise(world, ana, ben, page):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"}, snapshot=BIG)
    watcher = browser(ben.user)
    query = {"seen": item.version}
    assert watcher.get(at("changes", item), query, headers=HTMX).status_code == 204

    sign(take(item, ana), ana)
    answer = watcher.get(at("changes", item), query, headers=HTMX)

    assert answer.status_code == 286
    assert f"{ana.user} signed as Adjuster: approved." in words(answer)


@pytest.mark.parametrize("name", ["a\0b", "no queue", "../"])
def test_the_next_of_what_cannot_be_a_queue_is_nobodys(world, ana, page, name):
    make_item(world)

    assert page.post(reverse("desk:next"), {"queue": name}).status_code == 404
    assert not Lease.objects.exists()
