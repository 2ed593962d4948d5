"""`manage.py policy`: faults with their places, all files proposed or none, and the text that is in force."""

import io

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.models import Policy, Proposal
from tests.factories import SEEDER, make_person

pytestmark = pytest.mark.django_db
WHY = ("--reason", "As agreed.")

GOOD = """policy: letters
fallback:
  queue: desk
  plan:
    - role: adjuster
      meaning: Decision
rules:
  - name: all
    when: action.effect == "letter"
    reason: A person reads every letter.
    queue: desk
    plan:
      - role: adjuster
        meaning: Approval
"""
BROKEN = GOOD.replace("policy: letters", "policy: broken").replace('== "letter"', "=== 1").replace("reason:", "raeson:")


@pytest.fixture
def file(tmp_path):
    def write(text, name="policy.yaml"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.fixture
def officer():
    configuring.open_queue("desk", "Desk", by=SEEDER)
    return make_person("helen", Role.COMPLIANCE_OFFICER).user


def policy(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command("policy", *map(str, words), stdout=out, stderr=err)
    return out.getvalue()


def faults(*words):
    err = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command("policy", *map(str, words), stdout=io.StringIO(), stderr=err)
    assert caught.value.returncode == 1
    return err.getvalue().splitlines(), str(caught.value)


def test_a_good_file_is_told_to_be_good(file):
    assert "letters, 1 rules, nothing wrong" in policy("check", file(GOOD))


def test_every_fault_is_told_with_file_line_and_column(file):
    path = file(BROKEN)

    told, ending = faults("check", file(GOOD, "good.yaml"), path)

    assert any(line.startswith(f"{path}:9:11: The condition of rule") for line in told)
    assert any(line.startswith(f"{path}:10:5: There is no member “raeson”") for line in told)
    assert ending == "1 of 2 files cannot be used; nothing was changed."


def test_a_file_that_is_not_there_is_told(tmp_path):
    assert "cannot be read" in faults("check", tmp_path / "none.yaml")[1]


def in_force(text=GOOD):
    """Put rules in force as setup does."""
    return configuring.apply_policy(text, by=SEEDER)


def test_a_policy_is_proposed_by_a_person_and_another_is_named(file, officer):
    make_person("tom", Role.ADMINISTRATOR)

    told = policy("apply", file(GOOD), "--by", officer.username, "--reason", "First rules.")

    proposal = Proposal.objects.get()
    assert f"proposed as {proposal.pk}: Routing rules letters" in told
    assert "may be signed by tom-" in told
    assert officer.username not in told
    assert (proposal.proposed_by, proposal.reason) == (officer, "First rules.")
    assert not Policy.objects.exists()


def test_where_nobody_else_may_sign_that_is_told(file, officer):
    assert "nobody may sign it yet" in policy("apply", file(GOOD), "--by", officer.username, *WHY)


def test_what_is_in_force_or_proposed_already_is_not_proposed_again(file, officer):
    in_force()
    assert "in force with exactly this text" in policy("apply", file(GOOD), "--by", officer.username, *WHY)

    policy("apply", file(GOOD + "# changed\n"), "--by", officer.username, *WHY)

    assert "waits for its signature" in policy("apply", file(GOOD + "# changed\n"), "--by", officer.username, *WHY)
    assert Proposal.objects.count() == 1


def test_who_may_not_propose_is_told(file, officer):
    ana = make_person("ana", Role.ADJUSTER).user

    assert "Ask a compliance officer" in faults("apply", file(GOOD), "--by", ana.username, *WHY)[1]


def test_an_unknown_name_is_told_with_its_place(file, officer):
    told, _ = faults(
        "apply", path := file(GOOD.replace("queue: desk", "queue: dsek", 1)), "--by", officer.username, *WHY
    )

    assert told == [f"{path}:3:10: There is no queue “dsek”. Did you mean “desk”? There are: desk."]


@pytest.mark.parametrize("bad", [BROKEN, GOOD.replace("letters", "others").replace("queue: desk", "queue: nowhere")])
def test_one_bad_file_leaves_the_good_one_out_too(file, officer, bad):
    _, ending = faults("apply", file(GOOD, "good.yaml"), file(bad, "bad.yaml"), "--by", officer.username, *WHY)

    assert "othing was changed" in ending
    assert not Proposal.objects.exists()


def test_nobody_applies_under_a_name_that_is_not_there(file, officer):
    assert "nobody active" in faults("apply", file(GOOD), "--by", "nobody")[1]


def test_what_is_in_force_is_written_out_byte_for_byte(file, officer):
    in_force()

    assert policy("export", "letters") == GOOD
    assert faults("export", "none")[1] == "There are no routing rules called none."
