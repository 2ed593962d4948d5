"""Evidence as a PDF tells rules and authority: whose name, which licence, which round, who put the rules in force."""

import hashlib
from typing import Any

import pytest

from audit.evidence import pdf
from tests.audit.records import a_record, a_signature, as_bytes, tool

AT = "2026-11-20T08:00:00.000000Z"
HOSTILE = '</p><script>alert(1)</script> & {{ settings }} \u202ename\x07 "quoted" '
GLASS = {
    "id": "g", "role": "senior-adjuster", "role_title": "Senior adjuster", "queue": "Payouts", "from": AT,
    "until": "2026-11-20T12:00:00.000000Z", "ended_at": None, "reason": "Everybody is ill.",
}  # fmt: skip
RETURN = {"revision": 1, "stage": 1, "round": 2, "signature": "s1", "by": "Ana", "at": AT, "entry": "e"}
IN_FORCE = {
    "proposal": "o", "reason": "Storm season.", "proposed_by": "Tom Reed", "proposed_at": AT, "signed_by": "Helen Voss",
    "role_title": "Compliance officer", "meaning": "Puts it in force", "auth_method": "passkey",
    "assurance": "device-signed", "signed_at": AT, "content_sha256": "ab" * 32, "intent_sha256": "ab" * 32,
    "entries": ["e", "f"],
}  # fmt: skip


@pytest.fixture
def said(tmp_path):
    """Print a record, let public tools check it, and give its text without line breaks."""

    def saying(record: dict[str, Any]) -> str:
        file = tmp_path / "evidence.pdf"
        file.write_bytes(pdf.render(as_bytes(record)).content)
        tool("qpdf", "--check", file)
        return " ".join(tool("pdftotext", "-raw", file, "-").split())

    return saying


def a_slot(**changes: Any) -> dict[str, Any]:
    """Give one signature a plan asks for, as records hold it."""
    return {
        "revision": 1, "round": 1, "step": 1, "stage": 1, "n": 1, "name": "", "role": "adjuster",
        "role_title": "Adjuster", "meaning": "Approval", "factors": [], "blind": False, "back_to": None,
        "counts": True, "signature": "s1", "signed_by": "Ana Petrović",
    } | changes  # fmt: skip


def with_rules(record: dict[str, Any], **rules: Any) -> dict[str, Any]:
    """Put what the rules say into a record."""
    record["policy"] |= rules
    return record


def a_whole_record(text: str = "") -> dict[str, Any]:
    """Give a record in which everything about rules and authority is told, with a text in each word of others."""
    signed = a_signature(
        printed_name=f"Ben {text}", on_behalf_of={"id": "u", "printed_name": f"Carla {text}"},
        break_glass=GLASS | {"reason": f"Fire. {text}", "queue": f"Payouts {text}"},
        licence=f"claims-adjuster TX-1 {text}", reason=f"Sound. {text}", round=2, counts=True,
        duties_waived=[{"code": "changed_rule", "sentence": f"This person changed the rule. {text}"}],
    )  # fmt: skip
    record = a_record(
        signatures=[a_signature(counts=False, verdict="reject"), signed],
        plan=[a_slot(counts=False), a_slot(round=2, signed_by=f"Ben {text}", meaning=f"Approval {text}", back_to=1)],
        returns=[RETURN | {"by": f"Ana {text}"}],
        recusals=[{"name": f"Dora {text}", "at": AT, "reason": f"My sister. {text}", "entry": "e"}],
        readings=[{"title": f"Guide {text}", "text": text, "opened": [{"name": f"Ben {text}", "at": AT}]}],
    )  # fmt: skip
    record["revisions"][0]["rerouted"] = {
        "by": f"Mia {text}", "at": AT, "from_version": 3, "to_version": 4, "reason": f"New rules. {text}",
    }  # fmt: skip
    return with_rules(
        record, put_in_force=IN_FORCE | {"signed_by": f"Helen {text}", "reason": f"Storm. {text}"},
        sample={"drawn": True, "draw": "0.012", "share": "0.05"}, licences=["claims-adjuster"],
        verdicts=["approve", "reject"],
    )  # fmt: skip


def test_a_signature_says_in_whose_name_under_which_licence_and_access_it_was_given(said):
    signature = a_signature(
        on_behalf_of={"id": "u", "printed_name": "Carla Moreno"}, licence="claims-adjuster TX-1", break_glass=GLASS,
        stage=2, round=3, duties_waived=[{"code": "changed_rule", "sentence": "This person changed the routing rule."}],
    )  # fmt: skip

    text = said(a_record(signatures=[signature]))

    assert "Ana Petrović Approved Role and meaning Adjuster: Approval On behalf of Carla Moreno" in text
    assert "Emergency access Senior adjuster on Payouts, taken 20 Nov 2026, 08:00:00 UTC, until 20 Nov 2026" in text
    assert "Why an emergency Everybody is ill." in text
    assert "Duty waived This person changed the routing rule." in text
    assert "Licence claims-adjuster TX-1" in text
    assert "revision 1, stage 2 of the plan, round 3" in text


