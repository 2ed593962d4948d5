"""Pages of emergency access: taking a role with a ceremony, the banner while it lasts, and looking after it."""

import json
import re
from datetime import timedelta

import pytest
import time_machine
from fido2.utils import websafe_decode

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.clock import now
from portal.kit.ids import ItemId
from reviews.actions import configuring, walling
from reviews.models import BreakGlass, Item, Queue
from reviews.words import Verdict
from tests.accounts.entering import with_passkey
from tests.factories import SEEDER, make_item, make_person, sign, take
from tests.pages import browser
from tests.reviews.planned import make_planned, parallel, stage
from tests.reviews.standing import emergency, make_manager, make_officer

pytestmark = pytest.mark.django_db


@pytest.fixture
def urgent(db):
    return make_planned(stage("s"))


@pytest.fixture
def ana(urgent):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def olga(urgent):
    return make_officer()


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def form(person, queue, **more):
    given = {"role": "senior-adjuster", "queue": str(queue.pk), "hours": "2", "reason": "The storm took the office."}
    return given | {"factor": "typed", "password": person.password, "totp": person.code()} | more


def test_the_page_says_who_is_told(urgent, ana, olga):
    mona = make_manager(urgent.queue)

    told = body(browser(ana.user).get("/emergency/"))

    names = ", ".join(sorted([str(olga.user), str(mona.user)], key=lambda name: name != str(olga.user)))
    assert f"<b>{urgent.queue.name}:</b> {names}" in told


@pytest.mark.usefixtures("olga")
def test_the_page_names_the_queues_one_may_know_of_alone(urgent, ana):
    hidden = configuring.open_queue("restricted", "Zebra litigation", by=SEEDER)
    client = browser(ana.user)

    told = body(client.get("/emergency/"))
    answer, made_up = (
        client.post("/emergency/", form(ana, queue)) for queue in (hidden, Queue(slug="made-up", name="Made up"))
    )

    assert "Zebra" not in told
    assert f">{urgent.queue.name}</option>" in told
    assert (answer.status_code, made_up.status_code) == (422, 422)
    assert "Zebra" not in body(answer)
    assert not BreakGlass.objects.exists()


@pytest.mark.usefixtures("olga")
def test_who_may_see_no_queue_is_told_what_to_do(urgent):
    told = body(browser(make_person("ria", Role.RELEASE_APPROVER).user).get("/emergency/"))

    assert "Ask an administrator for sight" not in told
    stranger = make_person("cora", Role.CORRESPONDENCE_REVIEWER)
    accounts.withdraw_access(Role.CORRESPONDENCE_REVIEWER, "review_in_queue", urgent.queue, by=SEEDER)
    accounts.withdraw_access(Role.CORRESPONDENCE_REVIEWER, "review_in_queue", urgent.exceptions, by=SEEDER)

    assert "Ask an administrator for sight" in body(browser(stranger.user).get("/emergency/"))


@pytest.mark.usefixtures("olga")
def test_a_role_is_taken_with_password_and_code(urgent, ana):
    client = browser(ana.user)

    answer = client.post("/emergency/", form(ana, urgent.queue))
    glass = BreakGlass.objects.get()

    assert answer.headers["Location"] == f"/emergency/{glass.pk}/"
    assert (glass.role, glass.ends_at - glass.starts_at) == ("senior-adjuster", timedelta(hours=2))
    assert "The storm took the office." in body(client.get(f"/emergency/{glass.pk}/"))


@pytest.mark.usefixtures("olga")
def test_a_passkey_takes_it_too_and_once(urgent, ana):
    device, client = with_passkey(ana), browser(ana.user)
    asked = re.search(r'data-challenge="([^"]+)"', client.get("/emergency/").content.decode())
    answer = json.dumps(device.answer(websafe_decode(asked[1])))
    given = form(ana, urgent.queue, factor="passkey", passkey=answer, password="", totp="")

    assert client.post("/emergency/", given).status_code == 302
    assert client.post("/emergency/", given | {"role": "release-approver"}).status_code in (403, 422)
    assert BreakGlass.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"password": "wrong"}, "The password is not right"), ({"role": ""}, "Something is missing"),
     ({"hours": "9"}, "Something is missing"), ({"reason": " "}, "Something is missing")],
)  # fmt: skip
@pytest.mark.usefixtures("olga")
def test_a_refusal_keeps_what_was_typed_and_gives_nothing(urgent, ana, wrong, said):
    answer = browser(ana.user).post("/emergency/", form(ana, urgent.queue, **wrong))

    assert answer.status_code in (403, 422)
    assert said in body(answer)
    assert "reason" in wrong or "The storm took the office." in body(answer)
    assert not BreakGlass.objects.exists()


def test_where_nobody_would_be_told_it_cannot_be_taken(urgent, ana):
    answer = browser(ana.user).post("/emergency/", form(ana, urgent.queue))

    assert answer.status_code == 409
    assert "who could be told" in body(answer)


