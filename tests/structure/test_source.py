"""The shape of the code: no hidden listeners, no writes past the actions, nothing too long to read."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULES = sorted(
    path for app in ("portal", "reviews", "audit") for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)  # fmt: skip
NAMES = [str(path.relative_to(ROOT)) for path in MODULES]
RECORDED = {"Item", "Flow", "Queue", "Policy", "Endpoint"}
LONGEST_MODULE, LONGEST_FUNCTION = 300, 45


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def writes(path: Path) -> set[str]:
    """Name the recorded models whose querysets a module writes by `update` or `bulk_…`."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("update", "bulk_update", "bulk_create", "delete", "get_or_create", "update_or_create"):
                found |= {each.id for each in ast.walk(node.func.value) if isinstance(each, ast.Name)} & RECORDED
    return found


# Routing writes many items in one statement, and their entries and histories in the next two.
ALLOWED = {"reviews/actions/routing.py": {"Item"}}


@pytest.mark.parametrize(("path", "name"), zip(MODULES, NAMES, strict=True), ids=NAMES)
def test_no_module_writes_recorded_rows_past_their_entry(path, name):
    assert writes(path) <= ALLOWED.get(name, set())


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_listens_to_signals(path):
    said = path.read_text()

    assert "django.dispatch" not in said
    assert "db.models.signals" not in said
    assert "@receiver" not in said


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_no_module_or_function_is_too_long_to_read(path):
    functions = [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f"{node.name}: {node.end_lineno - node.lineno + 1}" for node in functions if node.end_lineno - node.lineno >= LONGEST_FUNCTION]

    assert long == []
    assert len(path.read_text().splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_every_module_says_what_lives_in_it(path):
    assert ast.get_docstring(tree(path)) or not path.read_text().strip()


@pytest.mark.parametrize("path", [path for path in MODULES if path.parent.name == "actions" and path.name != "__init__.py"],
                         ids=lambda path: path.stem)  # fmt: skip
def test_actions_do_not_overwrite_save(path):
    assert not any(isinstance(node, ast.FunctionDef) and node.name == "save" for node in ast.walk(tree(path)))


def test_items_are_written_by_lifecycle_and_routing_alone():
    savers = {
        name for path, name in zip(MODULES, NAMES, strict=True) if "item.save(" in path.read_text() and name.startswith("reviews")
    }  # fmt: skip

    assert savers <= {"reviews/lifecycle.py"}
