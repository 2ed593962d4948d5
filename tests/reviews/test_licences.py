"""Licences: what a rule asks a signer to hold, matched at taking and signing, printed on what was signed."""

import json
import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from audit import exhibits, ledger
from audit.evidence import parts, pdf
from audit.sealing import sequencer
from portal.kit.ids import ItemId
from portal.kit.problems import Problem
from reviews import evidence, licences
from reviews.actions import taking
from reviews.models import Decision, Item, Signature
from reviews.words import State, Verdict
from tests.factories import POLICY, make_world, refused, sign, take
from tests.pages import browser
from tests.reviews import registered
from tests.reviews.approving import finished, payout, prepared
from tests.reviews.changing import CONTRACT, freeze, make_claim
from tests.reviews.registered import licence

pytestmark = pytest.mark.django_db

KIND = "claims-adjuster"
ASKING = POLICY.replace(
    "    reason: Small payouts need one adjuster.\n",
    "    reason: Small payouts need one adjuster.\n    licences: [claims-adjuster, training-2026]\n",
)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def world(db):
    return make_world(policy=ASKING)


@pytest.fixture
def item(world):
    return payout(world, jurisdiction="US-TX", line="auto")


def trained(person, *more):
    """Put a register in force in which the person has the training and these licences."""
    registered.licences(licence(person, "training-2026", "T-1"), *more)


def held(person, item):
    found = licences.held(person.user, Item.objects.get(pk=item.pk))
    return found if isinstance(found, str) else found.code


