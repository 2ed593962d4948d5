"""Pages of the registers: what is in force and for whom, importing a file, and who may do either."""

import re
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import configuring
from reviews.models import Proposal, Register
from reviews.proposals import lists
from tests.factories import SEEDER, make_person
from tests.pages import browser
from tests.reviews.four_eyes import sign

pytestmark = pytest.mark.django_db

COLUMNS = "person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to\n"
KINDS = "person,kind,number,jurisdiction,line,from,to\n"


@pytest.fixture
def tom(world):
    return make_person("tom", Role.ADMINISTRATOR)


@pytest.fixture
def helen(world):
    return make_person("helen", Role.COMPLIANCE_OFFICER)


def day(days):
    return (now().date() + timedelta(days=days)).isoformat()


def row(person, up_to="25000.00", starts="2024-01-01", ends="", line="*"):
    return f"{person.user.username},pay,{line},US,USD,{up_to},5000.00,50000.00,,,{starts},{ends}\n"


def in_force(word, text):
    return configuring.apply_register(word, lists.read(word, text.encode(), "rows.csv"), by=SEEDER)


def body(answer):
    return re.sub(r"\s+", " ", answer.content.decode())


def get(person, address):
    return body(browser(person.user).get(address))


def upload(person, text, word="authority", name="rows.csv"):
    return browser(person.user).post(f"/{word}/import/", {"file": SimpleUploadedFile(name, text.encode())})


def test_the_register_in_force_is_told_in_words(helen, ana):
    in_force("authority", COLUMNS + row(ana))

    told = get(helen, "/authority/")

    assert f'<th scope="row">{ana.user.printed_name}</th>' in told
    assert '<td class="num" data-label="Up to">$25,000.00</td>' in told
    assert '<td class="num" data-label="In a period">No bound</td>' in told
    assert "1 Jan 2024 to open" in told


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [(0, 90, "In force"), (3, 90, "Begins in 3 days"), (-9, 12, "Ends in 12 days"), (-9, 0, "Ends today"),
     (-9, -1, "Ended 1 day ago")],
)  # fmt: skip
def test_a_row_says_in_words_how_it_stands_today(helen, ana, starts, ends, words):
    in_force("authority", COLUMNS + row(ana, starts=day(starts), ends=day(ends)))

    assert f"</svg>{words}</span>" in get(helen, "/authority/")


def test_one_persons_rows_are_shown_alone(helen, ana, ben):
    in_force("authority", COLUMNS + row(ana) + row(ben))

    told = get(helen, f"/authority/?person={ben.user.username}")

    assert f'<th scope="row">{ben.user.printed_name}</th>' in told
    assert f'<th scope="row">{ana.user.printed_name}</th>' not in told


def test_many_rows_come_in_pages(helen, ana):
    in_force("authority", COLUMNS + "".join(row(ana, line=f"line-{each:03}") for each in range(101)))

    assert "100 shown, page 1 of 2" in get(helen, "/authority/")
    assert "1 shown, page 2 of 2" in get(helen, "/authority/?page=2")


@pytest.mark.parametrize("word", ["authority", "licences"])
@pytest.mark.parametrize(
    ("role", "status", "importing"),
    [(Role.ADMINISTRATOR, 200, 200), (Role.COMPLIANCE_OFFICER, 200, 200), (Role.AUDITOR, 200, 409),
     (Role.ADJUSTER, 404, 404), (Role.QUEUE_MANAGER, 404, 404), (Role.FLOW_OWNER, 404, 404)],
)  # fmt: skip
def test_who_answers_for_a_register_reads_it(world, word, role, status, importing):
    client = browser(make_person("someone", role).user)

    assert client.get(f"/{word}/").status_code == status
    assert client.get(f"/{word}/import/").status_code == importing
    assert client.get(f"/{word}/versions/1/download").status_code == 404