def test_who_signed_for_themselves_stands_there_without_any_of_it(said):
    text = said(a_record())

    for word in ("On behalf of", "Emergency", "Duty waived", "Licence", "round", "Sample", "Routed anew", "Stepped"):
        assert word not in text


def test_the_plan_tells_parallel_stages_blind_ones_factors_and_returns(said):
    plan = [
        a_slot(),
        a_slot(step=2, stage=2, role_title="Senior adjuster", blind=True, back_to=1, signed_by="Ben Okafor"),
        a_slot(step=2, stage=3, role_title="Release approver", factors=["passkey", "password+totp"], signed_by=None),
    ]

    text = said(a_record(plan=plan))

    assert "Stage 1 Adjuster, Approval: signed by Ana Petrović Stage 2" in text
    blind = "in step 2, at the same time as its other stages; blind: without seeing what the others said"
    assert f"signed by Ben Okafor; {blind}; a rejection asks again from stage 1 on" in text
    assert "not signed; in step 2, at the same time as its other stages; proved with a passkey or password" in text


def test_earlier_rounds_stand_apart_with_what_returned_them(said):
    text = said(a_whole_record())

    assert text.index("Ben Approved") < text.index("which no longer count") < text.index("Ana Petrović Rejected")
    assert "Stage 1, round 2 Adjuster" in text
    assert "Returned Ana , 20 Nov 2026, 08:00:00 UTC: the rejection asked again from stage 1 on, as round 2" in text
    assert text.index("Earlier rounds of the plan") < text.index("Stage 1, round 1")


def test_the_rules_say_who_put_them_in_force_what_was_drawn_and_what_they_ask(said):
    text = said(a_whole_record())

    assert "Put in force proposed by Tom Reed, 20 Nov 2026, 08:00:00 UTC; signed by Helen as Compliance officer" in text
    assert "drawn for review: the draw of this item is 0.012, the share that goes to people is 0.05" in text
    assert "Licences asked for claims-adjuster Signers may approve, reject" in text
    assert "Routed anew Revision 1, unchanged, by Mia , 20 Nov 2026, 08:00:00 UTC: from version 3 of the rules" in text
    assert "Stepped aside Dora , 20 Nov 2026, 08:00:00 UTC: My sister." in text
    assert "Required reading Guide . Opened by: Ben , 20 Nov 2026, 08:00:00 UTC." in text


def test_rules_of_the_setup_were_put_in_force_by_the_installation(said):
    assert "by the installation itself" in said(with_rules(a_record(), put_in_force=None))


def test_what_was_not_drawn_says_so_where_nobody_signed(said):
    record = with_rules(a_record(signatures=[], plan=[]), sample={"drawn": False, "draw": "0.4", "share": "0.05"})
    record["decision"]["basis"] = "policy"

    text = said(record)

    assert "Why nobody was asked" in text
    assert "not drawn for review: the draw of this item is 0.4" in text


def test_forty_signatures_with_long_names_are_all_printed(said):
    names = [f"Person {n} {'of Wolfeschlegelsteinhausen ' * 4}" for n in range(40)]
    record = a_record(
        signatures=[a_signature(printed_name=name, stage=n + 1) for n, name in enumerate(names)],
        plan=[a_slot(stage=n + 1, step=n + 1, signed_by=name) for n, name in enumerate(names)],
    )

    text = said(record).replace(" ", "")

    assert [n for n in range(40) if f"Person{n}of" not in text] == []
    assert [n for n in range(40) if f"Stage{n + 1}Adjuster,Approval:signedbyPerson{n}of" not in text] == []


def test_words_of_others_are_text_and_hide_nothing_wherever_they_stand(said):
    text = said(a_whole_record(HOSTILE)).replace(" ", "")

    assert text.count("<script>alert(1)</script>&{{settings}}[U+202E]name[U+0007]") >= 15
    assert "\u202e" not in text


def test_the_same_record_gives_the_same_bytes():
    record = as_bytes(a_whole_record(HOSTILE))

    assert len({hashlib.sha256(pdf.render(record).content).hexdigest() for _ in range(3)}) == 1


def test_openers_without_room_are_counted(said):
    opened = [{"name": f"Person {n}", "at": AT} for n in range(25)]

    text = said(a_record(readings=[{"title": "Guide", "text": "", "opened": opened}]))

    assert "Person 19" in text
    assert "Person 20" not in text
    assert "5 more are in the attached record.json at /readings/0/opened." in text
