"""Pages of people: who is there and how they stand, and what an administrator does to another's account."""

import re

import pytest
from django.contrib.auth.models import Group

from audit import stories
from portal.accounts import actions as accounts
from portal.accounts import administering, ceremony, pairs, walls
from portal.accounts.models import User
from portal.accounts.roles import Role
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.pages import browser
from tests.reviews.standing import away

pytestmark = pytest.mark.django_db


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def of(person, rest=""):
    return f"/people/{person.user.pk}/{rest}"


def again(person):
    return User.objects.get(pk=person.user.pk)


def test_everybody_is_listed_with_how_they_stand(tom, ana, ben):
    eve = make_person("eve", Role.ADJUSTER, verified=False)
    away(ana, ben)
    walls.grant_wall(eve.user, "counsel", by=SEEDER)

    told = body(browser(tom.user).get("/people/"))

    assert "Identity not verified" in told
    assert '<td data-label="Behind walls">Counsel' in told
    assert f"Away: {ben.user} signs for them." in told
    assert f"Signs for {ana.user}." in told


def test_a_forbidden_pair_is_told_at_the_top_and_on_its_page(tom, ana):
    pairs.forbid("adjuster", "queue-manager", "Who manages does not decide.", by=SEEDER)
    assert "of roles is held" not in body(browser(tom.user).get("/people/"))
    with_both = make_person("both", Role.ADJUSTER)
    pairs.allow(pairs.ForbiddenPair.objects.get(ended_at=None), by=SEEDER)
    accounts.grant_role(with_both.user, Role.QUEUE_MANAGER, by=SEEDER)
    pairs.forbid("adjuster", "queue-manager", "Who manages does not decide.", by=SEEDER)

    assert "1 forbidden pair of roles is held." in body(browser(tom.user).get("/people/"))
    told = body(browser(tom.user).get("/people/pairs/"))
    assert f'<a href="{of(with_both)}">{with_both.user}</a>' in told
    assert "Adjuster and Queue manager" in told
    assert "Two roles nobody may hold together." in body(browser(tom.user).get(of(with_both)))


def test_a_person_added_gets_a_password_that_is_shown_once(tom):
    client = browser(tom.user)

    answer = client.post("/people/add/", {"username": "zoe", "printed_name": "Zoe Zimmer", "email": ""})
    zoe = User.objects.get(username="zoe")
    password = re.search(r'<code class="mono">([^<]+)</code>', answer.content.decode())[1]

    assert zoe.check_password(password)
    assert zoe.identity_verified_at is None
    assert story(zoe) == ["person.added"]
    assert password not in client.get(f"/people/{zoe.pk}/").content.decode()


def test_a_name_that_is_taken_keeps_what_was_typed(tom, ana):
    given = {"username": ana.user.username, "printed_name": "Zoe Zimmer"}

    answer = browser(tom.user).post("/people/add/", given)

    assert answer.status_code == 409
    assert 'value="Zoe Zimmer"' in body(answer)
    assert User.objects.filter(username=ana.user.username).count() == 1


@pytest.mark.parametrize("name", ["@zoe", "+zoe", "-zoe"])
def test_a_name_that_could_stand_in_no_register_is_refused_with_what_was_typed(tom, name):
    page = browser(tom.user)

    answer = page.post("/people/add/", {"username": name, "printed_name": "Zoe Zimmer"})

    assert answer.status_code == 422
    assert "Begin the sign-in name with a letter or a digit" in body(answer)
    assert "Zoe Zimmer" in body(answer)
    assert not User.objects.filter(username=name).exists()


def test_an_identity_is_verified_by_another_and_then_they_sign(tom, world):
    eve = make_person("eve", Role.ADJUSTER, verified=False)
    assert "I verified who they are" in body(browser(tom.user).get(of(eve)))

    assert browser(tom.user).post(of(eve, "verify/")).status_code == 302

    assert again(eve).identity_verified_by == tom.user
    item = make_item(world)
    assert sign(take(item, eve), eve).signer == eve.user


def test_who_added_somebody_does_not_verify_them_but_a_compliance_officer_may(tom):
    zoe, _ = administering.add("zoe", "Zoe Zimmer", "", by=tom.user)
    helen = make_person("helen", Role.COMPLIANCE_OFFICER)
    address = f"/people/{zoe.pk}/"

    assert browser(tom.user).post(f"{address}verify/").status_code == 403
    assert "I verified who they are" in body(browser(helen.user).get(address))
    assert browser(helen.user).post(f"{address}verify/").status_code == 302
    assert User.objects.get(pk=zoe.pk).identity_verified_by == helen.user


def test_nobody_verifies_or_deactivates_themselves(tom):
    root = make_person("root", Role.ADMINISTRATOR, verified=False)
    client = browser(root.user)

    assert client.post(of(root, "verify/")).status_code == 403
    assert client.post(of(root, "deactivate/")).status_code == 403
    assert again(root).identity_verified_at is None
    assert again(root).is_active


