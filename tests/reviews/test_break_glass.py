"""Breaking the glass: a role for hours, with a reason and a ceremony; others know at once; what is done is marked."""

import json
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import connection

from audit import exhibits, ledger
from portal.accounts import access
from portal.accounts import actions as accounts
from portal.accounts.ceremony import Factors
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import breaking_glass, configuring, notifying, taking
from reviews.models import BreakGlass, GlassNotice, Queue
from tests.factories import SEEDER, make_item, make_person, refused, sign, story, take
from tests.reviews.cheating import pasted, refuses, run
from tests.reviews.planned import make_planned, stage
from tests.reviews.standing import about_to_sign, emergency, make_manager, make_officer
from tests.reviews.test_slot_rules import ceremony_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def urgent(db):
    """A world whose items only a senior adjuster signs."""
    return make_planned(stage("s"))


@pytest.fixture
def ana(urgent):
    return make_person("ana", Role.ADJUSTER)


@pytest.fixture
def olga(urgent):
    return make_officer()


@pytest.mark.usefixtures("olga")
def test_a_role_taken_in_an_emergency_signs_and_is_marked(urgent, ana):
    item = make_item(urgent)
    with refused("role_missing"):
        take(item, ana)

    made = emergency(ana, urgent.queue)
    assert taking.take_next(by=ana.user).item_id == item.pk
    signature = sign(item, ana)

    assert (signature.role, signature.break_glass) == ("senior-adjuster", made)
    body = json.loads(exhibits.open(signature.intent.body_id))
    assert "I approve it under emergency access:" in body["statement"]
    entry = next(told for told in ledger.story(item.pk) if told.kind == "signature.executed")
    assert entry.pub["break_glass"] == str(made.pk)


def test_the_others_know_at_once_in_the_portal_and_by_mail(urgent, ana, olga, django_capture_on_commit_callbacks):
    manager = make_manager(urgent.queue)
    User.objects.filter(pk=olga.user.pk).update(email="olga@example.com")

    made = emergency(ana, urgent.queue)
    notifying.send_due()

    assert set(made.told) == {str(olga.user.pk), str(manager.user.pk)}
    assert breaking_glass.unseen(olga.user) == breaking_glass.unseen(manager.user) == [made]
    assert breaking_glass.unseen(ana.user) == []
    assert breaking_glass.reason_of(made) == "Everybody is ill."
    assert [message.to for message in mail.outbox] == [["olga@example.com"]]
    assert "Ana took the role senior adjuster" in mail.outbox[0].body
    assert notifying.send_due() == 0
    assert GlassNotice.objects.get(person=olga.user).sent_at
    assert GlassNotice.objects.get(person=manager.user).sent_at is None


def test_mail_is_sent_while_nothing_is_locked(urgent, ana, olga, monkeypatch):
    User.objects.filter(pk=olga.user.pk).update(email="olga@example.com")
    emergency(ana, urgent.queue)
    outside, during = list(connection.savepoint_ids), []
    monkeypatch.setattr(notifying, "send_mail", lambda *given: during.append(list(connection.savepoint_ids)))

    notifying.send_due()

    assert during == [outside]


def test_a_notice_that_is_being_mailed_is_nobody_elses_to_mail(urgent, ana, olga, monkeypatch):
    User.objects.filter(pk=olga.user.pk).update(email="olga@example.com")
    emergency(ana, urgent.queue)
    others = []
    monkeypatch.setattr(notifying, "send_mail", lambda *given: others.append(notifying.send_due()))

    notifying.send_due()

    assert others == [0]


def test_mail_that_is_refused_is_tried_again(urgent, ana, olga, monkeypatch):
    User.objects.filter(pk=olga.user.pk).update(email="olga@example.com")
    emergency(ana, urgent.queue)

    def refuse(*given):
        raise ConnectionRefusedError

    monkeypatch.setattr(notifying, "send_mail", refuse)
    notifying.send_due()
    notice = GlassNotice.objects.get()
    assert (notice.tries, notice.sent_at) == (1, None)
    monkeypatch.undo()

    with time_machine.travel(now() + timedelta(minutes=1), tick=True):
        notifying.send_due()
    assert len(mail.outbox) == 1


def test_where_nobody_could_be_told_the_glass_holds(urgent, ana):
    with refused("nobody_to_tell"):
        emergency(ana, urgent.queue)


@pytest.mark.usefixtures("olga")
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR])
def test_who_never_decides_does_not_in_an_emergency(urgent, role):
    with refused("never_decides"):
        emergency(make_person("root", role, Role.ADJUSTER), urgent.queue)


@pytest.mark.usefixtures("olga")
def test_only_signing_roles_are_taken_by_who_signs_somewhere_or_manages_here(urgent, ana):
    with refused("role_not_for_emergencies"):
        emergency(ana, urgent.queue, Role.COMPLIANCE_OFFICER)
    accounts.grant_access(Role.FLOW_OWNER, "see_queue", urgent.queue, by=SEEDER)
    with refused("no_permission"):
        emergency(make_person("fritz", Role.FLOW_OWNER), urgent.queue)
    assert emergency(make_manager(urgent.queue), urgent.queue).pk


