"""One table of every model: how its rows may change, and that grants and triggers say the same."""

import re

import pytest
from django.apps import apps
from django.db import connection

from audit import grants
from audit.history import Recorded
from reviews.lifecycle import MOVES
from reviews.models import Item
from reviews.policies import parts
from reviews.words import HARMFUL, Effect

pytestmark = pytest.mark.django_db

# recorded: each change needs an entry and a history row · append-only: never changed · once: one column is set once
# churn: may change freely, because nothing rests on it · ledger: the audit app's own rules (tests/audit)
MODELS = {
    "accounts.ForbiddenPair": "recorded",
    "accounts.HistoricalForbiddenPair": "history",
    "accounts.SigningPeriod": "churn",
    "accounts.UsedCode": "append-only",
    "accounts.User": "kept",
    "audit.Checkpoint": "ledger",
    "audit.DataKey": "ledger",
    "audit.Entry": "ledger",
    "audit.EntryField": "ledger",
    "audit.EntryQueue": "ledger",
    "audit.Exhibit": "ledger",
    "audit.HistoryLink": "ledger",
    "audit.Leaf": "ledger",
    "audit.Log": "ledger",
    "audit.SigningKey": "ledger",
    "audit.Tile": "ledger",
    "portal.Installation": "append-only",
    "reviews.ActiveTime": "churn",
    "reviews.ApiKey": "once",
    "reviews.Attachment": "append-only",
    "reviews.Attempt": "append-only",
    "reviews.BreakGlass": "recorded",
    "reviews.Calendar": "recorded",
    "reviews.CalendarVersion": "append-only",
    "reviews.ChangeRequest": "append-only",
    "reviews.Comment": "append-only",
    "reviews.Contract": "append-only",
    "reviews.Decision": "append-only",
    "reviews.Delivery": "kept",
    "reviews.Endpoint": "recorded",
    "reviews.Entitlement": "append-only",
    "reviews.Evidence": "append-only",
    "reviews.ExecutionReport": "append-only",
    "reviews.FileWall": "append-only",
    "reviews.Flow": "recorded",
    "reviews.GlassNotice": "churn",
    "reviews.HistoricalBreakGlass": "history",
    "reviews.HistoricalCalendar": "history",
    "reviews.HistoricalEndpoint": "history",
    "reviews.HistoricalFlow": "history",
    "reviews.HistoricalItem": "history",
    "reviews.HistoricalPolicy": "history",
    "reviews.HistoricalProposal": "history",
    "reviews.HistoricalQueue": "history",
    "reviews.HistoricalSubstitution": "history",
    "reviews.Impasse": "churn",
    "reviews.IntakeQueue": "churn",
    "reviews.Item": "recorded",
    "reviews.Lease": "churn",
    "reviews.Licence": "append-only",
    "reviews.Opening": "append-only",
    "reviews.Policy": "recorded",
    "reviews.PolicyVersion": "append-only",
    "reviews.Proposal": "recorded",
    "reviews.ProposalIntent": "once",
    "reviews.ProposalSignature": "append-only",
    "reviews.Quarantine": "append-only",
    "reviews.Queue": "recorded",
    "reviews.ReadingOpened": "append-only",
    "reviews.Recusal": "append-only",
    "reviews.Register": "append-only",
    "reviews.Revision": "append-only",
    "reviews.RevisionPost": "append-only",
    "reviews.Signature": "append-only",
    "reviews.SignIntent": "once",
    "reviews.SignoffSlot": "kept",
    "reviews.Simulation": "churn",
    "reviews.Submission": "append-only",
    "reviews.Substitution": "recorded",
    "reviews.Upload": "kept",
    "reviews.UploadPart": "kept",
    "reviews.WebhookSecret": "once",
}
OURS = {
    model._meta.label: model
    for app in ("accounts", "audit", "portal", "reviews")
    for model in apps.get_app_config(app).get_models()
}