class TestMatching:
    """Which licence counts."""

    def test_without_a_register_nobody_holds_what_a_rule_asks_for(self, ana, item):
        with refused("licence_missing"):
            take(item, ana)

    def test_an_item_whose_rule_asks_for_none_needs_none(self, ana, ben, world):
        assert held(ben, payout(world, "20000.00")) == ""

    @pytest.mark.parametrize("jurisdiction", ["US-TX", "US", "*"])
    @pytest.mark.parametrize("line", ["auto", "*"])
    def test_the_same_place_its_country_and_every_place_fit(self, ana, item, jurisdiction, line):
        trained(ana, licence(ana, KIND, "TX-1", jurisdiction=jurisdiction, line=line))

        assert held(ana, item) == "claims-adjuster TX-1; training-2026 T-1"

    @pytest.mark.parametrize(
        "other", [{"jurisdiction": "US-LA"}, {"jurisdiction": "U"}, {"jurisdiction": "TX"}, {"line": "home"}]
    )
    def test_other_places_and_lines_do_not(self, ana, item, other):
        trained(ana, licence(ana, KIND, "LA-1", **other))

        assert held(ana, item) == "licence_missing"

    def test_an_item_without_a_place_needs_a_licence_for_every_place(self, ana, world):
        trained(ana, licence(ana, KIND, "TX-1", jurisdiction="US-TX"))
        nowhere = payout(world)

        assert held(ana, nowhere) == "licence_missing"
        trained(ana, licence(ana, KIND, "ALL-1"))
        assert held(ana, nowhere) == "claims-adjuster ALL-1; training-2026 T-1"

    def test_of_several_the_narrowest_is_printed(self, ana, item):
        rows = [
            licence(ana, KIND, "ALL-1"), licence(ana, KIND, "US-1", jurisdiction="US"),
            licence(ana, KIND, "TX-1", jurisdiction="US-TX"), licence(ana, KIND, "AUTO-1", line="auto"),
        ]  # fmt: skip
        trained(ana, *rows[:3])
        assert held(ana, item).startswith("claims-adjuster TX-1;")

        trained(ana, *(licence(ana, KIND, row.number, jurisdiction=row.jurisdiction, line=row.line) for row in rows))
        assert held(ana, item).startswith("claims-adjuster AUTO-1;")

    def test_every_kind_is_needed(self, ana, item):
        registered.licences(licence(ana, KIND, "TX-1"))

        assert held(ana, item) == "licence_missing"

    def test_anothers_licence_is_not_ones_own(self, ana, ben, item):
        trained(ana, licence(ben, KIND, "TX-1"))

        assert held(ana, item) == "licence_missing"

    @pytest.mark.parametrize(
        ("starts", "ends", "expected"),
        [
            (date(2026, 11, 23), date(2026, 11, 23), "claims-adjuster TX-1; training-2026 T-1"),
            (date(2026, 1, 1), date(2026, 11, 22), "licence_expired"),
            (date(2026, 11, 24), None, "licence_missing"),
        ],
    )
    def test_both_days_of_its_period_count(self, ana, item, starts, ends, expected):
        trained(ana, licence(ana, KIND, "TX-1", starts=starts, ends=ends))

        with time_machine.travel(NOON, tick=False):
            assert held(ana, item) == expected

    def test_the_day_is_that_of_utc(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1", ends=date(2026, 11, 23)))

        with time_machine.travel(datetime(2026, 11, 23, 23, 59, tzinfo=UTC), tick=False):
            assert held(ana, item).startswith(KIND)
        with time_machine.travel(datetime(2026, 11, 24, 0, 0, tzinfo=UTC), tick=False):
            assert held(ana, item) == "licence_expired"

    def test_the_same_is_told_of_many_people_at_once(self, ana, ben, item):
        trained(ana, licence(ana, KIND, "TX-1", jurisdiction="US"))

        asked = [(item.pk, ana.user.pk), (item.pk, ben.user.pk)]

        assert licences.licensed(asked) == {(item.pk, ana.user.pk)}


class TestRefusing:
    """Refused before the ceremony, in words that help, and nothing typed is lost."""

    def test_it_names_the_kind_the_place_and_the_day(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1", jurisdiction="US-TX", ends=date(2025, 3, 31)))

        with pytest.raises(Problem) as caught:
            take(item, ana)

        assert caught.value.name == "licence_expired"
        assert caught.value.detail.startswith("Your licence claims-adjuster for Texas, auto ended on 31 Mar 2025.")

    def test_take_next_passes_it_over(self, ana, world):
        trained(ana, licence(ana, KIND, "TX-1", jurisdiction="US-TX"))
        payout(world, jurisdiction="US-LA")
        mine = payout(world, jurisdiction="US-TX")

        assert taking.take_next(by=ana.user).item_id == mine.pk
        with refused("nothing_to_take"):
            taking.take_next(by=ana.user)

    def test_one_that_ends_while_somebody_reads_stops_a_rejection_too(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1"))
        take(item, ana)
        trained(ana)

        with refused("licence_missing"):
            prepared(item, ana, verdict=Verdict.REJECT, reason="No.")

    def test_one_that_ends_while_somebody_signs_stops_the_signature(self, ana, item):
        tomorrow = (datetime.now(UTC) + timedelta(days=1)).date()
        trained(ana, licence(ana, KIND, "TX-1", ends=tomorrow))
        intent = prepared(take(item, ana), ana)
        trained(ana, licence(ana, KIND, "TX-1", ends=date(2025, 3, 31)))

        with refused("licence_expired"):
            finished(intent, ana)
        assert not Signature.objects.exists()

    def test_another_number_than_the_person_saw_is_another_statement(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1"))
        intent = prepared(take(item, ana), ana)
        trained(ana, licence(ana, KIND, "TX-2"))

        with refused("content_changed"):
            finished(intent, ana)

    def test_the_page_keeps_the_reason_that_was_typed(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1"))
        current = take(item, ana)
        trained(ana, licence(ana, KIND, "TX-1", ends=date(2025, 3, 31)))

        form = {"seen": current.version, "decision": "approve", "reason": "Estimate checked by phone."}
        page = browser(ana.user).post(reverse("desk:decide", args=[item.pk]), form)

        html = page.content.decode()
        assert page.status_code == 409
        assert "ended on 31 Mar 2025" in html
        assert "Estimate checked by phone." in html


class TestChanges:
    """A change that leads to a rule which asks for a licence asks for it at once."""

    @pytest.fixture
    def world(self, db):
        large = "    reason: Large payouts need two.\n"
        asking = POLICY.replace(large, f"{large}    licences: [claims-adjuster]\n")
        return make_world(policy=asking, contract=CONTRACT)

    def test_who_changes_it_upward_needs_what_the_other_rule_asks_for(self, world, ana):
        item = take(make_claim(world), ana)

        with refused("licence_missing"):
            freeze(item, ana, {"/building": "20000.00"})
        registered.licences(licence(ana, KIND, "TX-1"))
        signature = finished(freeze(item, ana, {"/building": "20000.00"}), ana)

        assert signature.licence == "claims-adjuster TX-1"
        assert Item.objects.get(pk=item.pk).licences == [KIND]

    def test_who_signs_after_needs_it_too(self, world, ana, ben):
        registered.licences(licence(ana, KIND, "TX-1"))
        item = take(make_claim(world), ana)
        finished(freeze(item, ana, {"/building": "20000.00"}), ana)

        with refused("licence_missing"):
            take(item, ben)


class TestPrinting:
    """The number stands on everything that tells of the signature."""

    @pytest.fixture
    def signed(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1234567", jurisdiction="US"))
        return sign(take(item, ana), ana)

    def test_on_the_intent_the_signature_the_statement_and_the_entry(self, signed, item):
        told = "claims-adjuster TX-1234567; training-2026 T-1"
        entry = next(each for each in ledger.story(item.pk) if each.kind == "signature.executed")

        assert Item.objects.get(pk=item.pk).state == State.APPROVED
        assert (signed.licence, signed.intent.licence) == (told, told)
        assert json.loads(exhibits.open(signed.intent.body_id))["licence"] == told
        assert entry.personal["licence"] == told
        assert "licence" not in entry.pub

    def test_on_the_record_and_its_pages(self, signed, item):
        sequencer.seal_once()
        record = evidence.record(Decision.objects.get(item=item))
        printed = parts.parts(record, "0" * 64)["signatures"][0]

        assert record["signatures"][0]["licence"] == "claims-adjuster TX-1234567; training-2026 T-1"
        assert printed["licence"].text == "claims-adjuster TX-1234567; training-2026 T-1"

    def test_on_the_pdf(self, signed, item, tmp_path):
        sequencer.seal_once()
        file = tmp_path / "evidence.pdf"
        file.write_bytes(pdf.render(evidence.as_bytes(evidence.record(Decision.objects.get(item=item)))).content)
        read = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, text=True, check=True)

        assert "Licence claims-adjuster TX-1234567; training-2026 T-1" in " ".join(read.stdout.split())

    def test_it_is_told_as_erased_once_the_subject_is(self, signed, item, superuser):
        sequencer.seal_once()
        with superuser():
            exhibits.destroy_key(exhibits.key_for(exhibits.subject_scope(item.flow_id, item.subject, item.pk)).id)

        assert evidence.record(Decision.objects.get(item=item))["signatures"][0]["licence"] == "[erased]"

    def test_as_many_as_a_rule_may_ask_for_fit(self, ana, item):
        kinds = [f"{n}{'k' * 62}" for n in range(9)]
        registered.licences(*(licence(ana, kind, "N" * 100) for kind in kinds))
        item.licences = kinds

        assert len(licences.held(ana.user, item)) <= Signature._meta.get_field("licence").max_length

    def test_who_takes_it_by_hand_may_when_licensed(self, ana, item):
        trained(ana, licence(ana, KIND, "TX-1"))

        assert taking.take(ItemId(item.pk), by=ana.user)
