"""Pages of registers, people and those who stand in before axe-core, with long names, many rows and none.

They come last of the browser's tests: once a register is in force, whoever is not in it signs for no amount any more.
"""

import os
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from portal.accounts import actions as accounts
from portal.accounts import ceremony
from portal.accounts.models import User
from portal.accounts.roles import Role
from portal.kit.clock import now
from reviews.actions import configuring
from reviews.proposals import lists
from tests.browser.gallery import ENDLESS
from tests.browser.test_looks import Eyes
from tests.browser.test_looks import eyes as eyes
from tests.browser.windows import PHONE, WIDE
from tests.factories import SEEDER, Person, World, a_document, make_person, make_world, take
from tests.reviews.standing import away, emergency, make_manager
from tests.reviews.test_recusal import recuse

pytestmark = pytest.mark.xdist_group("browser")
KEPT = os.environ.get("PICTURES")
AUTHORITY = "person,effects,line,jurisdiction,currency,up_to,alone,per_subject,per_period,period_days,from,to\n"
LICENCES = "person,kind,number,jurisdiction,line,from,to\n"
PAGES = ("/authority/", "/authority/?page=2", "/licences/", "/authority/import/")
ALL = ("/people/", "/people/pairs/", "/people/add/", "/access-review/")

THEIRS = ("/emergency/", "/away/")


@dataclass
class House:
    """Everybody the pages tell of."""

    tom: Person
    helen: Person
    ana: Person
    mara: Person
    long: User
    world: World


@pytest.fixture
def house(bed) -> House:
    """People and registers are made once for the folder."""
    if "house" not in bed.kept:
        bed.kept["house"] = furnish()
    made: House = bed.kept["house"]
    return made


def furnish() -> House:
    """Add people with ordinary and with endless names, and put both registers in force."""
    world = make_world()
    tom, helen = make_person("tom", Role.ADMINISTRATOR), make_person("helen", Role.COMPLIANCE_OFFICER)
    ana = make_person("ana", Role.ADJUSTER)
    long = accounts.add_person("wolfgang-the-endless-first", ENDLESS[:180], "x" * 20, by=SEEDER)
    accounts.grant_role(long, Role.SENIOR_ADJUSTER, by=SEEDER)
    who, soon = ana.user.username, (now() + timedelta(days=12)).date()
    rows = [
        f"{who},pay,line-{each:03},US,USD,25000.00,5000.00,50000.00,100000.00,7,2024-01-01,\n" for each in range(99)
    ]
    rows.append(f"{who},deny partial pay reserve letter,{'x' * 60},US-TX,USD,1,1,,,,2024-01-01,{soon}\n")
    rows.append(f"{long.username},*,*,*,USD,999999999999.99,999999999999.99,,,,2024-01-01,2025-01-01\n")
    apply("authority", AUTHORITY + "".join(rows))
    apply("licences", f"{LICENCES}{who},claims-adjuster,{'9' * 90},US,*,2024-01-01,{soon}\n")
    mara = make_manager(world.queue)
    accounts.verify_identity(long, by=tom.user)
    ruth = make_person("ruth", Role.SENIOR_ADJUSTER)
    away(Person(long, "", b""), ana, up_to=Decimal("25000.00"), currency="USD", queues=[world.queue, world.exceptions])
    away(ana, ruth)
    emergency(ana, world.queue, Role.RELEASE_APPROVER, reason=f"The storm took the office. {ENDLESS}")
    return House(tom, helen, ana, mara, long, world)


def apply(word: str, text: str) -> None:
    """Put a register in force as the installation itself does."""
    configuring.apply_register(word, lists.read(word, text.encode(), "rows.csv"), by=SEEDER)


def keep(page, name):
    """Keep pictures of a page in its four looks, when a folder is named."""
    for size in (WIDE, PHONE) if KEPT else ():
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=Path(KEPT) / f"{name}-{size['width']}-{scheme}.png", full_page=True)


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_accessible_and_fits(house, eyes: Eyes, address):
    page = eyes.open(house.tom.user).go(address)

    keep(page, address.strip("/").replace("/", "-").replace("?", "-") or "inbox")
    eyes.look(page)


@pytest.mark.parametrize("address", THEIRS)
@pytest.mark.parametrize("name", ["ana", "mara"])
def test_a_page_of_those_who_sign_and_manage_is_accessible_and_fits(house, eyes, address, name):
    page = eyes.open(getattr(house, name).user).go(address)

    keep(page, f"{address.strip('/')}-{name}")
    eyes.look(page)


@pytest.mark.parametrize("address", ["/managing/"])
def test_what_a_manager_looks_after_is_accessible_and_fits(bed, house, eyes, address):
    held, given_up = (bed.post(bed.flow(house.world), a_document(external_id=f"{n}-{ENDLESS[:150]}")) for n in (1, 2))
    take(held, house.ana)
    recuse(given_up, house.ana, f"She is my sister. {ENDLESS}")
    page = eyes.open(house.mara.user).go(address)
    page.get_by_text("End the hold").last.click()

    keep(page, "managing")
    eyes.look(page)


@pytest.mark.parametrize("address", ALL)
def test_a_page_of_people_is_accessible_and_fits(house, eyes, address):
    page = eyes.open(house.tom.user).go(address)

    keep(page, address.strip("/").replace("/", "-"))
    eyes.look(page)


def test_one_person_and_what_is_asked_twice_is_accessible_and_fits(house, eyes):
    eve = make_person("eve", Role.ADJUSTER, verified=False)
    for _ in range(ceremony.FAILURES_BEFORE_LOCK):
        ceremony.note_failure(eve.user)
    opened = eyes.open(house.tom.user)

    for name, who in (("eve", eve.user), ("ana", house.ana.user), ("long", house.long)):
        page = opened.go(f"/people/{who.pk}/")
        keep(page, f"person-{name}")
        eyes.look(page)
    eyes.look(opened.go(f"/people/{house.long.pk}/deactivate/"))


def test_one_emergency_and_a_refused_form_are_accessible_and_fit(house, eyes):
    opened = eyes.open(house.ana.user)
    opened.refuses(422)
    page = opened.go("/emergency/")
    page.get_by_role("link", name="What you did under it").click()
    page.get_by_role("heading", name="Done under it").wait_for()
    keep(page, "emergency-one")
    eyes.look(page)

    page = opened.go("/emergency/")
    page.get_by_role("button", name="Take it with password and code").click()
    page.get_by_role("alert").first.wait_for()
    keep(page, "emergency-refused")
    eyes.look(page)


def test_what_a_file_changes_is_accessible_and_fits(house, eyes):
    opened = eyes.open(house.tom.user)
    opened.refuses(422)
    page = opened.go("/authority/import/")
    text = f"{AUTHORITY}{house.ana.user.username},pay,line-000,US,USD,30000.00,5000.00,50000.00,,,2024-01-01,\n"
    text += f"{house.long.username},pay,motor,US,USD,30000.00,5000.00,50000.00,,,2024-01-01,\n"
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_role("heading", name="What it changes").wait_for()
    keep(page, "preview")
    eyes.look(page)

    page = opened.go("/authority/import/")
    text = text.replace("30000.00", "many").replace("motor", "=cmd()")
    page.get_by_label("CSV or XLSX file").set_input_files(
        {"name": "a.csv", "mimeType": "text/csv", "buffer": text.encode()}
    )
    page.get_by_role("button", name="Show what it changes").click()
    page.get_by_role("alert").first.wait_for()
    keep(page, "faults")
    eyes.look(page)
