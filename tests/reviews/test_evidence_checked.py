"""The record of a decision checked by somebody who trusts nobody: it verifies offline, and each change is found."""

import json
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from django.db import transaction
from fido2 import cbor
from fido2.cose import RS256, EdDSA
from fido2.utils import websafe_encode

from audit import canonical, exhibits
from audit.sealing import notes, proofs, sequencer
from portal.accounts.ceremony import Factors
from portal.accounts.roles import Role
from portal.kit.ids import ItemId
from reviews import evidence
from reviews.actions import signing
from reviews.evidence import passkey
from reviews.models import Item
from reviews.words import Verdict
from tests.accounts.entering import with_passkey
from tests.api.asking import decide
from tests.audit.saying import role
from tests.factories import make_item, make_person, make_world, sign, story, take
from tests.reviews.changing import CONTRACT, change, make_claim
from tests.reviews.recorded import record_of

ROOT = Path(__file__).resolve().parents[2]
CHECK = ROOT / "reviews/evidence/check.sh"


def checked(record: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    """Let the script check a record with jq and OpenSSL."""
    file = folder / "record.json"
    file.write_bytes(evidence.as_bytes(record))
    return subprocess.run(["bash", str(CHECK), str(file)], capture_output=True, text=True, check=False)


def leaf_of(record: dict[str, Any], entry: str) -> dict[str, Any]:
    (leaf,) = [each["leaf"] for each in record["story"] if each["entry"] == entry]
    told: dict[str, Any] = json.loads(leaf)
    return told


def test_each_reason_stands_in_its_own_words_also_where_two_share_a_code(ana, ben):
    item = take(make_claim(make_world(contract=CONTRACT), "9000.00"), ana)
    change(item, ana, building="12000.00")
    sign(take(item, ben), ben)
    sequencer.seal_once()

    assert [each["sentence"] for each in record_of(item)["policy"]["reasons"]] == [
        "Small payouts need one adjuster.",
        "Large payouts need two.",
        "A signer changed the proposal, so it is planned anew.",
    ]


def test_a_record_holds_everything_that_was_signed(world, ana, ben):
    item = make_item(world, action={"amount": "20000.00", "amount_at_stake": "20000.00"})
    sign(take(item, ana), ana)
    sign(take(item, ben), ben)
    sequencer.seal_once()

    record = record_of(item)

    assert (record["v"], record["typ"], record["decision"]["outcome"]) == (1, "countersign.record", "approved")
    assert [each["printed_name"] for each in record["signatures"]] == ["Ana", "Ben"]
    assert [each["role_title"] for each in record["signatures"]] == ["Adjuster", "Senior adjuster"]
    assert [each["signed_by"] for each in record["plan"]] == ["Ana", "Ben"]
    assert record["policy"]["reasons"][0]["sentence"] == "Large payouts need two."
    assert record["revisions"][0]["document"]["action"]["title"] == "Pay contents damage"
    assert [each["kind"] for each in record["story"]] == story(item)


def test_the_record_verifies_offline_step_by_step(world):
    record = record_of(decide(world))
    act, signature = record["decision"]["act"], record["signatures"][0]
    intent = canonical.strict_bytes(signature["intent"])
    public = [notes.parse_verifier_key(each["vkey"])[1] for each in record["keys"]["log"]]

    for each in record["story"]:
        proof = proofs.Proof(each["index"], tuple(map(b64decode, each["hashes"])), record["checkpoint"])
        proofs.verify(proof.as_text(), each["leaf"].encode(), record["log"], public)
    decided = leaf_of(record, record["decision"]["entry"])["pub"]
    signed = leaf_of(record, signature["entry"])
    disclosed = [
        each for step in record["story"] if step["entry"] == signature["entry"] for each in step["disclosures"]
    ]

    assert canonical.prefixed(canonical.ACTION, canonical.strict_bytes(act)).hex() == decided["action_sha256"]
    assert canonical.prefixed(canonical.SIGN_INTENT, intent).hex() == signed["pub"]["intent_sha256"]
    shown = canonical.prefixed(canonical.SHOWN, canonical.strict_bytes(signature["shown"])).hex()
    assert shown == signed["pub"]["shown_sha256"] == signature["intent"]["shown_sha256"]
    assert {canonical.b64url(canonical.sha256(each.encode())) for each in disclosed} == set(signed["_sd"])


def test_the_script_in_the_record_finds_it_right(world, tmp_path):
    record = record_of(decide(world, Verdict.REJECT))

    ran = checked(record, tmp_path)

    assert (ran.returncode, record["check"]) == (0, CHECK.read_text())
    assert "Right: 4 entries in a log of" in ran.stdout
    assert ran.stdout.endswith("1 signatures, one decision: rejected.\n")


def _other_leaf(record: dict[str, Any]) -> None:
    record["story"][1]["leaf"] = record["story"][1]["leaf"].replace("item.taken", "item.token")


def _other_act(record: dict[str, Any]) -> None:
    record["decision"]["act"]["amount"] = "5000.00"


def _other_intent(record: dict[str, Any]) -> None:
    record["signatures"][0]["intent"]["statement"] = "I approve something else."


def _other_name(record: dict[str, Any]) -> None:
    (step,) = [each for each in record["story"] if each["kind"] == "signature.executed"]
    step["disclosures"] = ["WyJzYWx0IiwicHJpbnRlZF9uYW1lIiwiQmVuIl0"]


def _other_checkpoint(record: dict[str, Any]) -> None:
    head, size, rest = record["checkpoint"].split("\n", 2)
    record["checkpoint"] = f"{head}\n{int(size) + 1}\n{rest}"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_leaf, "the leaf of entry 1 was changed"),
        (_other_act, "the act is not the one that was decided"),
        (_other_intent, "signature 0 is for another intent"),
        (_other_name, "does not hold one of its disclosures"),
        (_other_checkpoint, "the checkpoint was not signed with this key"),
    ],
)
def test_the_script_finds_what_was_changed(world, tmp_path, change, said):
    record = record_of(decide(world))
    change(record)

    ran = checked(record, tmp_path)

    assert ran.returncode == 1
    assert said in ran.stdout


