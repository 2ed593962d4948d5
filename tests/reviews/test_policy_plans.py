"""Sign-off plans: stages in order or at the same time, who may sign, blind, and where a rejection returns to."""

from datetime import UTC, datetime, timedelta

import pytest

from reviews.policies.document import parse
from reviews.policies.parts import CalendarMissing, Due, Stage

from .test_policy_documents import HEAD, faults, rule

CALENDAR = "calendar: gulf-claims\n"


def plan(text: str) -> tuple[Stage, ...]:
    """Give the plan of a policy of one rule."""
    return parse(HEAD + rule(plan=text)).rules[0].plan


def refusal(text: str) -> tuple[str, str]:
    """Give pointer and message of the one fault of a plan, without its place."""
    found = faults(HEAD + rule(plan=text))
    assert len(found) == 1, found
    return found[0]["pointer"].removeprefix("/rules/0/plan"), found[0]["message"].partition(": ")[2]


def test_stages_are_steps_in_order_and_parallel_ones_share_a_step() -> None:
    stages = plan(
        "[{name: review, role: adjuster, meaning: Review}, {parallel: [{role: senior, meaning: Approval, blind: true,"
        " reject_to: review}, {role: release, meaning: Release}]}, {role: lead, meaning: Last}]"
    )

    assert [stage.step for stage in stages] == [1, 2, 2, 3]
    assert stages[1] == Stage("senior", 1, "Approval", step=2, blind=True, back_to=1)
    assert [stage.back_to for stage in stages] == [None, 1, None, None]


def test_a_rejection_returns_to_the_number_of_a_stage_counted_through_the_whole_plan() -> None:
    stages = plan(
        "[{parallel: [{role: a, meaning: m}, {name: second, role: b, meaning: m}]},"
        " {role: c, meaning: m, reject_to: second}]"
    )

    assert (stages[2].step, stages[2].back_to) == (2, 2)


def test_several_roles_are_sorted_and_joined_by_a_space() -> None:
    stage = plan("[{roles: [senior-adjuster, adjuster], meaning: Review, signatures: 2}]")[0]

    assert (stage.role, stage.roles, stage.signatures) == (
        "adjuster senior-adjuster",
        ("adjuster", "senior-adjuster"),
        2,
    )


def test_two_stages_may_ask_for_the_same_roles() -> None:
    assert len(plan("[{role: a, meaning: First}, {role: a, meaning: Second}]")) == 2


def test_factors_keep_the_order_they_are_written_in() -> None:
    assert plan("[{role: a, meaning: m, factors: [password+totp, passkey]}]")[0].factors == ("password+totp", "passkey")


