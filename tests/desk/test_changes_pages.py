"""Pages of changes: what waits and for whom, who may sign, refuse and withdraw, and forms that lose nothing."""

import json
import re

import pytest
from fido2.utils import websafe_encode

from portal.accounts import actions as accounts
from portal.accounts.roles import Role
from portal.kit.ids import new_id
from reviews.actions import proposing
from reviews.models import Contract, Policy, Proposal, ProposalIntent, ProposalSignature
from tests.accounts.entering import with_passkey
from tests.factories import SEEDER, make_person, make_world, story
from tests.pages import HTMX, browser
from tests.reviews.four_eyes import HOURS, sign

pytestmark = pytest.mark.django_db

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def rules(world):
    return world.flow.policy


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def changed(policy, to="Small payouts need one."):
    text = Policy.objects.get(pk=policy.pk).in_force.text
    return text.replace("reason: Small payouts need one adjuster.", f"reason: {to}")


def proposed(rules, by, **given):
    return proposing.propose("policy", changed(rules), by=by.user, reason="Shorter.", **given)


def at(proposal, rest=""):
    return f"/changes/{proposal.pk}/{rest}"


def get(person, address):
    return browser(person.user).get(address)


def post(person, address, /, **fields):
    return browser(person.user).post(address, fields)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def attempt(person, proposal):
    """Begin to sign, and give the browser and the address of the attempt."""
    client = browser(person.user)
    return client, client.post(at(proposal, "prepare/")).headers["Location"]


def typed(person, **more):
    return {"consent": "on", "factor": "typed", "password": person.password, "totp": person.code()} | more


def test_the_list_says_who_proposed_and_for_whom_it_waits(tom, helen, rules):
    proposed(rules, tom)

    told = body(get(tom, "/changes/"))

    assert f"Routing rules {rules.name}" in told
    assert f'<td data-label="Proposed by">{tom.user.printed_name}' in told
    assert f'<td data-label="Waits for">{helen.user.printed_name}</td>' in told


def test_a_change_that_nobody_can_sign_says_so(tom, rules):
    proposal = proposed(rules, tom)

    assert "Nobody can sign it" in body(get(tom, "/changes/"))
    assert "Nobody can sign it now" in body(get(tom, at(proposal)))


def test_a_change_is_told_in_sentences_and_line_by_line(tom, helen, rules):
    told = body(get(helen, at(proposed(rules, tom))))

    assert "Rule “small” changed: reason." in told
    assert "added: </span> reason: Small payouts need one.<" in told
    assert "removed: </span> reason: Small payouts need one adjuster.<" in told
    assert "Shorter." in told
    assert "Review and sign" in told


def test_who_proposed_it_sees_why_they_may_not_sign_and_who_may(tom, helen, rules):
    told = body(get(tom, at(proposed(rules, tom))))

    assert "Review and sign" not in told
    assert "Somebody else must decide about what you proposed." in told
    assert f"{helen.user.printed_name} ({helen.user.username})" in told
    assert "Withdraw your proposal" in told


def test_another_person_signs_and_it_is_in_force(tom, helen, rules):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)

    asked = body(client.get(address))
    answer = client.post(address, typed(helen))

    assert f"I have read the change “Routing rules {rules.name}, version 2" in asked
    assert "Rule “small” changed: reason." in asked
    assert answer.headers["Location"] == at(proposal)
    assert Policy.objects.get(pk=rules.pk).in_force.version == 2
    assert story(proposal) == ["proposal.opened", "proposal.signed"]
    assert "Waiting for the seal" in body(client.get(at(proposal)))


def test_the_proof_follows_the_signature(tom, helen, rules):
    proposal = proposed(rules, tom)
    sign(proposal, helen)

    waits = body(browser(helen.user).get(at(proposal), headers=HTMX))

    assert waits.strip().startswith('<section id="proof"')
    assert f"{helen.user.printed_name} signed “Putting a change in force” as Compliance officer" in waits
    assert 'hx-trigger="every 1s"' in waits


def test_a_passkey_puts_a_change_in_force(tom, helen, rules):
    device, proposal = with_passkey(helen), proposed(rules, tom)
    client, address = attempt(helen, proposal)
    challenge = bytes(ProposalIntent.objects.get().challenge)

    asked = client.get(address).content.decode()
    answer = json.dumps(device.answer(challenge))
    client.post(address, typed(helen, factor="passkey", passkey=answer, password="", totp=""))

    assert f'data-challenge="{websafe_encode(challenge)}"' in asked
    assert ProposalSignature.objects.get(proposal=proposal).assurance == "device-signed"