@pytest.mark.usefixtures("olga")
def test_a_queue_one_may_not_know_of_is_not_there_in_an_emergency_either(urgent, ana):
    hidden = configuring.open_queue("restricted", "Restricted", by=SEEDER)

    for queue in (hidden, Queue(slug="made-up", name="Made up")):
        with refused("not_found"):
            emergency(ana, queue)

    accounts.grant_access(Role.ADJUSTER, "see_queue", hidden, by=SEEDER)
    assert emergency(ana, hidden).queue == hidden


@pytest.mark.usefixtures("olga")
def test_what_one_holds_is_not_taken(urgent, ana):
    with refused("role_held"):
        emergency(make_person("sue", Role.SENIOR_ADJUSTER), urgent.queue)
    emergency(ana, urgent.queue)
    with refused("role_held"):
        emergency(ana, urgent.queue)


@pytest.mark.usefixtures("olga")
def test_it_needs_both_factors_also_within_a_signing_period(urgent, ana):
    item = make_item(make_planned(stage("a")))
    take(item, ana)
    sign(item, ana)

    with refused("ceremony_failed"):
        emergency(ana, urgent.queue, factors=Factors(ana.password, ""))

    assert not BreakGlass.objects.exists()
    assert User.objects.get(pk=ana.user.pk).failed_ceremonies == 1


@pytest.mark.usefixtures("olga")
@pytest.mark.parametrize(
    ("given", "code"),
    [({"hours": 0}, "glass_invalid"), ({"hours": 9}, "glass_invalid"), ({"reason": " "}, "reason_missing")],
)
def test_it_says_why_and_for_how_long(urgent, ana, given, code):
    with refused(code):
        emergency(ana, urgent.queue, **given)


@pytest.mark.usefixtures("olga")
def test_it_reaches_one_queue_for_its_hours(urgent, ana):
    item, elsewhere = make_item(urgent), make_item(make_planned(stage("s")))
    made = emergency(ana, urgent.queue)

    with refused("role_missing"):
        take(elsewhere, ana)
    with time_machine.travel(made.ends_at + timedelta(seconds=1), tick=True):
        assert access.of(ana.user).lent == ()
        with refused("role_missing"):
            take(item, ana)


def test_it_ends_early_and_is_looked_at_by_somebody_else_once_it_is_over(urgent, ana, olga):
    made = emergency(ana, urgent.queue)

    with refused("glass_invalid"):
        breaking_glass.seen(made.pk, by=olga.user)
    breaking_glass.mend(made.pk, by=olga.user)
    with refused("role_missing"):
        take(make_item(urgent), ana)
    with refused("not_found"):
        breaking_glass.seen(made.pk, by=ana.user)
    breaking_glass.seen(made.pk, by=olga.user)

    assert breaking_glass.unseen(olga.user) == []
    assert story(made) == ["glass.broken", "glass.mended", "glass.seen"]


@pytest.mark.usefixtures("olga")
def test_a_deactivated_person_keeps_no_emergency(urgent, ana):
    emergency(ana, urgent.queue)
    accounts.deactivate(ana.user, by=SEEDER)

    assert access.of(User.objects.get(pk=ana.user.pk)).lent == ()


# What the database itself refuses.


@pytest.fixture
def intent(urgent, ana, olga):
    """What Ana is about to sign in an emergency that ends in two minutes."""
    with time_machine.travel(now() - timedelta(minutes=58), tick=True):
        emergency(ana, urgent.queue, session_ref="elsewhere")
    return about_to_sign(make_item(urgent), ana)


def test_the_database_takes_no_signature_under_what_has_ended(intent, olga):
    made = BreakGlass.objects.get()
    breaking_glass.mend(made.pk, by=olga.user)
    ceremony_of(intent)

    with refuses(because="does not hold"):
        pasted(intent, break_glass_id=made.pk)


def test_the_database_takes_no_signature_under_what_expired(intent):
    made = BreakGlass.objects.get()
    ceremony_of(intent, at=made.ends_at + timedelta(seconds=1))

    with refuses(because="does not hold"):
        pasted(intent, break_glass_id=made.pk)


def test_the_database_takes_no_signature_under_another_persons(intent, urgent):
    other = emergency(make_person("carl", Role.ADJUSTER), urgent.queue)
    ceremony_of(intent)

    with refuses(because="without its used intent"):
        pasted(intent, break_glass_id=other.pk)


def test_the_database_keeps_an_emergency_short_and_told(intent):
    with refuses("23514", "23000"):
        run("UPDATE reviews_break_glass SET ends_at = starts_at + interval '9 hours'")
    with refuses():
        run("UPDATE reviews_break_glass SET ends_at = ends_at + interval '1 hour'")
