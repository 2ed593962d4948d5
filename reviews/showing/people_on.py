"""Who reviews in some queues: the people a manager may name substitutes among."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission

from portal.accounts.models import User
from portal.accounts.roles import NEVER_SIGN


def reviewers(queues: Iterable[UUID]) -> "QuerySet[User]":
    """Give the active people who review in any of these queues, by name."""
    on = {"permission__codename": "review_in_queue", "object_pk__in": [str(each) for each in queues]}
    groups = GroupObjectPermission.objects.filter(**on).values("group")
    users = UserObjectPermission.objects.filter(**on).values("user")
    found = User.objects.filter(Q(groups__in=groups) | Q(pk__in=users), is_active=True)
    return found.distinct().order_by("printed_name", "username")


def able() -> "QuerySet[User]":
    """Give who can stand in for somebody: active, verified, with a role, and neither auditor nor administrator."""
    found = User.objects.filter(is_active=True, identity_verified_at__isnull=False, groups__isnull=False)
    barred = User.objects.filter(groups__name__in=[role.value for role in NEVER_SIGN]).values("pk")
    return found.exclude(pk__in=barred).distinct().order_by("printed_name", "username")