@pytest.mark.parametrize("wrong", [{"consent": ""}, {"password": "wrong"}])
def test_a_failed_ceremony_leaves_the_attempt_and_changes_nothing(tom, helen, rules, wrong):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)

    answer = client.post(address, typed(helen, **wrong))

    assert answer.status_code in (403, 422)
    assert "Sign this change" in body(answer)
    assert not ProposalSignature.objects.exists()
    assert client.post(address, typed(helen)).status_code == 302


def test_a_stale_change_says_so_and_is_not_signed(tom, helen, rules):
    proposal = proposed(rules, tom)
    other = proposing.propose("policy", changed(rules, "Other."), by=tom.user, reason="As agreed.")
    client, address = attempt(helen, proposal)
    sign(other, make_person("hugo", Role.COMPLIANCE_OFFICER))

    told = body(client.get(at(proposal)))
    answer = client.post(address, typed(helen))

    assert "It cannot be signed as it stands." in told
    assert "Review and sign" not in told
    assert answer.status_code == 409
    assert "Nothing was signed." in body(answer)
    assert not ProposalSignature.objects.filter(proposal=proposal).exists()


def test_an_attempt_of_one_change_does_not_sign_another(tom, helen, rules, world):
    proposal = proposed(rules, tom)
    other = proposing.propose("policy", changed(rules, "Other."), by=tom.user, reason="As agreed.")
    client, address = attempt(helen, proposal)

    moved = address.replace(str(proposal.pk), str(other.pk))

    assert client.get(moved).status_code == 404
    assert client.post(moved, typed(helen)).status_code == 404


def test_an_attempt_is_of_one_session_alone(tom, helen, rules):
    _, address = attempt(helen, proposed(rules, tom))

    assert get(helen, address).status_code == 404


def test_a_used_attempt_leads_to_what_came_of_it(tom, helen, rules):
    proposal = proposed(rules, tom)
    client, address = attempt(helen, proposal)
    client.post(address, typed(helen))

    assert client.get(address).headers["Location"] == at(proposal)


def test_what_cannot_be_signed_any_more_says_where_it_is_wrong(tom, helen, ana):
    content = json.dumps({"person": ana.user.username, "role": "flow-owner"})
    proposal = proposing.propose("role", content, by=tom.user, reason="As agreed.")
    accounts.deactivate(ana.user, by=tom.user)

    answer = post(helen, at(proposal, "prepare/"))

    assert answer.status_code == 422
    assert "<code>/person</code>: There is nobody active called" in body(answer)
    assert "There is nobody active called" in body(get(helen, at(proposal)))


def test_who_proposed_cannot_begin_to_sign(tom, rules):
    proposal = proposed(rules, tom)

    assert post(tom, at(proposal, "prepare/")).status_code == 409
    assert not ProposalIntent.objects.exists()


def test_a_refusal_takes_a_reason_and_shows_it(tom, helen, rules):
    proposal = proposed(rules, tom)

    assert post(helen, at(proposal, "refuse/"), reason=" ").status_code == 422
    assert post(helen, at(proposal, "refuse/"), reason=f"Not now {HOSTILE}").status_code == 302
    told = get(tom, at(proposal)).content.decode()

    assert "Not now &lt;script&gt;" in told
    assert HOSTILE not in told
    assert Proposal.objects.get().state == "refused"


def test_a_reason_for_refusing_that_is_too_long_stays_in_its_form(tom, helen, rules):
    proposal = proposed(rules, tom)

    for most in (1001, 4001):
        answer = post(helen, at(proposal, "refuse/"), reason="n" * most)
        assert answer.status_code == 422
        assert "n" * most in body(answer)
    assert Proposal.objects.get().state == "open"


def test_only_who_proposed_withdraws(tom, helen, rules):
    proposal = proposed(rules, tom)

    assert post(helen, at(proposal, "withdraw/")).status_code == 409
    assert post(tom, at(proposal, "withdraw/")).status_code == 302
    assert Proposal.objects.get().state == "withdrawn"
    assert "Withdrawn by" in body(get(helen, at(proposal)))


def test_an_auditor_reads_all_of_it_and_is_told_why_nothing_more(tom, rules, world):
    proposal, auditor = proposed(rules, tom), make_person("ada", Role.AUDITOR)

    told = body(get(auditor, at(proposal)))

    assert "An auditor reads and changes nothing." in told
    assert "Refuse</button>" not in told
    assert "An auditor reads" in body(get(auditor, "/changes/new/"))
    assert get(auditor, "/changes/new/role/").status_code == 409


