"""A refusal reads alike everywhere: as a page, as a notice inside one, as JSON for a program."""

import json

import pytest
from django.test import Client

from portal.accounts.roles import Role
from tests.api.test_servers_away import database_away
from tests.factories import make_person, make_world
from tests.pages import HTMX, browser, visitor

pytestmark = pytest.mark.usefixtures("rooms")


@pytest.fixture
def ana():
    return browser(make_person("ana", Role.ADJUSTER).user)


def test_a_refusal_is_a_page_with_what_happened_what_to_do_and_a_way_back(ana):
    answer = ana.post("/room/refusing/", headers={"Referer": "http://testserver/room/"})

    page = answer.content.decode()
    assert (answer.status_code, answer["Cache-Control"]) == (409, "no-store")
    assert "It changed while you read it" in page
    assert "Ben &lt;b&gt;signed&lt;/b&gt; it. Load it again." in page
    assert "<code>stale</code>" in page
    assert answer["X-Request-ID"] in page
    assert "is no amount" in page
    assert 'href="http://testserver/room/">Load it again</a>' in page
    assert "Sign out" in page


def test_a_fragment_gets_a_notice_for_the_live_region_and_what_was_typed_stays(ana):
    answer = ana.post("/room/refusing/", headers=HTMX | {"HX-Current-URL": "http://testserver/room/"})

    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#problems"
    assert answer["HX-Reswap"].startswith("innerHTML")
    assert "<html" not in answer.content.decode()
    assert "Load it again" in answer.content.decode()


def test_a_program_gets_problem_json(ana):
    told = ana.post("/room/refusing/", headers={"Accept": "application/json"})

    assert told["Content-Type"] == "application/problem+json"
    assert json.loads(told.content)["code"] == "stale"


@pytest.mark.parametrize("came_from", ["https://evil.example/", "javascript:alert(1)", ""])
def test_the_way_back_never_leads_out_of_the_portal(ana, came_from):
    page = ana.post("/room/refusing/", headers={"Referer": came_from}).content.decode()

    assert "evil" not in page
    assert "javascript" not in page
    assert '<a class="btn pri" href="/">' in page


def test_a_page_that_refuses_to_be_shown_does_not_lead_back_to_itself(ana):
    page = ana.get("/room/refusing/", headers={"Referer": "http://testserver/room/refusing/"}).content.decode()

    assert 'href="http://testserver/room/refusing/"' not in page


def test_a_missing_page_looks_like_ours_and_tells_strangers_nothing_of_queues():
    world = make_world()

    for client in (visitor(), browser(make_person("ana", Role.ADJUSTER).user, whole=False)):
        answer = client.get("/nothing/here/")
        assert answer.status_code == 404
        assert "There is nothing here that you may see" in answer.content.decode()
        assert world.queue.slug not in answer.content.decode()


def test_a_program_gets_no_page_for_a_missing_address():
    assert Client().get("/nothing/here/")["Content-Type"].startswith("text/plain")
    assert Client().get("/api/v1/nothing").json()["code"] == "not_found"


def test_a_host_that_is_not_ours_gets_a_refusal_and_no_address_of_its_own():
    answer = visitor(raise_request_exception=False).get("/room/", headers={"Host": "evil.example"})

    assert answer.status_code == 400
    assert "We could not read this request" in answer.content.decode()
    assert "evil" not in answer.content.decode()


def test_an_old_form_says_that_nothing_was_done_and_how_to_repeat_it():
    answer = Client(enforce_csrf_checks=True, headers={"Accept": "text/html"}).post("/preferences/", {"theme": "dark"})

    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()
    assert "theme" not in answer.cookies


def test_a_failure_shows_a_page_without_asking_the_database(ana, django_assert_num_queries):
    ana.raise_request_exception = False

    with django_assert_num_queries(0):
        answer = ana.get("/room/breaking/")

    page = answer.content.decode()
    assert answer.status_code == 500
    assert "Something went wrong here" in page
    assert answer["X-Request-ID"] in page
    assert "ZeroDivisionError" not in page


@pytest.mark.django_db(transaction=True)
def test_a_page_while_the_database_is_away_says_to_come_again(ana):
    with database_away():
        answer = ana.get("/room/")

    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "The database is not there" in answer.content.decode()
    assert "Nothing was stored" in answer.content.decode()
