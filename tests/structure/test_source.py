"""The shape of the code: no hidden listeners, no writes past the actions, nothing too long to read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("portal", "reviews", "audit")
MODULES = sorted(path for app in PACKAGES for path in (ROOT / app).rglob("*.py") if path.parent.name != "migrations")
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
NAMED = list(zip(MODULES, NAMES, strict=True))
ACTIONS = [path for path in MODULES if path.parent.name == "actions" and path.name != "__init__.py"]
WRITES = {"update", "bulk_update", "bulk_create", "delete", "get_or_create", "update_or_create"}
RECORDED = {"Calendar", "Endpoint", "Flow", "ForbiddenPair", "Item", "Policy", "Proposal", "Queue"}
LONGEST_MODULE, LONGEST_FUNCTION = 300, 45

# Routing writes many items in one statement, and their entries and histories in the next two; exhibits are no rows
# that anybody changes.
MANY_AT_ONCE = {"reviews/actions/routing.py", "audit/exhibits.py", "portal/kit/inserting.py"}


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def writes(path: Path) -> set[str]:
    """Name the recorded models whose querysets a module writes by `update` or `bulk_…`."""
    calls = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute) and node.attr in WRITES]
    return {each.id for call in calls for each in ast.walk(call.value) if isinstance(each, ast.Name)} & RECORDED


@pytest.mark.parametrize(("path", "name"), NAMED, ids=NAMES)
def test_no_module_writes_recorded_rows_past_their_entry(path, name):
    assert not writes(path)
    assert name in MANY_AT_ONCE or "insert_all(" not in path.read_text()


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_listens_to_signals(path):
    said = path.read_text()

    assert "django.dispatch" not in said
    assert "db.models.signals" not in said
    assert "@receiver" not in said


@pytest.mark.parametrize(("path", "name"), NAMED, ids=NAMES)
def test_no_module_or_function_is_too_long_to_read(path, name):
    sizes = {node.name: (node.end_lineno or 0) - node.lineno + 1 for node in functions(path)}

    assert {each: size for each, size in sizes.items() if size > LONGEST_FUNCTION} == {}
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_says_what_lives_in_it(path):
    assert ast.get_docstring(tree(path)) or not path.read_text().strip()


@pytest.mark.parametrize("path", ACTIONS, ids=lambda path: path.stem)
def test_no_flag_turns_a_check_or_an_entry_off(path):
    given = {each.arg for node in functions(path) for each in (*node.args.args, *node.args.kwonlyargs)}

    assert not given & {"force", "log", "skip", "skip_checks", "override", "silent", "check"}


def test_no_model_overwrites_save():
    models = [path for path in MODULES if path.name == "models.py" or path.parent.name == "models"]

    assert not [node.name for path in models for node in functions(path) if node.name in ("save", "delete")]


def test_items_are_saved_by_lifecycle_alone():
    savers = [name for path, name in NAMED if name.startswith("reviews") and "item.save(" in path.read_text()]

    assert savers == ["reviews/lifecycle.py"]
