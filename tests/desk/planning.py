"""What the tests of plans on pages share: plans, and pages as somebody of a cast reads them."""

from tests.desk.deciding import at, words
from tests.pages import browser
from tests.reviews.planned import parallel, stage

SECRET = "Zweifel-4711"
RETURNING = (stage("a", name="first-look"), stage("s", reject_to="first-look"))
BLIND = (parallel(stage("a"), stage("s", blind=True)),)


def page_of(cast, name, page="item", query=""):
    """Ask for a page of the item as somebody."""
    answer = browser(cast[name].user).get(at(page, cast.item) + query)
    assert answer.status_code == 200
    return answer


def told(cast, name, **asked):
    """Give what a page says to somebody."""
    return words(page_of(cast, name, **asked))
