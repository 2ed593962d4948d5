"""Configuring: flows, keys, secrets, queues and endpoints; each change an entry with its rows."""

import hashlib
import secrets
from typing import Any

from django.db import transaction

from audit import keyring, ledger
from audit.actors import HasActor
from audit.facts import Fact
from portal.accounts.ceremony import PROFILES
from portal.accounts.models import User
from portal.kit import webhooks
from portal.kit.clock import now
from portal.kit.problems import Problem
from reviews import facts, targets
from reviews.actions.versioning import apply_calendar as apply_calendar
from reviews.actions.versioning import apply_contract as apply_contract
from reviews.actions.versioning import apply_policy as apply_policy
from reviews.actions.versioning import apply_register as apply_register
from reviews.models import ApiKey, Endpoint, Flow, Policy, Queue, WebhookSecret


class UnknownProfile(Problem):
    """A queue asks for a signing profile that is not there."""

    code = "unknown_profile"
    status = 422
    title = "The queue names a signing profile that does not exist"


class TooManySecrets(Problem):
    """Two secrets live already."""

    code = "too_many_secrets"
    status = 409
    title = "Two webhook secrets are live already"


@transaction.atomic
def open_queue(slug: str, name: str, *, by: HasActor, profile: str = "claims", lease_minutes: int = 15) -> Queue:
    """Open a queue. Raises UnknownProfile."""
    if profile not in PROFILES:
        raise UnknownProfile(f"There is no profile {profile}. Profiles are {', '.join(sorted(PROFILES))}.")
    queue = Queue.objects.create(slug=slug, name=name, profile=profile, lease_minutes=lease_minutes)
    ledger.append_next(facts.QueueOpened(slug=slug), stream=ledger.Stream("queue", queue.pk), by=by, rows=[queue])
    return queue


@transaction.atomic
def register_flow(slug: str, name: str, policy: Policy, *, by: HasActor, audience: str, **limits: Any) -> Flow:
    """Register a flow whose items the policy routes and whose receipts name `audience`."""
    flow = Flow.objects.create(slug=slug, name=name, policy=policy, audience=audience, **limits)
    ledger.append_next(facts.FlowRegistered(slug=slug), stream=ledger.Stream("flow", flow.pk), by=by, rows=[flow])
    return flow


@transaction.atomic
def issue_key(flow: Flow, *, by: HasActor) -> str:
    """Issue an API key for the flow; the key is given once and only its hash is kept."""
    key = "csk_" + secrets.token_urlsafe(32)
    issuer = by if isinstance(by, User) else None
    digest = hashlib.sha256(key.encode()).digest()
    kept = ApiKey.objects.create(flow=flow, digest=digest, issued_by=issuer)
    _change(_lock(flow), facts.KeyIssued(key=kept.pk, digest=digest), by)
    return key


@transaction.atomic
def revoke_key(key: ApiKey, *, by: HasActor) -> None:
    """Revoke an API key with effect from the next request."""
    key.revoked_at = now()
    key.save(update_fields=["revoked_at"])
    _change(_lock(key.flow), facts.KeyRevoked(key=key.pk), by)


@transaction.atomic
def issue_secret(flow: Flow, *, by: HasActor) -> str:
    """Issue a webhook secret, shown once; two may live at a time for rotation. Raises TooManySecrets."""
    flow = _lock(flow)
    if flow.secrets.filter(retired_at=None).count() >= 2:
        raise TooManySecrets("Retire one of the two live secrets before you issue a third.")
    secret = webhooks.Secret.generate()
    wrapped = keyring.wrap(secret.key, purpose="webhook-secret")
    kept = WebhookSecret.objects.create(flow=flow, wrapped=wrapped)
    _change(flow, facts.SecretIssued(secret=kept.pk), by)
    return secret.reveal()


@transaction.atomic
def retire_secret(secret: WebhookSecret, *, by: HasActor) -> None:
    """Retire a webhook secret."""
    secret.retired_at = now()
    secret.save(update_fields=["retired_at"])
    _change(_lock(secret.flow), facts.SecretRetired(secret=secret.pk), by)


@transaction.atomic
def suspend_flow(flow: Flow, *, by: HasActor) -> None:
    """Pull the flow's kill switch: no post is accepted and no execution may start until it is resumed."""
    flow = _lock(flow)
    flow.suspended_at = now()
    _change(flow, facts.FlowSuspended(), by, "suspended_at")


@transaction.atomic
def resume_flow(flow: Flow, *, by: HasActor) -> None:
    """Let a suspended flow post again."""
    flow = _lock(flow)
    flow.suspended_at = None
    _change(flow, facts.FlowResumed(), by, "suspended_at")


@transaction.atomic
def register_endpoint(flow: Flow, url: str, *, by: HasActor, allow_private: bool) -> tuple[Endpoint, str]:
    """Register a callback endpoint; its secret is given once. Raises CallbackUrlRefused."""
    targets.check_url(url, allow_private=allow_private)
    secret = webhooks.Secret.generate()
    wrapped = keyring.wrap(secret.key, purpose="webhook-secret")
    endpoint = Endpoint.objects.create(flow=flow, url=url, wrapped_secret=wrapped)
    fact = facts.EndpointRegistered(endpoint=endpoint.pk)
    ledger.append_next(fact, stream=ledger.Stream("flow", flow.pk), by=by, rows=[endpoint])
    return endpoint, secret.reveal()


def _lock(flow: Flow) -> Flow:
    return Flow.objects.select_for_update(of=("self",)).get(pk=flow.pk)


def _change(flow: Flow, fact: Fact, by: HasActor, *columns: str) -> None:
    """Write a locked flow's change; `config_version` rises, so that intake reads the flow again."""
    flow.config_version += 1
    flow.save(update_fields=["config_version", *columns])
    ledger.append_next(fact, stream=ledger.Stream("flow", flow.pk), by=by, rows=[flow])