def test_signing_is_unlocked_with_a_reason(tom, ana):
    for _ in range(ceremony.FAILURES_BEFORE_LOCK):
        ceremony.note_failure(ana.user)
    client = browser(tom.user)
    assert "Signing locked" in body(client.get(of(ana)))

    assert client.post(of(ana, "unlock/"), {"reason": " "}).status_code == 422
    too_long = client.post(of(ana, "unlock/"), {"reason": "m" * 4001})
    assert too_long.status_code == 422
    assert "m" * 4001 in body(too_long)
    assert again(ana).signing_locked_at is not None
    assert client.post(of(ana, "unlock/"), {"reason": "She mistyped; I called her."}).status_code == 302

    assert again(ana).signing_locked_at is None
    assert story(ana.user)[-1] == "person.signing_unlocked"


@pytest.mark.parametrize("role", ["adjuster", "wall-counsel"])
def test_a_role_or_wall_is_taken_after_asking_once_more(tom, ana, role):
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    client, address = browser(tom.user), of(ana, f"withdraw/{role}/")

    assert "Giving it back takes a proposal" in body(client.get(address))
    for blank in ({}, {"reason": " "}, {"reason": "w" * 4001}):
        answer = client.post(address, blank)
        assert answer.status_code == 422
        assert blank.get("reason", "").strip() in body(answer)
    assert again(ana).groups.filter(name=role).exists()
    assert client.post(address, {"reason": "She moved to another team."}).status_code == 302

    assert not again(ana).groups.filter(name=role).exists()
    assert stories.story(ana.user.pk)[-1].personal == {"reason": "She moved to another team."}
    assert client.post(address, {"reason": "Again."}).status_code == 404


def test_a_person_is_deactivated_after_asking_once_more(tom, ana):
    client, theirs = browser(tom.user), browser(ana.user)

    assert "This is for good." in body(client.get(of(ana, "deactivate/")))
    assert again(ana).is_active
    assert client.post(of(ana, "deactivate/")).status_code == 302

    assert not again(ana).is_active
    assert "/sign-in/" in theirs.get("/").headers["Location"]
    assert "Deactivated" in body(client.get(of(ana)))


def test_the_last_administrator_stays(tom):
    answer = browser(tom.user).post(of(tom, "withdraw/administrator/"), {"reason": "I leave."})

    assert answer.status_code == 409
    assert "This is the last administrator" in body(answer)
    assert Group.objects.get(name="administrator").user_set.filter(pk=tom.user.pk).exists()


def test_another_role_is_proposed_for_the_person(tom, ana):
    client = browser(tom.user)
    assert f"/changes/new/role/?person={ana.user.username}" in body(client.get(of(ana)))

    told = body(client.get(f"/changes/new/role/?person={ana.user.username}"))

    assert f'<option value="{ana.user.pk}" selected>' in told


@pytest.mark.parametrize(
    ("role", "reads"),
    [(Role.COMPLIANCE_OFFICER, 200), (Role.AUDITOR, 200), (Role.ADJUSTER, 404), (Role.QUEUE_MANAGER, 404),
     (Role.FLOW_OWNER, 404)],
)  # fmt: skip
def test_others_read_or_find_nothing_and_change_nothing(tom, ana, role, reads):
    eve = make_person("eve", Role.ADJUSTER, verified=False)
    client = browser(make_person("other", role).user)

    for address in ("/people/", "/people/pairs/", of(ana)):
        answer = client.get(address)
        assert answer.status_code == reads
        assert "/withdraw/" not in body(answer)
    for address in ("/people/add/", of(ana, "withdraw/adjuster/"), of(ana, "deactivate/")):
        assert client.get(address).status_code in (404, 409)
    # A compliance officer changes nothing of an account, but may say who somebody is (the test above).
    says = () if role is Role.COMPLIANCE_OFFICER else ("verify/",)
    for address in (*says, "unlock/", "deactivate/", "withdraw/adjuster/"):
        assert client.post(of(eve, address), {"reason": "x"}).status_code in (404, 409)
    assert client.post("/people/add/", {"username": "zoe", "printed_name": "Zoe"}).status_code in (404, 409)
    assert again(eve).is_active
    assert again(eve).identity_verified_at is None
    assert not User.objects.filter(username="zoe").exists()


@pytest.mark.parametrize("role", [Role.ADJUSTER, Role.COMPLIANCE_OFFICER, Role.AUDITOR])
def test_the_actions_themselves_refuse_who_is_no_administrator(world, tom, ana, role):
    other = make_person("other", role).user

    with refused("only_administrators"):
        administering.add("zoe", "Zoe", "", by=other)
    with refused("only_administrators"):
        administering.deactivate(ana.user.pk, by=other)
    with refused("only_administrators"):
        administering.withdraw(ana.user.pk, "adjuster", "Because.", by=other)
    with refused("only_administrators"):
        administering.withdraw_access(Role.ADJUSTER, "review_in_queue", world.queue, "Because.", by=other)
    assert again(ana).is_active
