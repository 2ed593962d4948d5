"""Four eyes: what each kind of change does once it is signed."""

import pytest

from audit import exhibits, ledger
from portal.accounts import access
from portal.accounts.models import ForbiddenPair
from portal.accounts.roles import Role
from reviews.actions import configuring, enforcing, proposing
from reviews.models import Calendar, Contract, Entitlement, Flow, Licence, Policy, PolicyVersion, Register
from reviews.proposals import kinds
from tests.factories import SEEDER, make_person, make_world, refused, story
from tests.reviews.four_eyes import HOURS, RULES, propose, sign
from tests.reviews.sheets import HEADINGS

pytestmark = pytest.mark.django_db


def test_the_first_version_of_a_policy_can_be_proposed(tom, helen):
    configuring.open_queue("desk", "Desk", by=SEEDER)

    sign(propose("policy", RULES, helen), tom)

    assert PolicyVersion.objects.get().changed_rules == ["all", "small"]
    assert story(Policy.objects.get()) == ["policy.opened", "policy.applied"]


def test_a_contract_is_put_in_force_with_a_date_until_which_the_one_before_is_accepted(tom, helen):
    flow = make_world(contract={"type": "object"}).flow
    schema = {"type": "object", "required": ["output"], "x-countersign-earlier-until": "2030-01-01T00:00:00Z"}

    proposal = propose("contract", schema, tom, target=flow.pk)
    sign(proposal, helen)

    contract = Contract.objects.get(proposal=proposal)
    assert Flow.objects.get(pk=flow.pk).contract_id == contract.pk
    assert (contract.version, contract.earlier_until.year) == (2, 2030)
    assert ledger.story(flow.pk)[-1].pub["earlier_until"].startswith("2030-01-01")
    assert story(flow)[-1] == "flow.contract_applied"


def test_a_role_is_given(tom, helen):
    ana = make_person("ana")

    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, helen)
    sign(proposal, tom)

    assert access.of(ana.user).roles == {"adjuster"}
    given = ledger.story(ana.user.pk)[-1]
    assert (given.kind, given.actor.ref, given.pub["proposal"]) == (
        "person.role_granted", tom.user.pk, str(proposal.pk),
    )  # fmt: skip


def test_a_place_behind_a_wall_is_given(tom, helen):
    ana = make_person("ana", Role.ADJUSTER)

    sign(propose("role", {"person": str(ana.user.pk), "role": "wall-counsel"}, helen), tom)

    assert access.of(ana.user).walls == {"ordinary", "counsel"}
    assert access.of(ana.user).roles == {"adjuster"}


def test_a_title_names_nobody(tom):
    ana = make_person("ana")

    proposal = propose("role", {"person": ana.user.username, "role": "adjuster"}, tom)

    assert proposal.title == "Give the role Adjuster"
    assert proposing.preview("role", exhibits.open(proposal.content_id).decode(), by=tom.user).told.endswith(
        f"to {ana.user.printed_name} ({ana.user.username})"
    )


def test_a_permission_is_given_to_a_role(tom, helen):
    queue = configuring.open_queue("desk", "Desk", by=SEEDER)
    ana = make_person("ana", Role.ADJUSTER)
    asked = {"role": "adjuster", "permission": "review_in_queue", "target": "queue", "target_id": "desk"}

    sign(propose("access", asked, tom), helen)

    assert access.of(ana.user).may("review_in_queue", "queue", queue.pk)
    assert story(queue) == ["queue.opened", "access.granted"]


def test_a_register_of_authority_is_put_in_force_with_its_rows(tom, helen):
    ana = make_person("ana", Role.ADJUSTER).user
    row = f"{ana.username},pay letter,auto,US-TX,USD,10000,5000,20000,100000,30,2026-01-01,"

    proposal = propose("authority", f"{HEADINGS}\n{row}\n", tom)
    assert not Register.objects.exists()
    sign(proposal, helen)

    entitlement = Entitlement.objects.get()
    assert (entitlement.person_id, entitlement.effects, entitlement.up_to) == (ana.pk, "letter pay", 10000)
    assert story(entitlement.register) == ["register.applied"]
    assert bytes(entitlement.register.digest) == bytes(proposal.digest)


def test_a_register_of_licences_is_put_in_force_and_the_newest_counts(tom, helen):
    ana = make_person("ana", Role.ADJUSTER).user
    heads = "person,kind,number,jurisdiction,line,from,to"
    sign(propose("licences", f"{heads}\n{ana.username},claims-adjuster,A-1,US-TX,auto,2026-01-01,\n", tom), helen)

    text = f"{heads}\n{ana.username},claims-adjuster,A-2,US-TX,auto,2026-01-01,\n"
    assert proposing.preview("licences", text, by=tom.user).differences == [
        f"{ana.printed_name}: claims-adjuster, auto, Texas: number A-1 → A-2."
    ]
    sign(propose("licences", text, helen), tom)

    assert Licence.objects.get(register__version=2).number == "A-2"


def test_a_calendar_is_put_in_force(tom, helen):
    sign(propose("calendar", HOURS, tom), helen)
    sign(propose("calendar", HOURS.replace("12:00", "13:00"), helen), tom)

    calendar = Calendar.objects.get()
    assert (calendar.in_force.version, calendar.versions.count()) == (2, 2)
    assert story(calendar) == ["calendar.opened", "calendar.applied", "calendar.applied"]


def test_a_pair_of_roles_is_forbidden_and_allowed_again(tom, helen):
    asked = {"first": "queue-manager", "second": "adjuster", "forbidden": True}
    sign(propose("role-pair", asked, tom, reason="Who hands out work does not do it."), helen)
    ana = make_person("ana", Role.ADJUSTER)

    with refused("forbidden_pair") as told:
        propose("role", {"person": ana.user.username, "role": "queue-manager"}, tom)
    assert "holds Adjuster, which nobody may hold together with Queue manager" in told.value.detail
    sign(propose("role-pair", asked | {"forbidden": False}, helen), tom)
    sign(propose("role", {"person": ana.user.username, "role": "queue-manager"}, tom), helen)

    pair = ForbiddenPair.objects.get()
    assert pair.reason == "Who hands out work does not do it."
    assert story(pair) == ["roles.pair_forbidden", "roles.pair_allowed"]


def test_an_access_review_is_its_signature(tom, helen):
    proposal = propose("access-review", "person,role\nana,adjuster\n", tom)

    signature = sign(proposal, helen)

    assert bytes(signature.content_sha256) == bytes(proposal.digest)
    assert exhibits.open(proposal.content_id) == b"person,role\nana,adjuster\n"


def test_every_kind_that_can_be_proposed_can_be_put_in_force():
    assert set(enforcing._ENFORCED) == set(kinds.KINDS)
