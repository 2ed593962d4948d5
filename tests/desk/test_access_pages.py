"""Pages of the access review: who may do what, filtered and as CSV, and a quarter's review that two people sign."""

import re

import pytest

from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.models import Proposal
from reviews.showing import access_report
from tests.factories import make_person
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
    assert "Role: adjuster" not in told
    assert "No row says this." in body(client.get("/access-review/?words=nobody-at-all"))


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
