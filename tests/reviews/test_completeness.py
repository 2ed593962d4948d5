"""Nothing is said that nobody says: every fact is produced by an action, every refusal has its own name."""

import ast
from pathlib import Path

import pytest

from audit.facts import REGISTER
from portal.kit.problems import Problem, Refused
from reviews import lifecycle
from reviews.words import DECIDED, OPEN, OUTCOMES, State

ROOT = Path(__file__).resolve().parents[2]
OURS = [path for app in ("portal", "reviews", "audit") for path in (ROOT / app).rglob("*.py")]
# Actions that live beside what they ask: pairs of roles, and the watch over plans nobody can complete.
BESIDE = ("actions.py", "ceremony.py", "pairs.py", "impasses.py")
ACTIONS = [path for path in OURS if path.parent.name == "actions" or path.name in BESIDE]


def called(path: Path) -> set[str]:
    """Name everything a module uses, as `facts.Signed` or `Signed`."""
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "") for node in nodes}


def facts_of_ours() -> list[str]:
    return sorted(kind for kind, fact in REGISTER.items() if fact.__module__.split(".")[0] in ("portal", "reviews"))


@pytest.mark.parametrize("kind", facts_of_ours())
def test_every_fact_is_said_by_some_action(kind):
    assert any(REGISTER[kind].__name__ in called(path) for path in ACTIONS)


@pytest.mark.parametrize("kind", facts_of_ours())
def test_every_fact_has_a_sentence_that_uses_only_its_own_words(kind):
    fact = REGISTER[kind]

    said = fact.sentence.format_map(dict.fromkeys((*fact.__dataclass_fields__, "actor"), ""))

    assert said.endswith(".")


def problems(base: type[Problem] = Problem) -> list[type[Problem]]:
    return [each for one in base.__subclasses__() for each in (one, *problems(one))]


# Doors that mean the same by one word: a suspended flow is 429 to a post and 409 to an execution (API.md),
# and a request nobody can read is the same at every address.
SHARED = {"flow_suspended", "request_invalid"}


def test_every_problem_has_a_status_a_title_and_a_code_of_its_own():
    ours = [each for each in problems() if each.__module__.split(".")[0] in ("portal", "reviews", "audit")]
    codes = [each.code for each in ours if each is not Refused]

    assert {code for code in codes if codes.count(code) > 1} <= SHARED
    for each in ours:
        assert each.title != Problem.title, each
        assert 400 <= each.status < 600, each
        assert each is Refused or each.code != Problem.code, each


def test_every_state_has_moves_or_is_over():
    movable = {state for moves in lifecycle.MOVES.values() for state in moves}

    assert movable == {State.IN_REVIEW, State.CHANGES_REQUESTED, State.APPROVED}
    assert set(State) - movable == {
        State.REJECTED, State.EXPIRED, State.CANCELLED, State.INVALIDATED, State.WITHDRAWN,
    }  # fmt: skip


def test_the_words_of_states_divide_them():
    assert set(State) >= DECIDED | OPEN
    assert not DECIDED & OPEN
    assert set(State) - {State.IN_REVIEW} == OUTCOMES


def test_timed_out_withdrawn_invalidated_and_rejected_are_different_words():
    assert len({State.EXPIRED, State.WITHDRAWN, State.INVALIDATED, State.REJECTED, State.CANCELLED}) == 5
