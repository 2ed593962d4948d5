"""Static files come from where they lie, under an address that names their bytes and is kept for ever."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.templatetags.static import static

from portal.web import assets
from tests.pages import visitor

FOLDER = Path(settings.STATICFILES_DIRS[0])
SHEETS = sorted((FOLDER / "css").rglob("*.css"))
OWN_SHEETS = {"app.css", "evidence.css"}  # the entry, and the sheet the PDF printer reads
MODULES = sorted((FOLDER / "js").glob("*.js"))


@pytest.mark.parametrize(
    "name", ["css/app.css", "css/tokens.css", "js/app.js", "img/icons.svg", "django_htmx/htmx-2.min.js"]
)
def test_a_file_is_served_without_a_step_before_and_may_be_kept_for_ever(name):
    answer = visitor().get(static(name))

    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    assert int(re.search(r"max-age=(\d+)", answer["Cache-Control"])[1]) >= 31_536_000


def test_the_address_changes_with_any_byte_of_any_file(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css/a.css").write_text("a {}")
    before = assets.stamp(tmp_path)

    (tmp_path / "css/a.css").write_text("b {}")
    changed = assets.stamp(tmp_path)
    (tmp_path / "css/a.css").rename(tmp_path / "css/b.css")

    assert len({before, changed, assets.stamp(tmp_path)}) == 3


def test_the_style_sheet_imports_every_file_once_and_nothing_that_is_not_there():
    imported = re.findall(r'@import url\("([^"]+)"\);', (FOLDER / "css/app.css").read_text())

    assert sorted([*imported, *OWN_SHEETS]) == sorted(str(sheet.relative_to(FOLDER / "css")) for sheet in SHEETS)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_style_sheet_names_only_files_that_exist_and_colours_live_in_tokens(sheet):
    said = sheet.read_text()

    assert [name for name in re.findall(r'url\("([^"]+)"\)', said) if not (sheet.parent / name).exists()] == []
    assert len(said.splitlines()) <= 120
    if sheet.name not in ("tokens.css", "evidence.css"):  # paper has one mode
        assert re.findall(r"light-dark\(#|:[^;{]*#[0-9a-f]{6}\b|rgb\(", said) == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_imports_only_modules_that_exist_and_evaluates_nothing(module):
    said = module.read_text()

    imported = re.findall(r"(?:from|import) '([^']+)'", said)
    assert [name for name in imported if not (module.parent / name).exists()] == []
    assert not re.search(r"\beval\(|new Function|document\.write", said)


def test_no_page_has_an_inline_style_script_or_handler():
    folder = settings.BASE_DIR / "templates"
    wrong = re.compile(r'\sstyle="|<style|<script(?![^>]*\bsrc=)|\son[a-z]+="|hx-on|javascript:')

    pages = [page for page in folder.rglob("*.html") if not page.is_relative_to(folder / "evidence")]
    assert [str(page.relative_to(folder)) for page in pages if wrong.search(page.read_text())] == []


def test_every_icon_a_page_names_is_drawn():
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (FOLDER / "img/icons.svg").read_text()))
    pages = [page.read_text() for page in (settings.BASE_DIR / "templates").rglob("*.html")]
    named = {name for page in pages for name in re.findall(r'{% icon ["\']([a-z]+)["\']', page)}

    assert named
    assert named - drawn == set()


def test_the_fonts_come_with_their_licence():
    assert finders.find("fonts/OFL-LICENSE.txt")
