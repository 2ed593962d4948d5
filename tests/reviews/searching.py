"""What a search over plans draws and reads: plans, the policy that asks for them, and an item's entries."""

import json
from typing import Any

import yaml
from hypothesis import strategies as st

from tests.factories import World
from tests.reviews.cheating import run
from tests.reviews.oracle import Entered
from tests.reviews.planned import parallel, stage


@st.composite
def plans(draw: Any) -> list[dict[str, Any]]:
    """Draw a plan: up to four steps, of one stage or of several at the same time."""
    made, names = [], []
    for step in range(draw(st.integers(1, 4))):
        beside = []
        for place in range(draw(st.sampled_from([1, 1, 2]))):
            roles = "".join(sorted(draw(st.sets(st.sampled_from("acsr"), min_size=1, max_size=2))))
            more: dict[str, Any] = {"name": f"n{step}-{place}", "signatures": draw(st.sampled_from([1, 1, 1, 2]))}
            if names and draw(st.booleans()):
                more["reject_to"] = draw(st.sampled_from(names))
            beside.append(stage(roles, **more))
        if step or len(beside) > 1:
            beside[-1]["blind"] = draw(st.booleans())
        names += [each["name"] for each in beside]
        made.append(beside[0] if len(beside) == 1 else parallel(*beside))
    return made


def policy_of(world: World, name: str, small: Any, large: Any, harmful: Any) -> str:
    """Write a policy in which amount and effect decide about the plan, and a dollar needs nobody."""

    def asks(title: str, when: str, plan: Any) -> dict[str, Any]:
        return {"name": title, "when": when, "reason": "Drawn.", "queue": world.queue.slug, "plan": plan}

    tiny = {"name": "tiny", "when": "action.effect == 'pay' && action.amount_at_stake <= 1.0", "reason": "A dollar.",
            "queue": world.queue.slug, "auto_approve": True, "effects": ["pay"]}  # fmt: skip
    rules = [
        asks("harmful", "action.effect == 'deny'", harmful),
        tiny,
        asks("large", "action.amount_at_stake > 1000.0", large),
        asks("small", "action.amount_at_stake <= 1000.0", small),
    ]
    fallback = {"queue": world.exceptions.slug, "plan": [stage("s")]}
    return yaml.safe_dump({"policy": name, "fallback": fallback, "rules": rules}, sort_keys=False)


def entries(item_id: Any) -> list[Entered]:
    """Read the entries that moved an item, as they lie in the database."""
    rows = run(
        "SELECT kind, version, state, at, actor_ref, convert_from(leaf_bytes, 'UTF8') FROM audit_entry"
        " WHERE stream = %s AND version IS NOT NULL",
        item_id,
    )
    return [Entered(*told, json.loads(leaf)["pub"]) for *told, leaf in rows]