def test_registers_are_found_where_a_change_is_proposed_by_who_may_propose_them(tom, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga = make_person("olga", Role.FLOW_OWNER)

    for address in ("/authority/import/", "/licences/import/"):
        assert f'<a href="{address}">' in body(get(tom, "/changes/new/"))
        assert address not in body(get(olga, "/changes/new/"))


def test_an_owner_reads_changes_of_their_rules_and_no_others(tom, rules, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga, ana = make_person("olga", Role.FLOW_OWNER), make_person("ana", Role.ADJUSTER)
    theirs, other = proposed(rules, tom), proposed(make_world().flow.policy, tom)
    content = json.dumps({"person": ana.user.username, "role": "senior-adjuster"})
    role = proposing.propose("role", content, by=tom.user, reason="As agreed.")

    assert get(olga, at(theirs)).status_code == 200
    assert get(olga, at(other)).status_code == 404
    assert get(olga, at(role)).status_code == 404
    assert "Give the role" not in body(get(olga, "/changes/"))


def test_who_reads_a_change_and_puts_nothing_in_force_is_told_so(tom, rules, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    client = browser(make_person("olga", Role.FLOW_OWNER).user)

    assert "Your roles put nothing in force." in body(client.post(at(proposed(rules, tom), "prepare/")))


def test_a_stranger_learns_nothing_of_changes(tom, ana, rules):
    proposal = proposed(rules, tom)
    client = browser(ana.user)

    for address in ("/changes/", at(proposal), "/changes/new/", "/changes/new/role/"):
        assert client.get(address).status_code == 404, address
    for verb in ("prepare", "refuse", "withdraw", "simulate"):
        answers = [client.post(address) for address in (at(proposal, f"{verb}/"), f"/changes/{new_id()}/{verb}/")]
        assert [each.status_code for each in answers] == [404, 404], verb


def test_proposed_rules_are_simulated_by_who_reads_them(tom, helen, rules):
    answer = post(helen, at(proposed(rules, tom), "simulate/"), wanted="10")

    assert answer.headers["Location"].startswith("/rules/simulations/")


def test_a_data_contract_is_proposed_with_its_date(tom, world):
    fields = {"flow": world.flow.pk, "schema": '{"type": "object"}', "earlier_until": "2030-01-02T03:04"}

    answer = post(tom, "/changes/new/contract/", **fields, reason="Simpler.", do="propose")
    proposal = Proposal.objects.get()
    sign(proposal, make_person("helen", Role.COMPLIANCE_OFFICER))

    assert answer.headers["Location"] == at(proposal)
    contract = Contract.objects.get(flow=world.flow, version=2)
    assert f"{contract.earlier_until:%Y-%m-%d %H:%M}" == "2030-01-02 03:04"
    assert "/properties is gone." in body(get(tom, at(proposal)))


def test_json_that_is_none_is_refused_with_its_line_and_kept(tom, world):
    fields = {"flow": world.flow.pk, "schema": '{"type":\n  objekt}', "reason": "Simpler.", "do": "propose"}

    answer = post(tom, "/changes/new/contract/", **fields)

    assert answer.status_code == 400
    assert 'data-line="2"' in answer.content.decode()
    assert "objekt}</textarea>" in answer.content.decode()
    assert "Simpler.</textarea>" in answer.content.decode()


def test_an_owner_is_offered_the_flows_they_own(tom, world):
    accounts.grant_access(Role.FLOW_OWNER, "own_flow", world.flow, by=SEEDER)
    olga, other = make_person("olga", Role.FLOW_OWNER), make_world().flow

    told = body(get(olga, f"/changes/new/contract/?flow={world.flow.slug}"))
    fields = {"flow": other.pk, "schema": "{}", "reason": "Mine now.", "do": "propose"}

    assert str(world.flow.pk) in told
    assert "Flood zone" in told
    assert str(other.pk) not in told
    assert post(olga, "/changes/new/contract/", **fields).status_code == 422


SMALL = {
    "access": lambda world, ana: {
        "role": "queue-manager", "permission": "queue:manage_in_queue", "on": f"queue:{world.queue.pk}",
    },
    "role": lambda world, ana: {"person": ana.user.pk, "role": "senior-adjuster"},
    "role-pair": lambda world, ana: {"first": "adjuster", "second": "flow-owner", "forbidden": "yes"},
    "calendar": lambda world, ana: {"text": HOURS.replace("\n", "\r\n")},
}  # fmt: skip


@pytest.mark.parametrize("kind", SMALL)
def test_small_changes_are_checked_proposed_and_signed(tom, helen, ana, world, kind):
    fields = SMALL[kind](world, ana)

    checked = post(tom, f"/changes/new/{kind}/", **fields, do="check")
    answer = post(tom, f"/changes/new/{kind}/", **fields, do="propose", reason="We need it.")
    proposal = Proposal.objects.get()
    shown = get(helen, at(proposal))
    sign(proposal, helen)

    assert checked.status_code == 200
    assert "Nothing is wrong with it." in body(checked)
    assert answer.headers["Location"] == at(proposal)
    assert shown.status_code == 200
    assert get(tom, at(proposal)).status_code == 200
    assert "In force by" in body(get(tom, at(proposal)))


AUTHORITY = "person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to\n"


def test_registers_and_reviews_are_read_and_signed_here_too(tom, helen, ana):
    row = f"{ana.user.username},pay,*,US,USD,500.00,500.00,,,,2026-01-01,\n"
    register = proposing.propose("authority", AUTHORITY + row, by=tom.user, reason="As agreed.")
    review = proposing.propose("access-review", f"Person,Role\n{HOSTILE},adjuster\n", by=tom.user, reason="As agreed.")

    for proposal in (register, review):
        assert get(helen, at(proposal)).status_code == 200
        client, address = attempt(helen, proposal)
        assert HOSTILE not in client.get(address).content.decode()
        sign(proposal, make_person("hugo", Role.COMPLIANCE_OFFICER))
    told = body(get(helen, at(register)))

    assert f"added: </span>{ana.user.username},pay," in told
    assert "Nothing in force before" in told
    assert HOSTILE not in get(helen, at(review)).content.decode()


def test_a_change_without_a_reason_is_checked_but_not_proposed(tom, ana, world):
    fields = SMALL["role"](world, ana)

    assert post(tom, "/changes/new/role/", **fields, do="check").status_code == 200
    assert post(tom, "/changes/new/role/", **fields, do="propose").status_code == 422
    assert not Proposal.objects.exists()


@pytest.mark.parametrize("kind", ["access", "role", "role-pair", "calendar", "contract"])
def test_an_empty_form_says_what_is_missing(tom, kind):
    answer = post(tom, f"/changes/new/{kind}/", do="propose")

    assert answer.status_code == 422
    assert "This field is required." in body(answer)
    assert not Proposal.objects.exists()


def test_a_permission_of_queues_is_not_given_on_a_flow(tom, world):
    fields = {"role": "auditor", "permission": "queue:see_queue", "on": f"flow:{world.flow.pk}", "reason": "x"}

    answer = post(tom, "/changes/new/access/", **fields, do="propose")

    assert answer.status_code == 422
    assert "Choose a queue here." in body(answer)


def test_who_gains_a_role_is_told_to_nobody_who_may_not_know_and_does_not_sign(tom, helen, ana):
    content = json.dumps({"person": helen.user.username, "role": "flow-owner"})
    proposal = proposing.propose("role", content, by=tom.user, reason="As agreed.")

    told = body(get(helen, at(proposal)))

    assert "Somebody else must sign what gives a role to you." in told
    assert f"For {helen.user.printed_name} ({helen.user.username})" in told
    assert get(ana, at(proposal)).status_code == 404


def test_an_unknown_kind_is_not_there(tom):
    assert get(tom, "/changes/new/everything/").status_code == 404


def test_decided_changes_are_listed_page_by_page(tom, rules, monkeypatch):
    monkeypatch.setattr("reviews.showing.changes.PAGE", 2)
    for number in range(3):
        made = proposing.propose("policy", changed(rules, f"Reason {number}."), by=tom.user, reason="As agreed.")
        proposing.withdraw(made.pk, by=tom.user)
    last = Proposal.objects.order_by("pk").first()

    first = get(tom, "/changes/?show=decided").content.decode()
    older = re.search(r'href="(\?show=decided&amp;before=[^"]+)"', first)

    assert older is not None
    assert first.count("Withdrawn") == 2
    assert at(last) in get(tom, f"/changes/{older[1].replace('&amp;', '&')}").content.decode()
    assert get(tom, "/changes/?before=nonsense").status_code == 422


def test_looking_at_changes_writes_nothing(tom, helen, rules):
    proposal = proposed(rules, tom)

    for address in ("/changes/", "/changes/?show=decided", at(proposal), "/changes/new/", "/changes/new/role/"):
        assert get(helen, address).status_code == 200
    for verb in ("prepare", "refuse", "withdraw", "simulate"):
        assert get(helen, at(proposal, f"{verb}/")).status_code == 405

    assert story(proposal) == ["proposal.opened"]
    assert not ProposalIntent.objects.exists()