@pytest.mark.usefixtures("olga")
def test_every_page_says_that_it_is_in_force_until_it_is_ended(urgent, ana):
    client, glass = browser(ana.user), emergency(ana, urgent.queue)

    for address in ("/", f"/queues/{urgent.queue.slug}/", "/emergency/"):
        told = body(client.get(address))
        assert "Emergency access as <b>Senior adjuster</b> until" in told
        assert f'action="/emergency/{glass.pk}/end/"' in told
    client.post(f"/emergency/{glass.pk}/end/")

    assert "Emergency access as <b>" not in body(client.get("/"))
    assert BreakGlass.objects.get().ended_at is not None


def test_who_is_told_sees_it_everywhere_until_somebody_looked(urgent, ana, olga):
    mona, glass = make_manager(urgent.queue), emergency(ana, urgent.queue)
    item = make_item(urgent)
    sign(take(item, ana), ana)
    client, manager = browser(olga.user), browser(mona.user)

    assert f"<b>{ana.user}</b> took Senior adjuster on {urgent.queue} in an emergency" in body(client.get("/"))
    assert client.post(f"/emergency/{glass.pk}/looked/").status_code == 422
    assert item.external_id in body(manager.get(f"/emergency/{glass.pk}/"))
    told = body(client.get(f"/emergency/{glass.pk}/"))
    assert str(item.pk) in told
    assert item.external_id not in told
    with time_machine.travel(now() + timedelta(hours=9), tick=False):
        client, manager = browser(olga.user), browser(mona.user)
        assert "I looked at it" in body(client.get(f"/emergency/{glass.pk}/"))
        client.post(f"/emergency/{glass.pk}/looked/")
        assert "took Senior adjuster" not in body(manager.get("/"))
    assert BreakGlass.objects.get().seen_by == olga.user


def test_who_sees_the_flow_reads_what_was_signed_under_it(urgent, ana, olga):
    accounts.grant_access(Role.COMPLIANCE_OFFICER, "see_flow", urgent.flow, by=SEEDER)
    glass, item = emergency(ana, urgent.queue), make_item(urgent)
    sign(take(item, ana), ana)

    assert item.external_id in body(browser(olga.user).get(f"/emergency/{glass.pk}/"))


@pytest.mark.parametrize(
    ("role", "status", "sees"),
    [(Role.ADJUSTER, 200, 404), (Role.AUDITOR, 200, 200), (Role.ADMINISTRATOR, 200, 200), (Role.FLOW_OWNER, 404, 404)],
)
@pytest.mark.usefixtures("olga")
def test_who_may_know_of_an_emergency(urgent, ana, role, status, sees):
    glass, client = emergency(ana, urgent.queue), browser(make_person("other", role).user)

    assert client.get("/emergency/").status_code == status
    assert client.get(f"/emergency/{glass.pk}/").status_code == sees
    assert client.post(f"/emergency/{glass.pk}/end/").status_code == 404
    assert client.post(f"/emergency/{glass.pk}/looked/").status_code == 404
    assert BreakGlass.objects.filter(ended_at=None, seen_at=None).exists()


def test_who_may_still_sign_blind_reads_no_verdict_given_under_it(db):
    world = make_planned(parallel(stage("s"), stage("r", blind=True)))
    mona, ana, item = make_manager(world.queue), make_person("ana", Role.ADJUSTER), make_item(world)
    accounts.grant_role(mona.user, Role.RELEASE_APPROVER, by=SEEDER)
    glass = emergency(ana, world.queue)
    take(item, ana)
    sign(item, ana, Verdict.REJECT, "The damage is older.")

    told = body(browser(mona.user).get(f"/emergency/{glass.pk}/"))
    assert "1 signature" in told
    assert "Rejected" not in told
    assert "Rejected" in body(browser(ana.user).get(f"/emergency/{glass.pk}/"))

    take(item, mona)
    sign(item, mona, Verdict.REJECT, "So it seems.")
    assert "Rejected" in body(browser(mona.user).get(f"/emergency/{glass.pk}/"))


def test_what_was_signed_behind_a_wall_is_not_even_counted_outside_it(db):
    world = make_planned(stage("s"), stage("r"))
    mona, olga, ana = make_manager(world.queue), make_officer(), make_person("ana", Role.ADJUSTER)
    walls.grant_wall(mona.user, "counsel", by=SEEDER)
    glass, item = emergency(ana, world.queue), make_item(world)
    take(item, ana)
    sign(item, ana)
    seen = Item.objects.get(pk=item.pk).version
    walling.put_behind(ItemId(item.pk), "counsel", by=mona.user, seen=seen)

    assert "1 signature" in body(browser(mona.user).get(f"/emergency/{glass.pk}/"))
    outside = body(browser(olga.user).get(f"/emergency/{glass.pk}/"))
    assert "Nothing was signed under it." in outside
    assert str(item.pk) not in outside
