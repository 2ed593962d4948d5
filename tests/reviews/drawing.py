"""What a search over authority draws: rows of registers, items and moments, and the routing rules it runs under."""

from decimal import Decimal
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.factories import World
from tests.reviews.planned import stage

CAST = ("a1", "a2", "a3", "s1", "as1", "c1")
NAMES, PICKS = st.sampled_from(CAST), st.integers(0, 60)
KINDS = {"claim.plain": (), "claim.licensed": ("claims-adjuster",), "claim.secret": (), "claim.both": ("secrecy",)}
LICENSED = ("claims-adjuster", "secrecy")
WALLS = {"claim.secret": "counsel", "claim.both": "counsel"}
AMOUNTS = st.sampled_from(["100.00", "400.00", "900.00", "1500.00", "4000.00"])
INSIDE = st.sets(NAMES, min_size=3)
LIMITS = st.sampled_from([None, None, "400"])
MOMENTS = st.sampled_from([1, 4, 20, 180, 24 * 60, 8 * 24 * 60])


@st.composite
def scopes(draw: Any) -> dict[str, Any]:
    """Draw where and when a row counts, mostly everywhere and always; days count from the first."""
    wide = draw(st.integers(0, 2)) > 0
    return {
        "line": "*" if wide else draw(st.sampled_from(["*", "auto", "home"])),
        "place": "*" if wide else draw(st.sampled_from(["*", "US", "US-TX"])),
        "starts": draw(st.sampled_from([-30, -30, -30, -30, -30, -30, 1])),
        "ends": draw(st.sampled_from([None] * 6 + [-1, -1, 0, 2])),
    }


@st.composite
def bounds(draw: Any) -> dict[str, Any]:
    """Draw what a row allows."""
    up_to = draw(st.sampled_from([300, 1000, 5000, 5000, 5000]))
    in_period = draw(st.sampled_from([None, 500, 1000, 2000]))
    return {
        "effect": draw(st.sampled_from(["*", "*", "*", "pay"])),
        "currency": draw(st.sampled_from(["USD"] * 6 + ["EUR"])),
        "up_to": Decimal(up_to),
        "alone": Decimal(min(up_to, draw(st.sampled_from([300, 300, 1000])))),
        "per_subject": draw(st.sampled_from([None, Decimal(1000), Decimal(2000), Decimal(5000)])),
        "per_period": None if in_period is None else Decimal(in_period),
        "days": None if in_period is None else draw(st.sampled_from([1, 7])),
    }


ROWS = st.lists(st.tuples(NAMES, scopes(), bounds()), max_size=3)
BASE = st.tuples(*(st.tuples(st.just(name), scopes(), bounds()) for name in CAST))
PAPERS = st.tuples(*(st.tuples(st.just(name), scopes(), st.just(kind)) for name in CAST for kind in LICENSED))
ITEM = st.fixed_dictionaries({
    "type": st.sampled_from([*KINDS, "claim.plain", "claim.plain"]),
    "amount": AMOUNTS,
    "line": st.sampled_from(["auto", "home"]),
    "place": st.sampled_from(["US-TX", "US-TX", "US-LA", "US", "MX"]),
    "effect": st.sampled_from(["pay", "pay", "reserve"]),
    "currency": st.sampled_from(["USD", "USD", "USD", "EUR"]),
    "subject": st.sampled_from(["claim/1", "claim/2"]),
})  # fmt: skip
ITEMS = st.lists(ITEM, min_size=4, max_size=5)


def policy(world: World) -> str:
    """Write a policy in which the type decides about wall and licences, the amount about one signature or two."""
    rules = [
        {"name": f"{kind.split('.')[1]}-{size}", "when": f"action.type == '{kind}' && action.amount_at_stake {when}",
         "reason": "Drawn.", "queue": world.queue.slug, "plan": plan}
        | ({"wall": WALLS[kind]} if kind in WALLS else {}) | ({"licences": list(asked)} if asked else {})
        for kind, asked in KINDS.items()
        for size, when, plan in (("small", "<= 1000.0", [stage("a")]), ("large", "> 1000.0", [stage("a"), stage("s")]))
    ]  # fmt: skip
    fallback = {"queue": world.exceptions.slug, "plan": [stage("s")]}
    return yaml.safe_dump({"policy": world.flow.policy.name, "fallback": fallback, "rules": rules}, sort_keys=False)
