"""Simulation: a draft of rules is asked about real items; it tells by rule what would change, and changes nothing."""

import io

import pytest
from django.core.management import CommandError, call_command

from reviews.actions import routing, simulating, versioning
from reviews.actions.comparing import Group, Routed, compared
from reviews.models import Item, Simulation
from tests.factories import POLICY, SEEDER, a_document, make_item, make_world, refused
from tests.reviews.drafting import draft_of, of_rule, pays, run

pytestmark = pytest.mark.django_db


def test_a_draft_tells_by_rule_what_would_change(db):
    world = make_world()
    items = {
        "tiny": make_item(world, **pays("0.50")),
        "small": make_item(world, **pays("500.00")),
        "middle": make_item(world, **pays("18000.00")),
        "large": make_item(world, **pays("50000.00")),
        "denial": make_item(world, **pays("0.00", effect="deny", amount_at_stake="9.00")),
        "sanctioned": make_item(world, **pays("700.00", type="claim.sanctioned")),
        "fails": make_item(world, **pays("800.00", type="claim.fails")),
    }

    simulation = run(draft_of(world))

    assert (simulation.state, simulation.total, simulation.done, simulation.error) == ("finished", 7, 7, "")
    found = {
        (rule["rule"], group): (count, rule["items"].get(group))
        for rule in simulation.result["rules"] for group, count in rule["counts"].items()
    }  # fmt: skip
    told = {name: [str(item.pk)] for name, item in items.items()}
    assert found == {
        ("small", "newly_automatic"): (1, told["small"]),
        ("small", "same"): (1, None),
        ("middle", "other_plan"): (1, told["middle"]),
        ("large", "routed_elsewhere"): (1, told["large"]),
        ("denials", "same"): (1, None),
        ("sanctioned", "newly_refused"): (1, told["sanctioned"]),
        ("", "newly_fallback"): (1, told["fails"]),
    }
    assert simulation.result["groups"]["newly_automatic"] == 1


def test_what_was_approved_by_itself_and_is_not_any_more_is_newly_stopped(db):
    world = make_world()
    make_item(world, **pays("0.50"))
    stricter = POLICY[: POLICY.index("  - name: tiny")] + POLICY[POLICY.index("  - name: small") :]

    simulation = run(draft_of(world, stricter))

    assert of_rule(simulation, "small")["counts"] == {"newly_stopped": 1}


def test_the_rules_in_force_change_nothing(db):
    world = make_world()
    for amount in ("0.50", "500.00", "50000.00"):
        make_item(world, **pays(amount))

    simulation = run(world.flow.policy.in_force.text)

    assert simulation.result["groups"]["same"] == 3
    assert not any(rule["items"] for rule in simulation.result["rules"])