def test_a_file_shows_what_it_changes_and_stores_nothing(helen, ana, ben):
    in_force("authority", COLUMNS + row(ana) + row(ben, line="property"))

    answer = upload(helen, COLUMNS + row(ana, up_to="30000.00") + row(ben, line="motor"))
    told = body(answer)

    assert answer.status_code == 200
    assert "<del>25,000.00</del>" in told
    assert "<ins>30,000.00</ins>" in told
    assert "1 added, 1 changed, 1 removed, 0 as before" in told
    assert not Proposal.objects.exists()


def test_a_faulty_file_names_line_and_column_and_stores_nothing(helen, ana):
    answer = upload(helen, COLUMNS + row(ana, up_to="a lot"))

    assert answer.status_code == 422
    assert "rows.csv, line 2, column" in body(answer)
    assert not Proposal.objects.exists()


def test_a_file_that_is_too_large_is_told_so_and_not_that_none_was_chosen(helen, ana):
    answer = upload(helen, COLUMNS + row(ana) + "\n" * 5 * 1024 * 1024)

    assert answer.status_code == 422
    assert "rows.csv: The file is larger than 5 MiB." in body(answer)
    assert "No file was chosen" not in body(answer)


def test_a_form_without_a_file_says_so(helen):
    answer = browser(helen.user).post("/authority/import/", {})

    assert answer.status_code == 422
    assert "Choose a CSV or XLSX file" in body(answer)


@pytest.mark.parametrize("word", ["authority", "licences"])
def test_a_proposed_file_waits_and_counts_once_another_signs(helen, tom, ana, word):
    text = COLUMNS + row(ana) if word == "authority" else f"{KINDS}{ana.user.username},adjuster,TX-1,US,*,2024-01-01,\n"
    canonical = lists.written(word, lists.read(word, text.encode(), "rows.csv"))

    assert canonical.split("\n")[1] in upload(tom, text, word).content.decode()
    answer = browser(tom.user).post(
        f"/{word}/import/", {"do": "propose", "text": canonical.replace("\n", "\r\n"), "reason": "A new year."}
    )
    proposal = Proposal.objects.get()

    assert answer.headers["Location"] == f"/changes/{proposal.pk}/"
    assert not Register.objects.exists()
    sign(proposal, helen)
    told = get(helen, f"/{word}/")
    assert f'data-label="Proposed by">{tom.user.printed_name}<' in told
    assert f'data-label="Signed by">{helen.user.printed_name}<' in told
    kept = browser(helen.user).get(f"/{word}/versions/1/download")
    assert kept.content.decode() == canonical


def test_who_gains_by_a_register_is_not_named_among_those_who_may_sign_it(tom, helen, ana):
    greta = make_person("greta", Role.COMPLIANCE_OFFICER)
    in_force("authority", COLUMNS + row(helen))
    raised = COLUMNS + row(helen, up_to="30000.00") + row(ana)
    text = lists.written("authority", lists.read("authority", raised.encode(), "rows.csv"))
    browser(tom.user).post("/authority/import/", {"do": "propose", "text": text, "reason": "A new year."})
    address = f"/changes/{Proposal.objects.get().pk}/"

    named = re.search(r"These people may sign it:(.*?)</ul>", get(tom, address))[1]
    assert re.findall(r"\(([^)]+)\)", named) == [greta.user.username]
    assert helen.user.printed_name not in get(tom, "/changes/")
    assert "This says what you yourself may sign for." in get(helen, address)


def test_a_proposal_without_a_reason_keeps_the_file(helen, ana):
    text = COLUMNS + row(ana)

    answer = browser(helen.user).post("/authority/import/", {"do": "propose", "text": text, "reason": " "})

    assert answer.status_code == 422
    assert "Say in a sentence why" in body(answer)
    assert row(ana).strip() in answer.content.decode()


def test_what_is_in_force_already_cannot_be_proposed(helen, ana):
    in_force("authority", COLUMNS + row(ana))

    told = body(upload(helen, COLUMNS + row(ana)))

    assert "There is nothing to propose" in told
    assert 'value="propose"' not in told


def test_a_licence_that_ends_says_when(helen, ana):
    in_force("licences", f"{KINDS}{ana.user.username},adjuster,TX-1,US,*,2024-01-01,{day(12)}\n")

    assert "Ends in 12 days" in get(helen, "/licences/")