def of(*kinds: str) -> list[str]:
    return sorted(label for label, kind in MODELS.items() if kind in kinds)


def triggers(label: str) -> str:
    """Give the definitions of a table's triggers, the foreign keys' apart."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(pg_get_triggerdef(oid), ';') FROM pg_trigger WHERE NOT tgisinternal"
            " AND tgenabled = 'O' AND tgrelid = %s::regclass",
            [OURS[label]._meta.db_table],
        )
        return cursor.fetchone()[0] or ""


def test_every_model_is_in_the_table():
    assert set(MODELS) == set(OURS)


@pytest.mark.parametrize("label", of("append-only", "history"))
def test_what_is_append_only_may_be_added_and_read_and_a_trigger_refuses_the_rest(label):
    assert grants.declared()[OURS[label]._meta.db_table][grants.APP] == grants.APPEND
    assert re.search(r"BEFORE (DELETE OR UPDATE|UPDATE OR DELETE) .*audit_refuse\(", triggers(label))


@pytest.mark.parametrize("label", of("recorded", "kept", "once", "churn"))
def test_what_changes_is_not_granted_as_append_only(label):
    assert not grants.is_append_only(OURS[label])


@pytest.mark.parametrize("label", of("recorded"))
def test_what_is_recorded_has_a_history_and_a_rule_that_asks_for_it(label):
    history = f"{OURS[label]._meta.app_label}_historical{OURS[label]._meta.model_name}"

    assert issubclass(OURS[label], Recorded)
    assert re.search(
        rf"CONSTRAINT TRIGGER .*AFTER INSERT OR UPDATE .*audit_require_history\('{history}'", triggers(label)
    )


def test_every_model_that_calls_itself_recorded_is_in_the_table_as_such():
    assert sorted(label for label, model in OURS.items() if issubclass(model, Recorded)) == of("recorded")


@pytest.mark.parametrize("label", of("history"))
def test_a_history_asks_for_its_link(label):
    assert re.search(
        r"CONSTRAINT TRIGGER .*AFTER INSERT .*DEFERRABLE INITIALLY DEFERRED .*audit_require_link", triggers(label)
    )


@pytest.mark.parametrize("label", of("once", "kept"))
def test_what_is_set_once_or_kept_has_its_trigger(label):
    assert re.search(
        r"reviews_marked_once|reviews_slot_filled_once|reviews_keeps_all_but|audit_refuse", triggers(label)
    )


def test_every_rule_that_reads_tables_pins_where_it_looks():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            " AND prosrc ~ '(FROM|JOIN) (reviews|audit|portal)_'"
            " AND coalesce(array_to_string(proconfig, ','), '') NOT LIKE '%%pg_temp%%'"
        )
        assert cursor.fetchall() == []


def test_harm_is_one_list_in_code_and_in_the_database():
    (check,) = [each for each in Item._meta.constraints if each.name == "reviews_item_harm_is_signed"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", [check.name])
        definition = cursor.fetchone()[0]

    assert parts.HARM == HARMFUL
    assert set(re.findall(r"'(deny|partial|release|pay|reserve|letter|other)'", definition)) == set(HARMFUL)


def test_harm_is_imported_where_policies_are_read():
    assert parts.HARM is HARMFUL
    assert set(parts.HARMLESS) == set(Effect) - HARMFUL


def test_every_state_change_the_code_knows_is_one_the_database_allows():
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'reviews_item_moves'")
        rule = cursor.fetchone()[0]
    from_approved = {to for moves in MOVES.values() for to in moves.get("approved", ())}
    from_waiting = {to for moves in MOVES.values() for to in moves.get("changes_requested", ())}

    assert from_approved <= set(
        re.findall(r"\w+", rule.split("OLD.state = 'approved' AND NEW.state IN (")[1].split(")")[0])
    )
    assert not from_waiting & {"approved", "rejected"}
    assert {state for moves in MOVES.values() for state in moves} == {"in_review", "changes_requested", "approved"}