def test_items_of_an_earlier_version_are_compared_with_the_rules_in_force(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    version = versioning.apply_policy(draft_of(world), by=SEEDER)

    simulation = run(version.text)

    assert of_rule(simulation, "small")["counts"] == {"same": 1}


def test_only_the_newest_items_asked_for_are_looked_at(db):
    world = make_world()
    items = [make_item(world, **pays("500.00")) for _ in range(4)]

    simulation = run(draft_of(world), wanted=2)

    assert of_rule(simulation, "small")["items"]["newly_automatic"] == [str(items[3].pk), str(items[2].pk)]
    assert simulation.result["asked"] == 2


def test_a_simulation_changes_no_item_and_writes_no_entry(db):
    world = make_world()
    item = make_item(world, **pays("500.00"))
    before = Item.objects.filter(pk=item.pk).values().get()

    run(draft_of(world))

    assert Item.objects.filter(pk=item.pk).values().get() == before


@pytest.mark.django_db(transaction=True)
def test_erased_items_are_counted_as_such(superuser):
    world = make_world()
    gone, _ = make_item(world, **pays("500.00")), make_item(world, **pays("600.00"))
    with superuser() as cursor:
        cursor.execute(
            "UPDATE audit_data_key SET wrapped = NULL, destroyed_at = now() WHERE id ="
            " (SELECT dek_id FROM audit_exhibit WHERE id ="
            " (SELECT exhibit_id FROM reviews_revision WHERE item_id = %s::uuid))",
            [gone.pk],
        )

    simulation = run(draft_of(world))

    assert (simulation.result["erased"], simulation.result["asked"]) == (1, 2)
    assert of_rule(simulation, "small")["counts"] == {"newly_automatic": 1}


def test_examples_are_bounded_and_counts_are_not(db):
    world = make_world()
    for number in range(55):
        world.post(a_document(**pays(f"{100 + number}.00")))
    routing.drain()

    simulation = run(draft_of(world))

    told = of_rule(simulation, "small")
    assert (told["counts"]["newly_automatic"], len(told["items"]["newly_automatic"])) == (55, 50)


def test_a_draft_that_is_no_policy_is_refused_before_it_starts(db):
    with refused("policy_invalid"):
        simulating.start("policy: x", 10, by=None)
    with refused("too_many"):
        simulating.start(draft_of(make_world()), 0, by=None)

    assert not Simulation.objects.exists()


def test_a_draft_of_a_new_name_is_tried_on_all_items(db):
    world = make_world()
    make_item(world, **pays("500.00"))
    draft = draft_of(world)

    simulation = run(draft.replace("policy: payouts", "policy: brand-new"))

    assert (simulation.policy, simulation.result["asked"]) == (None, 1)


def test_a_draft_that_samples_draws_as_routing_would(db):
    world = make_world(policy=POLICY.replace("    auto_approve: true\n", SAMPLED, 1))
    for _ in range(12):
        make_item(world, **pays("0.50"))

    simulation = run(world.flow.policy.in_force.text)

    assert simulation.result["groups"]["same"] == 12


SAMPLED = """    auto_approve: true
    sample: 50%
    plan: [{role: adjuster, meaning: Review of a sample}]
"""


def test_the_command_shows_how_far_it_is_and_a_table(db, tmp_path):
    world, out, err = make_world(), io.StringIO(), io.StringIO()
    make_item(world, **pays("500.00"))
    file = tmp_path / "draft.yaml"
    file.write_text(draft_of(world))

    call_command("policy", "simulate", str(file), "--last", "5", stdout=out, stderr=err)

    lines = out.getvalue().splitlines()
    assert "1 of 1 items" in err.getvalue()
    assert lines[0].split()[:3] == ["rule", "refused", "automatic"]
    assert next(line for line in lines if line.startswith("small")).split() == ["small", "0", "1", *"00000"]
    assert lines[-1] == "1 items"


def test_the_command_names_the_place_of_a_fault(db, tmp_path):
    file, err = tmp_path / "draft.yaml", io.StringIO()
    file.write_text("policy: x\nrules: []\n")

    with pytest.raises(CommandError):
        call_command("policy", "simulate", str(file), stderr=err)

    assert f"{file}:" in err.getvalue()
    assert not Simulation.objects.exists()


PLAN, OTHER = ("adjuster x 1",), ("adjuster x 1", "senior-adjuster x 1")


@pytest.mark.parametrize(
    ("draft", "before", "group"),
    [
        (("a", "q", "refuse", ()), ("a", "q", "plan", PLAN), Group.REFUSED),
        (("a", "q", "refuse", ()), ("b", "p", "refuse", ()), Group.SAME),
        (("a", "q", "auto", ()), ("a", "q", "refuse", ()), Group.AUTOMATIC),
        (("", "q", "plan", PLAN), ("a", "q", "auto", ()), Group.FALLBACK),
        (("a", "q", "plan", PLAN), ("a", "q", "auto", ()), Group.STOPPED),
        (("a", "q", "plan", PLAN), ("a", "p", "plan", PLAN), Group.ELSEWHERE),
        (("a", "q", "plan", OTHER), ("a", "q", "plan", PLAN), Group.PLAN),
        (("a", "q", "plan", PLAN), ("b", "q", "plan", PLAN), Group.SAME),
        (("a", "q", "plan", PLAN), ("a", "q", "refuse", ()), Group.PLAN),
    ],
)
def test_an_item_is_counted_where_the_change_matters_most(draft, before, group):
    assert compared(Routed(*draft), Routed(*before)) is group
