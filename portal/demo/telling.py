"""What the demonstration tells: how to get in, for people on the screen and for programs in a file."""

import os
from base64 import b32encode
from typing import Any

from django.conf import settings

from portal import casting
from portal.accounts.roles import Role
from portal.casting import Cast, Member
from portal.demo.stage import Stage

_DOES = {
    Role.ADJUSTER: "reviews claims, signs payouts up to 10,000 USD, signs first above",
    Role.SENIOR_ADJUSTER: "signs second: denials, reserves, payouts over 10,000 USD",
    Role.CORRESPONDENCE_REVIEWER: "reads and signs replies to complaints",
    Role.QUEUE_MANAGER: "looks after the claims queues, confirms payouts over 100,000 USD",
    Role.COMPLIANCE_OFFICER: "sees every queue and its records, signs changes of rules and permissions",
    Role.AUDITOR: "reads everything, changes nothing",
    Role.ADMINISTRATOR: "runs the installation, proposes changes, decides nothing",
}


def everybody(cast: Cast) -> dict[str, Member]:
    """Give all who may sign in, by user name."""
    last = (cast.auditor, cast.administrator)
    return {**cast.people, **{member.user.username: member for member in last}}


def access(stage: Stage, cast: Cast) -> dict[str, Any]:
    """Give everything a program needs to get in."""
    roles = casting.roles()
    return {
        "base_url": stage.base_url,
        "users": [
            {
                "username": username,
                "password": member.password,
                "totp_secret": b32encode(member.totp_secret).decode(),
                "roles": [roles[username].value],
            }
            for username, member in everybody(cast).items()
        ],
        "flows": [
            {"slug": flow.slug, "api_key": flow.key, "webhook_secret": flow.secret} for flow in cast.flows.values()
        ],
        "database_url": os.environ["DATABASE_URL"],
        "redis_url": settings.REDIS_URL,
    }


def welcome(stage: Stage, cast: Cast) -> str:
    """Say where it is, as whom to sign in, where to look, and how to end it."""
    roles = casting.roles()
    rows = [
        (username, member.password, f"{roles[username].value.replace('-', ' ')}: {_DOES[roles[username]]}")
        for username, member in everybody(cast).items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    people = [f"    {name:<{widths[0]}}  {password:<{widths[1]}}  {does}" for name, password, does in rows]
    return "\n".join(
        [
            "",
            f"  Countersign is at  {stage.base_url}",
            "",
            "  Sign in as one of these. The second step wants a one-time code: the banner of the page shows it.",
            *people,
            "",
            f"  The same for programs, with flow keys and one-time code secrets:  {stage.access}",
            f"  What was paid and sent once it was signed:  {stage.folder / 'logs' / 'executor-*.log'}",
            f"  What the flows post:  {stage.folder / 'logs' / 'flows.log'}",
            "",
            "  Claims are public FEMA records, complaints public CFPB records with invented company names.",
            "  Ctrl-C ends it; nothing stays running and its database goes.",
            "",
        ]
    )
