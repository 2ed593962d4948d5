"""The access review: who may do what where, since when and by whom, as text that two exports agree on."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest

from portal.accounts import actions as accounts
from portal.accounts import walls
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import substituting
from reviews.registers import reading
from reviews.showing import access_report, access_review
from reviews.showing.access_report import Quarter
from tests.factories import SEEDER, make_item, make_person, sign, take

pytestmark = pytest.mark.django_db


def of(person, **wanted):
    return [
        row
        for row in access_review.rows()
        if row.person == person.user.username and all(getattr(row, name) == value for name, value in wanted.items())
    ]


def test_a_role_is_told_with_its_permissions_since_when_and_by_whom(world, ana):
    (role,) = of(ana, kind="role")
    held = {(row.role, row.permission, row.where) for row in of(ana, kind="permission")}

    assert (role.role, role.granted_by, role.last_used) == ("adjuster", "seeder", None)
    assert now() - role.since < timedelta(minutes=1)
    assert held >= {("adjuster", "review_in_queue", f"queue {each.slug}") for each in (world.queue, world.exceptions)}
    assert all(row.since and row.granted_by == "seeder" for row in of(ana, kind="permission"))


def test_a_wall_is_told_as_one(world, ana):
    walls.grant_wall(ana.user, "counsel", by=SEEDER)

    (row,) = of(ana, kind="wall")

    assert (row.role, row.where, row.granted_by) == ("", "counsel", "seeder")


def test_what_was_taken_away_is_not_told_and_a_leaver_has_no_rows(world, ana, ben):
    accounts.withdraw_role(ana.user, Role.ADJUSTER, by=SEEDER)
    accounts.deactivate(ben.user, by=SEEDER)

    assert (of(ana), of(ben)) == ([], [])


def test_a_signature_is_the_last_use_of_its_role_and_of_its_queue_alone(world, ana):
    signature = sign(take(make_item(world), ana), ana)

    (role,) = of(ana, kind="role")
    used = {row.where: row.last_used for row in of(ana, permission="review_in_queue")}

    assert role.last_used == signature.signed_at
    assert used[f"queue {world.queue.slug}"] == signature.signed_at
    assert used[f"queue {world.exceptions.slug}"] is None


def test_holding_an_item_is_a_use_of_its_queue(world, ana):
    take(make_item(world), ana)

    (row,) = of(ana, where=f"queue {world.queue.slug}")

    assert row.last_used is not None


def test_seeing_and_managing_are_not_used_by_signing_and_never_said_to_be_unused(world, ana):
    for permission in ("see_queue", "manage_in_queue"):
        accounts.grant_access(Role.ADJUSTER, permission, world.queue, by=SEEDER)
    walls.grant_wall(ana.user, "counsel", by=SEEDER)
    sign(take(make_item(world), ana), ana)

    told = {row.permission or row.kind: row for row in of(ana) if row.where != f"queue {world.exceptions.slug}"}
    text = access_report.csv([told["see_queue"], told["review_in_queue"]])

    assert {name for name, row in told.items() if row.is_recorded} == {"role", "review_in_queue"}
    assert {name for name, row in told.items() if row.last_used} == {"role", "review_in_queue"}
    assert [row["last_used"] == "not recorded" for row in csv.DictReader(io.StringIO(text))] == [True, False]


def test_who_stands_in_is_told_with_for_whom_and_until_when(world, ana):
    cai, until = make_person("cai", Role.ADJUSTER), now() + timedelta(days=2)
    substituting.name(ana.user, cai.user, starts=now(), ends=until, queues=[world.queue], by=ana.user)

    (row,) = of(cai, kind="substitution")

    assert (row.permission, row.where) == (f"signs for {ana.user}", f"queue {world.queue.slug}")
    assert (row.until, row.granted_by, row.last_used) == (until, "Ana", None)


def test_an_auditor_is_told_to_see_everything(world):
    (row,) = of(make_person("ida", Role.AUDITOR), kind="role")

    assert row.permission == "see every queue and flow"


def test_the_text_is_the_same_twice_sorted_and_read_by_the_registers_own_reader(world, ana, ben):
    text = access_report.csv(access_review.rows())

    assert text == access_report.csv(access_review.rows())
    lines = text.splitlines()
    assert lines[0].split(",") == list(access_review.COLUMNS)
    assert lines[1:] == sorted(lines[1:], key=lambda line: next(csv.reader([line])))
    assert len(reading.rows(text.encode(), "access-review.csv")) == len(lines)


def test_a_name_that_is_a_formula_to_a_spreadsheet_is_not_one(world):
    user = accounts.add_person("cmd", "=cmd|calc", "a long pass phrase", by=SEEDER)
    accounts.grant_role(user, Role.ADJUSTER, by=SEEDER)
    told = list(csv.reader(io.StringIO(access_report.csv(access_review.rows(user)))))

    assert {row[1] for row in told[1:]} == {"'=cmd|calc"}


def test_one_person_alone_is_told_what_the_whole_review_says_of_them(world, ana, ben):
    cai = make_person("cai", Role.ADJUSTER)
    substituting.name(ana.user, cai.user, starts=now(), ends=now() + timedelta(days=2), queues=[], by=ana.user)
    sign(take(make_item(world), ana), ana)

    for each in (ana, ben, cai):
        assert access_review.rows(each.user) == of(each) != []


def test_ten_more_people_cost_no_more_queries(world, ana, django_assert_max_num_queries):
    for n in range(10):
        make_person(f"p{n}", Role.ADJUSTER, Role.SENIOR_ADJUSTER)

    with django_assert_max_num_queries(9):
        assert len(access_review.rows()) > 40


@pytest.mark.parametrize(
    ("moment", "name", "starts", "due"),
    [
        (datetime(2026, 11, 22, tzinfo=UTC), "2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
        (datetime(2027, 1, 1, tzinfo=UTC), "2027-Q1", date(2027, 1, 1), date(2027, 3, 31)),
        (datetime(2027, 6, 30, 23, 59, tzinfo=UTC), "2027-Q2", date(2027, 4, 1), date(2027, 6, 30)),
    ],
)
def test_a_quarters_review_is_due_on_its_last_day(moment, name, starts, due):
    found = access_report.quarter(moment)

    assert (found.name, found.starts, found.due) == (name, starts, due)
    assert found.after.before == found.before.after == found


def test_a_review_nobody_signed_is_late_the_day_after(db):
    standing = access_report.standing(Quarter(2026, 3))

    assert (standing.signed_at, standing.signed_by) == (None, "")
    assert not standing.is_late(datetime(2026, 9, 30, 23, tzinfo=UTC))
    assert standing.is_late(datetime(2026, 10, 1, tzinfo=UTC))