@pytest.mark.parametrize(
    ("text", "pointer", "wanted"),
    [
        ("[{meaning: m}]", "/0", "“role” or “roles”. Neither is here"),
        ("[{role: a, roles: [b], meaning: m}]", "/0", "There are both"),
        ("[{roles: [a, a], meaning: m}]", "/0/roles/1", "“a” stands here twice"),
        ("[{roles: [a, b, c, d, e], meaning: m}]", "/0/roles", "1 to 4"),
        ("[{role: a, meaning: m, signatures: 10}]", "/0/signatures", "from 1 to 9"),
        ("[{role: a, meaning: m, factors: [paskey]}]", "/0/factors/0", "Did you mean “passkey”?"),
        ("[{role: a, meaning: m, factors: [passkey, passkey]}]", "/0/factors/1", "twice"),
        ("[{role: a, meaning: m, blind: true}]", "/0/blind", "another stage beside or before"),
        ("[{role: a, meaning: m, blind: true}, {role: b, meaning: m}]", "/0/blind", "another stage beside or before"),
        ("[{role: a, meaning: m, blind: 1}]", "/0/blind", "true or false"),
        ("[{parallel: [{role: a, meaning: m}]}]", "/0/parallel", "2 to 10"),
        ("[{parallel: [{role: a, meaning: m}, {role: b, meaning: m}], role: c}]", "/0", "no member “role”"),
        (
            "[{parallel: [{role: a, meaning: m}, {parallel: [{role: b, meaning: m}, {role: c, meaning: m}]}]}]",
            "/0/parallel/1",
            "stands inside “parallel”",
        ),
        ("[{role: a, meaning: m, rol: b}]", "/0", "Did you mean “role”?"),
        ("[{role: a, meaning: m, name: x}, {role: b, meaning: m, name: x}]", "/1/name", "rename one"),
        ("[" + "{parallel: [{role: a, meaning: m}, {role: b, meaning: m}]}," * 6 + "]", "", "12 stages; at most 10"),
        ("[{role: a, meaning: m, name: x, reject_to: x}]", "/0/reject_to", "cannot return to itself"),
        (
            "[{role: a, meaning: m, name: first}, {role: b, meaning: m, reject_to: frist}]",
            "/1/reject_to",
            "Did you mean “first”?",
        ),
        (
            "[{role: a, meaning: m, reject_to: last}, {role: b, meaning: m, name: last}]",
            "/0/reject_to",
            "“last” comes later",
        ),
        (
            "[{parallel: [{role: a, meaning: m, name: x}, {role: b, meaning: m, reject_to: x}]}]",
            "/0/parallel/1/reject_to",
            "“x” runs at the same time",
        ),
    ],
)
def test_a_plan_says_what_is_wrong_with_it_and_where(text: str, pointer: str, wanted: str) -> None:
    place, message = refusal(text)

    assert place == pointer
    assert wanted in message


def test_the_fallback_has_a_plan_of_the_same_kind() -> None:
    text = HEAD.replace("{role: senior, meaning: Decision}", "{roles: [a, b], meaning: Decision, blind: true}")

    assert [each["pointer"] for each in faults(text + rule())] == ["/fallback/plan/0/blind"]


@pytest.mark.parametrize(
    ("written", "words", "elapsed"),
    [
        ("30m", "30 minutes", timedelta(minutes=30)),
        ("1h", "1 hour", timedelta(hours=1)),
        ("2d", "2 days", timedelta(days=2)),
        ("8wh", "8 working hours", None),
        ("1wd", "1 working day", None),
    ],
)
def test_a_due_is_time_on_the_clock_or_in_a_calendar(written: str, words: str, elapsed: timedelta | None) -> None:
    due = parse(CALENDAR + HEAD + rule(due=written, plan="[{role: a, meaning: b}]")).rules[0].due

    assert due is not None
    assert (str(due), due.words, due.elapsed) == (written, words, elapsed)


def test_working_time_needs_a_calendar_in_rules_and_in_the_fallback() -> None:
    text = HEAD.replace("{queue: exceptions", "{due: 2wd, queue: exceptions") + rule(
        due="8wh", plan="[{role: a, meaning: b}]"
    )

    found = faults(text)

    assert [each["pointer"] for each in found] == ["/fallback/due", "/rules/0/due"]
    assert "“calendar” at the top" in found[0]["message"]
    assert parse(CALENDAR + text).calendar == "gulf-claims"


class Doubling:
    """A calendar in which every working hour takes two and every working day three."""

    def add_hours(self, moment: datetime, number: int) -> datetime:
        return moment + timedelta(hours=2 * number)

    def add_days(self, moment: datetime, number: int) -> datetime:
        return moment + timedelta(days=3 * number)


def test_a_due_ends_where_its_calendar_says() -> None:
    start = datetime(2026, 11, 20, 9, tzinfo=UTC)

    assert Due(3, "h").after(start) == start + timedelta(hours=3)
    assert Due(3, "wh").after(start, Doubling()) == start + timedelta(hours=6)
    assert Due(3, "wd").after(start, Doubling()) == start + timedelta(days=9)
    with pytest.raises(CalendarMissing, match="3 working days"):
        Due(3, "wd").after(start)
