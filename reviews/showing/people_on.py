"""Who reviews in some queues: the people a manager may name substitutes among."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from guardian.models import GroupObjectPermission, UserObjectPermission

from portal.accounts.models import User


def reviewers(queues: Iterable[UUID]) -> "QuerySet[User]":
    """Give the active people who review in any of these queues, by name."""
    on = {"permission__codename": "review_in_queue", "object_pk__in": [str(each) for each in queues]}
    groups = GroupObjectPermission.objects.filter(**on).values("group")
    users = UserObjectPermission.objects.filter(**on).values("user")
    found = User.objects.filter(Q(groups__in=groups) | Q(pk__in=users), is_active=True)
    return found.distinct().order_by("printed_name", "username")
