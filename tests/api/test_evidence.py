"""The evidence doors for machines: the flow's own decisions, and a plain word while there is nothing yet."""

import json

import pytest
from django.test import Client

from portal.kit.ids import new_id
from reviews.actions import evidencing
from tests.api.asking import decide, refusal
from tests.factories import make_item, make_world, story

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    return make_world()


def test_a_flow_reads_the_evidence_of_its_decision(world):
    item = decide(world)
    evidencing.make_missing()

    pdf = world.get(f"/api/v1/items/{item.pk}/evidence")
    record = world.get(f"/api/v1/items/{item.pk}/evidence.json")

    assert (pdf.status_code, pdf["Content-Type"], pdf.content[:8]) == (200, "application/pdf", b"%PDF-1.7")
    assert pdf["Content-Disposition"] == f'inline; filename="countersign-{item.external_id}-approved.pdf"'
    assert (record.status_code, record["Content-Type"]) == (200, "application/json")
    assert json.loads(record.content)["item"]["id"] == str(item.pk)
    assert pdf["Cache-Control"] == record["Cache-Control"] == "no-store"
    assert story(item)[-3:] == ["evidence.made", "evidence.exported", "evidence.exported"]


def test_while_it_is_being_written_the_answer_says_when_to_ask_again(world):
    item = decide(world)

    answer = world.get(f"/api/v1/items/{item.pk}/evidence")

    assert refusal(answer) == (409, "evidence_not_ready")
    assert answer["Retry-After"] == "2"


@pytest.mark.parametrize("ending", ["evidence", "evidence.json"])
def test_an_item_without_a_decision_has_none(world, ending):
    item = make_item(world)

    answer = world.get(f"/api/v1/items/{item.pk}/{ending}")

    assert refusal(answer) == (404, "not_found")
    assert "once it is decided" in answer.json()["detail"]


def test_another_flows_evidence_is_not_there(world):
    item = decide(world)
    evidencing.make_missing()
    other = make_world()

    assert refusal(other.get(f"/api/v1/items/{item.pk}/evidence")) == (404, "not_found")
    assert refusal(other.get(f"/api/v1/items/{new_id()}/evidence.json")) == (404, "not_found")
    assert Client().get(f"/api/v1/items/{item.pk}/evidence").status_code == 401
    assert story(item)[-1] == "evidence.made"
