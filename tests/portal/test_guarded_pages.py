"""Who comes into a page, and what a page then asks the database."""

import pytest

from portal.accounts.roles import Role
from portal.web.policy import POLICY
from reviews import queries
from tests.factories import make_item, make_person, make_world
from tests.pages import HTMX, browser, visitor

pytestmark = pytest.mark.usefixtures("rooms")


def test_who_is_not_signed_in_goes_to_the_sign_in_page_and_comes_back_afterwards():
    answer = visitor().get("/room/?tab=2")

    assert (answer.status_code, answer["Location"]) == (302, "/account/sign-in/?next=%2Froom%2F%3Ftab%3D2")


def test_a_fragment_sends_the_whole_window_to_the_sign_in_page():
    answer = visitor().get("/room/", headers=HTMX)

    assert (answer.status_code, answer["HX-Redirect"]) == (204, "/account/sign-in/?next=%2Froom%2F")


def test_who_posted_without_a_session_comes_back_to_the_inbox_and_not_to_a_form():
    assert visitor().post("/room/")["Location"] == "/account/sign-in/?next=%2F"


def test_a_password_alone_opens_no_page():
    half = browser(make_person("ana", Role.ADJUSTER).user, whole=False)

    assert half.get("/room/")["Location"].startswith("/account/factors/")


def test_a_deactivated_person_is_sent_away_at_the_next_click():
    ana = make_person("ana", Role.ADJUSTER).user
    client = browser(ana)
    ana.is_active = False
    ana.save(update_fields=["is_active"])

    assert client.get("/room/")["Location"].startswith("/account/sign-in/")


def test_a_page_is_kept_by_no_cache_and_knows_what_the_person_may_do():
    client = browser(make_person("ana", Role.ADJUSTER).user)

    answer = client.get("/room/")

    assert set(answer["Cache-Control"].split(", ")) == {"no-store", "private"}
    assert answer["X-Roles"] == "adjuster"


def test_a_page_names_the_person_with_their_role_and_the_queues_they_may_see():
    world = make_world()
    make_item(world)

    page = browser(make_person("ana", Role.ADJUSTER).user).get("/room/").content.decode()

    assert "Ana" in page
    assert "Adjuster" in page
    assert f'href="/queues/{world.queue.slug}/"' in page
    assert '1<span class="vh"> open</span>' in page


def test_a_queue_without_permission_is_not_even_named():
    world = make_world()

    page = browser(make_person("cleo", Role.FLOW_OWNER).user).get("/room/").content.decode()

    assert world.queue.slug not in page


def test_a_page_says_that_nothing_is_signed_yet_until_something_is():
    page = browser(make_person("ana").user).get("/room/").content.decode()

    assert "Nothing is in the signed record yet." in page


def test_the_shell_asks_two_things_more_than_who_is_there(django_assert_num_queries):
    make_world()
    client = browser(make_person("ana", Role.ADJUSTER).user)
    client.get("/room/")

    with django_assert_num_queries(4):  # the session, the person, what they may do, the queues with their counts
        client.get("/room/")


def test_every_page_comes_with_the_policy_and_the_other_locks():
    answer = visitor().get("/account/sign-in/")

    said = dict(each.strip().split(" ", 1) for each in answer["Content-Security-Policy"].split(";"))
    assert said == {name: " ".join(sources) for name, sources in POLICY["DIRECTIVES"].items()}
    assert said["script-src"] == said["style-src"] == "'self'"
    assert said["default-src"] == said["frame-ancestors"] == "'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"


def test_a_paper_of_ours_may_stand_in_a_frame_of_ours():
    answer = visitor().get("/room/framed/")

    assert "frame-ancestors 'self'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/items"])
def test_what_machines_read_carries_no_policy(path):
    assert "Content-Security-Policy" not in visitor().get(path)


@pytest.mark.parametrize(("name", "value"), [("theme", "dark"), ("shortcuts", "off")])
def test_a_preference_is_kept_and_the_next_page_is_drawn_with_it(name, value):
    client = browser(make_person("ana").user)

    answer = client.post("/preferences/", {name: value, "next": "/room/"})

    assert answer["Location"] == "/room/"
    assert f'data-{name}="{value}"' in client.get("/room/").content.decode()


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", ""])
def test_a_preference_never_leads_to_another_site(elsewhere):
    answer = visitor().post("/preferences/", {"theme": "purple", "next": elsewhere})

    assert answer["Location"] == "/"
    assert "theme" not in answer.cookies


def test_a_cookie_somebody_made_up_does_not_reach_the_page():
    client = browser(make_person("ana").user)
    client.cookies["theme"] = 'dark" onload="x'

    assert "onload" not in client.get("/room/").content.decode()


def test_open_items_are_counted_up_to_a_bound_however_many_there_are(monkeypatch):
    world = make_world()
    make_item(world)
    make_item(world)
    monkeypatch.setattr(queries, "BOUND", 1)

    (counted,) = queries.open_counts([world.queue.pk])

    assert (counted.name, counted.open, counted.shown) == (world.queue.name, 2, "1+")
