"""Pages of being out of office: naming a substitute, who sees it, ending it early, and refusals that lose nothing."""

import re
from datetime import timedelta

import pytest

from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import configuring
from reviews.models import Substitution
from tests.factories import SEEDER, make_item, make_person, sign, take
from tests.pages import browser
from tests.reviews.standing import away, make_manager, make_officer

pytestmark = pytest.mark.django_db


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def moment(days):
    return (now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def form(absent, substitute, **more):
    given = {"absent": str(absent.user.pk), "substitute": str(substitute.user.pk)}
    return given | {"starts": moment(0), "ends": moment(7), "currency": "USD"} | more


def test_a_substitute_named_on_the_page_signs(world, ana, ben):
    ria = make_person("ria", Role.RELEASE_APPROVER)
    answer = browser(ana.user).post("/away/", form(ana, ria, up_to="1000.00", queues=[str(world.queue.pk)]))

    made = Substitution.objects.get()
    assert answer.headers["Location"] == "/away/"
    assert (made.absent, made.substitute, made.currency) == (ana.user, ria.user, "USD")
    assert made.queues == [str(world.queue.pk)]
    item = make_item(world)
    assert sign(take(item, ria), ria).on_behalf_of == ana.user


def test_the_navigation_leads_there_for_everybody_who_may_open_it(db):
    for role in (Role.ADJUSTER, Role.AUDITOR):
        assert 'href="/away/"' in body(browser(make_person(role.value, role).user).get("/"))
    assert 'href="/away/"' not in body(browser(make_person("nobody").user).get("/"))


def test_both_see_it_and_others_do_not(ana, ben):
    away(ana, ben)

    assert f'<th scope="row">{ana.user}</th>' in body(browser(ana.user).get("/away/"))
    assert f'<th scope="row">{ana.user}</th>' in body(browser(ben.user).get("/away/"))
    other = make_person("other", Role.ADJUSTER)
    assert f'<th scope="row">{ana.user}</th>' not in body(browser(other.user).get("/away/"))


def test_queues_are_named_to_who_may_know_of_them(world, ana):
    ria, olga = make_person("ria", Role.RELEASE_APPROVER), make_officer()
    hidden = [configuring.open_queue(f"hidden-{n}", f"Zebra {n}", by=SEEDER) for n in (1, 2)]
    for queue in hidden:
        accounts.grant_access(Role.ADJUSTER, "review_in_queue", queue, by=SEEDER)
    accounts.grant_access(Role.RELEASE_APPROVER, "see_queue", world.queue, by=SEEDER)
    later = {"starts": now() + timedelta(days=1), "ends": now() + timedelta(days=8)}
    away(ana, ria, queues=[*hidden, world.queue], **later)
    away(ana, ria, queues=hidden, starts=later["ends"], ends=later["ends"] + timedelta(days=1))

    to_ria, to_ana, to_olga = (body(browser(each.user).get("/away/")) for each in (ria, ana, olga))

    assert f">{world.queue.name} and others</td>" in to_ria
    assert ">Queues you may not see</td>" in to_ria
    assert "Zebra" not in to_ria
    assert f">{world.queue.name}, Zebra 1, Zebra 2</td>" in to_ana
    assert ">Zebra 1, Zebra 2</td>" in to_olga


def test_what_was_lent_to_somebody_is_not_theirs_to_lend_on(world, ana):
    ria = make_person("ria", Role.RELEASE_APPROVER)
    away(ana, ria)

    page = body(browser(ria.user).get("/away/"))

    assert access.of(ria.user).where("review_in_queue", "queue")
    assert str(world.queue.pk) not in page
    assert 'name="substitute"' not in page


def test_a_manager_sees_it_and_may_name_one_for_their_queues(world, ana, ben):
    mara = make_manager(world.queue)
    client = browser(mara.user)

    assert client.post("/away/", form(ana, ben, queues=[str(world.queue.pk)])).status_code == 302
    told = body(client.get("/away/"))

    assert "On the queues you manage" in told
    assert f'<th scope="row">{ana.user}</th>' in told
    assert Substitution.objects.get().made_by == mara.user


@pytest.mark.parametrize("who", ["absent", "substitute", "manager"])
def test_it_is_ended_early_by_those_it_concerns(world, ana, ben, who):
    made = away(ana, ben, queues=[world.queue])
    person = {"absent": ana, "substitute": ben, "manager": make_manager(world.queue)}[who]

    assert f'action="/away/{made.pk}/end/"' in body(browser(person.user).get("/away/"))
    assert browser(person.user).post(f"/away/{made.pk}/end/").status_code == 302

    assert Substitution.objects.get().ended_at is not None
    assert "Ended early" in body(browser(ana.user).get("/away/"))


def test_nobody_else_ends_it(ana, ben):
    made = away(ana, ben)

    for role in (Role.ADJUSTER, Role.AUDITOR, Role.ADMINISTRATOR):
        assert browser(make_person("other", role).user).post(f"/away/{made.pk}/end/").status_code == 404
    assert Substitution.objects.get().ended_at is None


def test_a_manager_who_may_not_end_it_is_told_who_may(world, ana, ben):
    olga, client = make_officer(), browser(make_manager(world.queue).user)
    away(ana, ben)

    told = body(client.get("/away/"))
    everything = body(browser(olga.user).get("/away/"))

    assert f'<td data-label="End it"><span class="muted">{ana.user} or {ben.user} may end it</span></td>' in told
    assert f"{ana.user} or {ben.user} may end it" in everything
    assert "Nothing to do" not in told


def test_of_some_queues_whoever_manages_all_of_them_is_named_too(world, ana, ben):
    away(ana, ben, queues=[world.queue])

    told = body(browser(make_officer().user).get("/away/"))

    assert f"{ana.user}, {ben.user} or who manages all of its queues may end it" in told


def test_of_what_has_ended_there_is_nothing_to_do(ana, ben):
    made = away(ana, ben)
    browser(ana.user).post(f"/away/{made.pk}/end/")

    told = body(browser(ana.user).get("/away/"))

    assert '<span class="muted">Nothing to do</span>' in told
    assert "may end it" not in told


@pytest.mark.parametrize(
    ("wrong", "said"),
    [({"ends": ""}, "Something is missing"), ({"up_to": "12345.67", "currency": "dollars"}, "three capital letters"),
     ({"ends": moment(200), "up_to": "12345.67"}, "90 days at most"), ({"substitute": ""}, "Something is missing"),
     ({"up_to": "-12345.67"}, "more than nothing")],
)  # fmt: skip
def test_a_refusal_keeps_what_was_typed(ana, ben, wrong, said):
    answer = browser(ana.user).post("/away/", form(ana, ben) | wrong)

    assert answer.status_code == 422
    assert said in body(answer)
    assert "up_to" not in wrong or f'value="{wrong["up_to"]}"' in body(answer)
    assert not Substitution.objects.exists()


@pytest.mark.parametrize(
    ("role", "status", "sees"),
    [(Role.ADJUSTER, 200, False), (Role.AUDITOR, 200, True), (Role.COMPLIANCE_OFFICER, 200, True),
     (Role.ADMINISTRATOR, 200, True), (Role.FLOW_OWNER, 404, False)],
)  # fmt: skip
def test_who_may_open_it(ana, ben, role, status, sees):
    away(ana, ben)

    answer = browser(make_person("someone", role).user).get("/away/")

    assert answer.status_code == status
    assert (f'<th scope="row">{ana.user}</th>' in body(answer)) is sees
