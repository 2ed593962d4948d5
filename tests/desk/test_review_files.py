"""Files on the review page: marks in an attached text, and the button that waits until everything was opened."""

from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.desk.deciding import at, decide, words
from tests.factories import make_item, take
from tests.pages import HTMX

TEXT = "NOTICE OF LOSS\n\nThe map says zone AE, and the carpets were wet."


def an_item(world, **more):
    """Post an item with two files, one of which a field was read from."""
    start = TEXT.index("zone AE")
    extraction = {"path": "/output/flood_zone", "value": "AE", "confidence": 0.9}
    extraction["sources"] = [{"attachment": "notice.txt", "page": 1, "chars": [start, start + 7]}]
    snapshot = {"input": {}, "output": {"pay": "500.00"}, "extractions": [extraction]}
    files = [world.upload(TEXT.encode(), "notice.txt"), world.upload(b"<b>not shown</b>", "other.txt", "text/html")]
    return make_item(world, snapshot=snapshot, attachments=files, **more)


def item_files(client, item):
    html = client.get(at("item", item)).content.decode()
    return [part.split('"')[0] for part in html.split('<a href="')[1:] if "/files/" in part.split('"')[0]]


def test_marks_stand_in_the_attached_text(world, page):
    html = page.get(at("item", an_item(world))).content.decode()

    assert '<mark>zone AE</mark><a class="fn" href="#f1" aria-label="Field 1">1</a>, and the carpets' in html
    assert "not shown" not in html


def test_reading_a_text_on_the_page_does_not_open_its_file(world, ana, page):
    item = take(an_item(world), ana)
    page.get(at("item", item))

    answer = page.get(at("item", item))

    assert "2 of 2 files are not opened yet. Open them before you sign." in words(answer)
    assert b'type="submit" disabled aria-describedby="why-not"' in answer.content


def test_who_did_not_open_a_file_cannot_prepare_a_signature(world, ana, page):
    item = take(an_item(world), ana)

    answer = decide(page, item, "approve")

    assert answer.status_code == 409
    assert "2 of 2 files are not opened yet" in words(answer)


def test_sending_back_needs_no_opened_file(world, ana, page):
    item = take(an_item(world), ana)

    assert decide(page, item, "send-back", "Add the estimate.")["Location"] == at("item", item)


def test_the_button_wakes_when_the_last_file_was_opened(world, ana, page):
    item = take(an_item(world), ana)
    said = {"said": "2 of 2 files are not opened yet. Open them before you sign."}
    assert page.get(at("ready", item), said, headers=HTMX).status_code == 204

    first, second = dict.fromkeys(item_files(page, item))
    page.get(first)
    assert "1 of 2 files" in words(page.get(at("ready", item), said, headers=HTMX))
    b"".join(page.get(f"{second}download").streaming_content)

    answer = page.get(at("ready", item), said, headers=HTMX)

    assert b"disabled" not in answer.content
    assert b"hx-trigger" not in answer.content


def test_a_page_with_files_asks_the_database_thirteen_times_at_most(world, ana, page):
    item = take(an_item(world), ana)
    page.get(at("item", item))

    with CaptureQueriesContext(connection) as asked:
        page.get(at("item", item))

    assert len(asked) <= 13, "\n".join(each["sql"][:150] for each in asked)
