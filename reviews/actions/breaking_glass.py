"""Breaking the glass: taking a role on a queue in an emergency, for hours; others are told at once and look after."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from guardian.models import GroupObjectPermission, UserObjectPermission

from audit import exhibits, ledger
from portal.accounts import access, ceremony, nudging, pairs
from portal.accounts.access import Access
from portal.accounts.ceremony import PROFILES, Factors
from portal.accounts.models import User
from portal.accounts.roles import NEVER_SIGN, SIGNING, Role
from portal.kit import reasons
from portal.kit.clock import now
from portal.kit.ids import new_id
from portal.kit.problems import NotFound, Problem, Refusal
from reviews import facts, guards, nudges
from reviews.models import BreakGlass, GlassNotice, Queue

LONGEST_HOURS = 8
_WHOLE = frozenset({"passkey", "password+totp"})


class GlassInvalid(Problem):
    """The emergency access does not say what it must."""

    code = "glass_invalid"
    status = 422
    title = "This emergency access cannot be given"


def break_glass(
    role: Role,
    queue: Queue,
    *,
    by: User,
    reason: str,
    session_ref: str,
    factors: Factors,
    hours: int = 1,
    challenge: bytes = b"",
) -> BreakGlass:
    """Take a role on a queue in an emergency, after a fresh ceremony with two factors; the others are told at once.

    Everything done under it is marked. Raises ReasonMissing, ReasonTooLong, GlassInvalid, NotFound, Refused,
    CeremonyFailed, FactorNotAllowed or SigningLocked.
    """
    reason = reasons.given(reason, "Say in a sentence what the emergency is; everybody who is told reads it.")
    if not 1 <= hours <= LONGEST_HOURS:
        raise GlassInvalid(f"It lasts from 1 to {LONGEST_HOURS} hours. Take it again if the emergency lasts longer.")
    try:
        return _break(role, queue, by, reason, session_ref, factors, hours, challenge)
    except ceremony.CeremonyFailed:
        ceremony.note_failure(by)
        raise


@transaction.atomic
def mend(glass_id: UUID, *, by: User) -> BreakGlass:
    """End an emergency access before its time: by who took it, or by somebody who was told of it. Raises NotFound."""
    found = BreakGlass.objects.select_for_update().filter(pk=glass_id).first()
    if found is None or (by.pk != found.person_id and not _was_told(found, by)):
        raise NotFound("There is no such emergency access, or it is not yours to end.")
    if not is_live(found):
        raise GlassInvalid("This emergency access has ended already.")
    found.ended_at = now()
    found.save(update_fields=["ended_at"])
    ledger.append_next(facts.GlassMended(), stream=stream(found), by=by, rows=[found])
    nudging.people_changed()
    return found


@transaction.atomic
def seen(glass_id: UUID, *, by: User) -> BreakGlass:
    """Say that one looked at an emergency access and what was done under it, once it is over. Raises NotFound."""
    found = BreakGlass.objects.select_for_update().filter(pk=glass_id).first()
    if found is None or by.pk == found.person_id or not _was_told(found, by):
        raise NotFound("There is no such emergency access that you were told of.")
    if is_live(found):
        raise GlassInvalid("It is still in force. End it, or look again when it is over.")
    if found.seen_at is not None:
        return found
    found.seen_by, found.seen_at = by, now()
    found.save(update_fields=["seen_by", "seen_at"])
    ledger.append_next(facts.GlassSeen(), stream=stream(found), by=by, rows=[found])
    return found


def unseen(by: User, most: int = 100) -> list[BreakGlass]:
    """Give the emergency accesses a person was told of and nobody looked at yet, the newest first, so many at most."""
    told = BreakGlass.objects.filter(notices__person=by, seen_at=None)
    return list(told.select_related("person", "queue").order_by("-starts_at")[:most])


def reason_of(glass: BreakGlass) -> str:
    """Give what the emergency was, in the words of who took the access."""
    return exhibits.open(glass.reason_id).decode()


def is_live(glass: BreakGlass) -> bool:
    """Tell whether an emergency access is in force."""
    return glass.ended_at is None and glass.ends_at > now()


def stream(glass: BreakGlass) -> ledger.Stream:
    """Give the stream of an emergency access's entries."""
    return ledger.Stream("break_glass", glass.pk)


