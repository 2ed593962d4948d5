"""`manage.py register|calendar|proposal`: previews, proposals and what is in force, from files."""

import io

import pytest
from django.core.management import CommandError, call_command

from portal.accounts.roles import Role
from reviews.actions import configuring
from reviews.models import Calendar, Proposal, Register
from reviews.proposals import lists
from tests.factories import SEEDER, make_person
from tests.reviews import four_eyes
from tests.reviews.four_eyes import HOURS, rules_in_force, sign
from tests.reviews.sheets import HEADINGS, workbook

pytestmark = pytest.mark.django_db
WHY = ("--reason", "As agreed.")


@pytest.fixture
def ana():
    return make_person("ana", Role.ADJUSTER).user


def manage(*words):
    out, err = io.StringIO(), io.StringIO()
    call_command(*map(str, words), stdout=out, stderr=err)
    return out.getvalue()


def faults(*words):
    err = io.StringIO()
    with pytest.raises(CommandError) as caught:
        call_command(*map(str, words), stdout=io.StringIO(), stderr=err)
    return err.getvalue().splitlines(), str(caught.value)


def row(person, up_to="10000"):
    return f"{person.username},pay,auto,US-TX,USD,{up_to},5000,20000,100000,30,2026-01-01,"


def test_a_register_is_previewed_and_proposed(tmp_path, tom, ana):
    helen = four_eyes.helen()
    file = tmp_path / "authority.csv"
    file.write_text(f"{HEADINGS}\n{row(ana)}\n")

    told = manage("register", "import", "authority", file, "--by", tom.user.username, *WHY)

    assert "Register of authority, version 1, 1 row: 1 added, 0 changed, 0 removed" in told
    assert f"  {ana.printed_name}: pay, auto, Texas, USD: added: up to 10,000.00" in told
    assert f"may be signed by {helen.user.username}" in told
    assert not Register.objects.exists()
    sign(Proposal.objects.get(), helen)
    assert manage("register", "export", "authority").splitlines()[1].startswith(f"{ana.username},pay,auto")


def test_a_register_from_a_workbook_is_the_same_register(tmp_path, tom, ana):
    file = tmp_path / "authority.xlsx"
    file.write_bytes(workbook(HEADINGS.split(","), row(ana).split(",")))

    manage("register", "import", "authority", file, "--by", tom.user.username, *WHY)

    entries = lists.read("authority", f"{HEADINGS}\n{row(ana)}\n".encode(), "a.csv")
    configuring.apply_register("authority", entries, by=SEEDER)
    assert bytes(Register.objects.get().digest) == bytes(Proposal.objects.get().digest)
    assert "is in force already" in manage("register", "import", "authority", file, "--by", tom.user.username, *WHY)


@pytest.mark.parametrize(("bad", "place"), [
    ("nobody,pay,auto,US-TX,USD,10,5,,,,2026-01-01,", "authority.csv, line 2, column 1 “person”: There is nobody"),
    ("{ana},pay,auto,US-ZZ,USD,10,5,,,,2026-01-01,", "authority.csv, line 2, column 4 “jurisdiction”"),
    ("{ana},=cmd|'/c calc'!A1,auto,US-TX,USD,10,5,,,,2026-01-01,", "authority.csv, line 2, column 2 “effects”"),
    ('{ana},"pay', "authority.csv, line 2: This is not CSV"),
])  # fmt: skip
def test_a_bad_register_is_told_with_its_places_and_not_proposed(tmp_path, tom, ana, bad, place):
    file = tmp_path / "authority.csv"
    file.write_text(f"{HEADINGS}\n{bad.replace('{ana}', ana.username)}\n")

    told, ending = faults("register", "import", "authority", file, "--by", tom.user.username, *WHY)

    assert told[0].startswith(place)
    assert "nothing was changed" in ending
    assert not Proposal.objects.exists()


def test_a_register_that_is_not_there_is_told(tmp_path, tom):
    assert "No register of licences" in faults("register", "export", "licences")[1]
    assert (
        "cannot be read" in faults("register", "import", "licences", tmp_path / "x", "--by", tom.user.username, *WHY)[1]
    )


def test_a_calendar_is_checked_proposed_and_written_out(tmp_path, tom):
    file = tmp_path / "plain.yaml"
    file.write_text(HOURS)
    assert "plain, 0 holidays, nothing wrong" in manage("calendar", "check", file)

    told = manage("calendar", "apply", file, "--by", tom.user.username, *WHY)
    assert "proposed as" in told
    assert "waits for its signature" in manage("calendar", "apply", file, "--by", tom.user.username, *WHY)
    assert not Calendar.objects.exists()
    sign(Proposal.objects.get(), four_eyes.helen())

    assert manage("calendar", "export", "plain") == HOURS
    assert "exactly this text" in manage("calendar", "apply", file, "--by", tom.user.username, *WHY)


def test_a_bad_calendar_is_told_with_its_place(tmp_path, tom):
    file = tmp_path / "plain.yaml"
    file.write_text(HOURS.replace("Chicago", "Chikago"))

    for words in (("check", file), ("apply", file, "--by", tom.user.username, *WHY)):
        told, ending = faults("calendar", *words)
        assert told[0].startswith(f"{file}:2:12: There is no time zone “America/Chikago”; use America/Chicago")
        assert "othing was changed" in ending
    assert "There is no calendar none." in faults("calendar", "export", "none")[1]


def test_what_waits_is_listed_with_who_may_sign(tom):
    assert manage("proposal", "list") == "No change waits for a signature.\n"
    rules_in_force()
    helen = four_eyes.helen()
    proposal = four_eyes.propose("policy", four_eyes.CHANGED, tom)

    told = manage("proposal", "list")

    assert told.startswith(f"{proposal.pk}  policy  Routing rules letters  (")
    assert f"by {tom.user.username})" in told
    assert f"may be signed by {helen.user.username}\n" in told


@pytest.mark.parametrize("given", [(), ("--reason", ""), ("--reason", "  ")])
@pytest.mark.parametrize("words", [("register", "import", "authority"), ("calendar", "apply"), ("policy", "apply")])
def test_what_is_proposed_by_command_is_proposed_with_a_reason(tmp_path, tom, words, given):
    file = tmp_path / "any"
    file.write_text(HOURS)

    _, ending = faults(*words, file, "--by", tom.user.username, *given)

    assert ending == 'Say why in a sentence, with --reason "…"; who signs it reads it. Nothing was changed.'
    assert not Proposal.objects.exists()