def by_passkey(world, person) -> Item:
    """Give an item that a person's device signed, sealed."""
    device, item = with_passkey(person), take(make_item(world), person)
    whose = {"by": person.user, "session_ref": person.session}
    intent = signing.prepare(ItemId(item.pk), seen=item.version, verdict=Verdict.APPROVE, **whose)
    signing.sign(intent.pk, factors=Factors(passkey=device.answer(bytes(intent.challenge))), **whose)
    sequencer.seal_once()
    return Item.objects.get(pk=item.pk)


def test_a_passkeys_signature_is_checked_with_the_key_in_the_record(world, ana, tmp_path):
    record = record_of(by_passkey(world, ana))

    ran = checked(record, tmp_path)

    assert record["signatures"][0]["assurance"] == "device-signed"
    assert (ran.returncode, ran.stdout[:6]) == (0, "Right:")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("signature", "the passkey of signature 0 did not sign"),
        ("authenticatorData", "the passkey of signature 0 did not sign"),
        ("clientDataJSON", "the passkey of signature 0 signed another intent"),
    ],
)
def test_the_script_finds_another_passkey_answer(world, ana, tmp_path, part, said):
    record, other = (record_of(by_passkey(world, each)) for each in (ana, make_person("dora", Role.ADJUSTER)))
    record["signatures"][0]["passkey"][part] = other["signatures"][0]["passkey"][part]
    if part == "authenticatorData":
        record["signatures"][0]["passkey"][part] = record["signatures"][0]["passkey"][part][:-2] + "_w"

    ran = checked(record, tmp_path)

    assert ran.returncode == 1
    assert said in ran.stdout


@pytest.mark.parametrize("algorithm", [EdDSA, RS256])
def test_a_public_key_of_every_kind_is_told_as_pem(algorithm):
    private = ed25519.Ed25519PrivateKey.generate() if algorithm is EdDSA else rsa.generate_private_key(65537, 2048)
    cose = websafe_encode(cbor.encode(dict(algorithm.from_cryptography_key(private.public_key()))))

    assert load_pem_public_key(passkey.pem(cose).encode()) == private.public_key()


def test_erased_names_are_told_as_erased_and_the_proof_still_holds(world, tmp_path):
    item = decide(world)
    with transaction.atomic():
        key = exhibits.key_for(exhibits.subject_scope(item.flow_id, item.subject, item.pk))
    with role("countersign_eraser"):
        exhibits.destroy_key(key.id)

    record = record_of(item)

    assert record["signatures"][0]["printed_name"] == "[erased]"
    assert record["revisions"][0]["document"] == record["decision"]["act"] == "[erased]"
    assert checked(record, tmp_path).returncode == 0