@transaction.atomic
def _break(
    role: Role, queue: Queue, by: User, reason: str, session_ref: str, factors: Factors, hours: int, challenge: bytes
) -> BreakGlass:
    by = User.objects.select_for_update().get(pk=by.pk)
    told = witnesses(queue, by)
    guards.insist(_why_not(role, queue, by, access.of(by), told))
    ceremony.prove(
        by, factors, session_ref=session_ref, profile=PROFILES[queue.profile], challenge=challenge, allowed=_WHOLE
    )
    scope, moment = f"person:{by.pk}", now()
    made = BreakGlass.objects.create(
        id=new_id(), person=by, role=role.value, queue=queue, told=[str(each.pk) for each in told],
        reason_id=exhibits.seal(reason.encode(), scope=scope, media_type="text/plain").pk,
        starts_at=moment, ends_at=moment + timedelta(hours=hours),
    )  # fmt: skip
    fact = facts.GlassBroken(role=role.value, queue=queue.pk, ends=made.ends_at, told=made.told, reason=reason)
    ledger.append_next(fact, stream=stream(made), by=by, rows=[made], key=exhibits.key_for(scope))
    for each in told:
        GlassNotice.objects.create(break_glass=made, person=each)
    nudges.notices()
    nudging.people_changed()
    return made


def _why_not(role: Role, queue: Queue, by: User, granted: Access, witnesses: list[User]) -> Refusal | None:
    """Tell why a person may not take this role on this queue, not even in an emergency."""
    if queue.pk not in granted.seen_queues():
        return Refusal(NotFound.code, "There is no such queue, or you may not see it.")
    if role not in SIGNING:
        return Refusal("role_not_for_emergencies", "Only a role that signs items can be taken in an emergency.")
    if granted.roles & NEVER_SIGN:
        return Refusal("never_decides", "Auditors and administrators decide nothing, in an emergency neither.")
    if not (granted.roles & SIGNING or granted.owns("manage_in_queue", "queue", queue.pk)):
        return Refusal("no_permission", "Only who signs items somewhere, or manages this queue, can do this.")
    if by.identity_verified_at is None:
        return Refusal("identity_unverified", "An administrator must verify your identity before you sign.")
    if role in granted.roles and granted.owns("review_in_queue", "queue", queue.pk):
        return Refusal("role_held", "You hold this role on this queue already; there is no need to.")
    if any(each.absent is None and role in each.roles and str(queue.pk) in each.queues for each in granted.lent):
        return Refusal("role_held", "Your emergency access to this role and queue is in force already.")
    return _why_not_alone(role, granted, witnesses)


def _why_not_alone(role: Role, granted: Access, witnesses: list[User]) -> Refusal | None:
    """Tell that the role is one this person must not combine with theirs, or that nobody is there to be told."""
    if pairs.broken({role.value, *granted.roles}):
        return Refusal("forbidden_pair", "This role must not be held together with one of yours.")
    if not witnesses:
        return Refusal("nobody_to_tell", "There is no compliance officer or queue manager who could be told. Add one.")
    return None


def witnesses(queue: Queue, by: User) -> list[User]:
    """Give everybody who is told: the compliance officers and the queue's managers, without the person."""
    people = User.objects.filter(is_active=True).exclude(pk=by.pk)
    officers = Q(groups__name=Role.COMPLIANCE_OFFICER.value)
    manages = {"permission__codename": "manage_in_queue", "object_pk": str(queue.pk)}
    groups = GroupObjectPermission.objects.filter(**manages).values("group")
    managers = Q(groups__in=groups) | Q(pk__in=UserObjectPermission.objects.filter(**manages).values("user"))
    return list(people.filter(officers | managers).distinct().order_by("pk"))


def _was_told(glass: BreakGlass, by: User) -> bool:
    return GlassNotice.objects.filter(break_glass=glass, person=by).exists()
