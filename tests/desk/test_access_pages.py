"""Pages of the access review: who may do what, filtered and as CSV, and a quarter's review that two people sign."""

import re

import pytest

from audit import stories
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.models import Proposal
from reviews.showing import access_report
from tests.factories import SEEDER, make_person
from tests.pages import browser
from tests.reviews.four_eyes import sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def test_it_says_who_may_do_what_and_is_filtered_by_words_and_kind(world, tom, ana, ben):
    client = browser(tom.user)

    told = body(client.get(f"/access-review/?words={ana.user.username}&kind=permission"))

    assert f'<span class="muted">{ana.user.username}</span>' in told
    assert f'<span class="muted">{ben.user.username}</span>' not in told
    assert f"queue {world.queue.slug}" in told
    assert '<td data-label="What">Takes and signs the queue&#x27;s items, as Adjuster</td>' in told
    assert '<td data-label="What">Adjuster</td>' not in told
    assert '<td data-label="What">Adjuster</td>' in body(client.get(f"/access-review/?words={ana.user.username}"))
    assert "No row says this." in body(client.get("/access-review/?words=nobody-at-all"))


def test_what_leaves_no_record_is_not_said_to_be_unused(world, tom, ana):
    client = browser(tom.user)
    make_person("mara", Role.QUEUE_MANAGER)

    assert '<td data-label="Last used"><span class="muted">Not recorded' in body(
        client.get("/access-review/?words=mara")
    )
    assert '<td data-label="Last used">Not in a year' in body(client.get(f"/access-review/?words={ana.user.username}"))


def test_the_report_is_downloaded_whole(tom, ana):
    answer = browser(tom.user).get("/access-review/download")

    assert answer.headers["Content-Type"].startswith("text/csv")
    assert ana.user.username in answer.content.decode()


def test_a_quarters_review_is_proposed_by_one_and_signed_by_another(tom, helen):
    quarter, client = access_report.quarter(now()).name, browser(tom.user)
    assert "Due" in body(client.get("/access-review/"))

    answer = client.post("/access-review/sign/", {"reason": "I asked every team."})
    proposal = Proposal.objects.get()

    assert answer.headers["Location"] == f"/changes/{proposal.pk}/"
    assert proposal.title == f"Access review {quarter}"
    assert f"proposed by {tom.user}, waits for a signature" in body(client.get("/access-review/"))
    sign(proposal, helen)
    told = body(client.get("/access-review/"))
    assert f'<td data-label="Signed by">{helen.user}, ' in told
    assert "waits for a signature" not in told


def test_without_a_reason_nothing_is_proposed(tom):
    answer = browser(tom.user).post("/access-review/sign/", {"reason": " "})

    assert answer.status_code == 422
    assert "Say in a sentence what you looked at" in body(answer)
    assert not Proposal.objects.exists()


def taking(world, permission="review_in_queue", role="adjuster"):
    return f"/access-review/{role}/{permission}/{world.queue.pk}/withdraw/"


def test_a_permission_is_taken_from_a_role_with_a_reason_after_asking_once_more(world, tom, ana):
    client, address = browser(tom.user), taking(world)
    assert address in body(client.get(f"/access-review/?words={ana.user.username}"))
    assert address in body(client.get(f"/people/{ana.user.pk}/"))

    told = body(client.get(address))
    assert f"1 person: {ana.user}" in told
    assert "Senior adjuster" in told
    assert access.of(ana.user).may("review_in_queue", "queue", world.queue.pk)
    answer = client.post(address, {"reason": "Payouts went to another team."})

    assert answer.headers["Location"] == "/access-review/"
    assert not access.of(ana.user).may("review_in_queue", "queue", world.queue.pk)
    last = stories.story(world.queue.pk)[-1]
    assert (last.kind, last.actor.ref, last.personal) == (
        "access.withdrawn", tom.user.pk, {"reason": "Payouts went to another team."}
    )  # fmt: skip
    assert client.post(address, {"reason": "Again."}).status_code == 404


def test_without_a_reason_no_permission_is_taken_and_what_was_typed_stays(world, tom, ana):
    for reason in ("", " ", "w" * 4001):
        answer = browser(tom.user).post(taking(world), {"reason": reason})
        assert answer.status_code == 422
        assert reason.strip() in body(answer)

    assert access.of(ana.user).may("review_in_queue", "queue", world.queue.pk)


def test_who_takes_the_last_of_a_permission_is_told_that_nobody_does_it_there_then(world, tom):
    accounts.grant_access(Role.QUEUE_MANAGER, "manage_in_queue", world.queue, by=SEEDER)

    told = body(browser(tom.user).get(taking(world, "manage_in_queue", "queue-manager")))

    assert '<dd class="text">Ends other people&#x27;s holds and looks after the queue</dd>' in told
    assert "Nobody now" in told
    assert "No other role. Until somebody is given it again, nobody does this there." in told


@pytest.mark.parametrize(
    ("role", "finds"),
    [(Role.COMPLIANCE_OFFICER, 409), (Role.AUDITOR, 409), (Role.ADJUSTER, 404), (Role.QUEUE_MANAGER, 404)],
)
def test_nobody_else_takes_a_permission(world, role, ana, finds):
    client = browser(make_person("other", role).user)

    assert client.get(taking(world)).status_code == finds
    assert client.post(taking(world), {"reason": "Because."}).status_code == finds
    assert "/withdraw/" not in body(client.get("/access-review/"))
    assert access.of(ana.user).may("review_in_queue", "queue", world.queue.pk)


@pytest.mark.parametrize("address", ["nobody/review_in_queue", "adjuster/own_flow", "adjuster/anything"])
def test_what_no_role_has_is_not_there_to_take(world, tom, address):
    assert browser(tom.user).get(f"/access-review/{address}/{world.queue.pk}/withdraw/").status_code == 404


@pytest.mark.parametrize(
    ("role", "reads", "proposes"),
    [(Role.ADMINISTRATOR, 200, 302), (Role.COMPLIANCE_OFFICER, 200, 302), (Role.AUDITOR, 200, 409),
     (Role.ADJUSTER, 404, 404), (Role.QUEUE_MANAGER, 404, 404), (Role.FLOW_OWNER, 404, 404)],
)  # fmt: skip
def test_who_may_read_and_who_may_propose(world, role, reads, proposes):
    client = browser(make_person("someone", role).user)

    assert client.get("/access-review/").status_code == reads
    assert client.get("/access-review/download").status_code == reads
    assert client.post("/access-review/sign/", {"reason": "I asked every team."}).status_code == proposes
