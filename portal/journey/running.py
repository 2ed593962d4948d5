"""The journey itself, step by step; it runs in a process whose settings are already those of its stage."""

import json
import subprocess
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import connections

from portal import casting
from portal.casting import Cast
from portal.journey import executors, keeping, probing, signers, trips
from portal.journey.signers import Work
from portal.journey.telling import Account, Progress
from portal.journey.trips import Trip
from portal.supervisor import Services, alive, free_port, supervising
from reviews.actions import delivering
from reviews.models import Delivery

_AGAIN = 2


def run(folder: Path, claims: int, complaints: int, progress: Progress) -> Account:
    """Make the journey and give its account. Raises NotReady or Stuck."""
    account = Account()
    began = time.monotonic()
    (folder / "private").mkdir(mode=0o700)
    _manage("migrate", "-v0")
    progress("database migrated")
    ports = {plot.slug: free_port() for plot in casting.PLOTS}
    cast = casting.seed({slug: f"http://127.0.0.1:{port}/" for slug, port in ports.items()})
    progress(f"cast seeded: {len(cast.people)} people, {len(cast.flows)} flows with contract, policy and keys")
    port = urlsplit(settings.PORTAL_URL).port
    with supervising(folder / "logs", port=port) as services:
        progress("web, worker, beat and sequencer are ready")
        jwks = executors.start(services, folder, cast, ports)
        _travel(folder, services, cast, trips.plan(cast, claims, complaints), jwks, account, progress)
        family = services.left()
    account.judge(f"Nothing of {len(family)} processes is left", not alive(family))
    account.counts["took"] = f"{time.monotonic() - began:.0f} s"
    return account


def _travel(
    folder: Path,
    services: Services,
    cast: Cast,
    every: list[Trip],
    jwks: dict[str, Any],
    account: Account,
    progress: Progress,
) -> None:
    slugs = list(cast.flows)
    trips.post_all(every)
    progress(f"{len(every)} items posted and routed")
    account.judge("Every post was answered 202", all(trip.status == 202 for trip in every))
    account.judge("Every item reads back exactly as it was posted", probing.posted_as_kept(every))
    account.verdicts += probing.at_the_door(every[0])
    work = signers.sign_all(cast, every, services.base_url, lambda done: progress(f"{done} signatures"))
    progress(f"{len(work.seconds)} signatures; everything is decided; the executors are told, check and act")
    _await(folder, services, slugs, len(every), "A callback and its settling for every item")
    _send_some_again(folder, services, slugs, len(every))
    receipts = executors.receipts(folder, slugs)
    account.verdicts += probing.at_the_end(cast, every, receipts)
    _judge_signing(account, every, work)
    _judge_acting(account, folder, every, slugs)
    proved = keeping.keep(folder, cast, every, receipts, jwks)
    progress(f"evidence kept: {proved} entries with proofs, {len(receipts)} receipts with acts")
    _judge_ledger(account, folder, every)
    progress("ledger and evidence verified")


def _await(folder: Path, services: Services, slugs: list[str], wanted: int, what: str) -> None:
    def all_settled() -> bool:
        found = executors.settled(folder, slugs)
        return sum(each.copies for each in found) >= wanted and all(each.closed for each in found)

    executors.wait_until(services, all_settled, what)


def _send_some_again(folder: Path, services: Services, slugs: list[str], wanted: int) -> None:
    """Deliver some events twice, as a lost answer would make the portal do."""
    again = list(Delivery.objects.filter(delivered_at__isnull=False).order_by("created_at")[:_AGAIN])
    for delivery in again:
        delivering.send_again(delivery)
    current_app.send_task("reviews.tasks.deliver", queue="deliveries")
    _await(folder, services, slugs, wanted + len(again), "The second delivery of some callbacks")


def _judge_signing(account: Account, every: list[Trip], work: Work) -> None:
    outcomes, methods = Counter(trip.outcome for trip in every), Counter(work.methods)
    planned = Counter("rejected" if trip.to_reject else "approved" for trip in every)
    account.counts["items"] = f"{len(every)}: {outcomes['approved']} approved, {outcomes['rejected']} rejected"
    account.counts["signatures"] = f"{len(work.methods)}: " + ", ".join(
        f"{count} by {method}" for method, count in sorted(methods.items())
    )
    account.judge("A first signature without the one-time code counts for nothing", work.bare_password_refused)
    account.judge("Every item was decided as its people chose", outcomes == planned)
    account.judge("Every decision became visible", all(trip.visible_at for trip in every))
    account.timings |= {
        "202 after a post": [trip.seconds for trip in every],
        "routed after its 202": [max(0.0, trip.routed_at - trip.posted_at) for trip in every],
        "signature, ceremony and commit": work.seconds,
        "decision visible after the last signature": [
            trip.visible_at - trip.signed_at for trip in every if trip.visible_at
        ],
    }


def _judge_acting(account: Account, folder: Path, every: list[Trip], slugs: list[str]) -> None:
    settled = executors.settled(folder, slugs)
    done = executors.payments(folder, slugs)
    signed = {trip.item_id: trip.signed_at for trip in every}
    approved = {trip.item_id for trip in every if trip.outcome == "approved"}
    copies = sum(each.copies for each in settled)
    paid = sum(Decimal(amount) for _, _, effect, amount in done if effect == "pay" and amount)
    account.counts["callbacks"] = f"{copies}, {copies - len(settled)} of them sent twice on purpose"
    account.counts["executed"] = f"{len(done)}, {paid:,.2f} USD paid"
    account.timings["callback after the last signature"] = [each.received_at - signed[each.item_id] for each in settled]
    account.timings["executed after the last signature"] = [
        each.closed_at - signed[each.item_id] for each in settled if each.closed == "executed" and each.closed_at
    ]
    due = sum(
        Decimal(json.loads(trip.raw)["action"].get("amount", "0")) for trip in every if trip.outcome == "approved"
    )
    account.judge("Each approved item was executed once, no other", sorted(row[1] for row in done) == sorted(approved))
    account.judge("What was paid is what was approved, to the cent", paid == due)
    account.judge("No receipt was refused", not any((each.closed or "").startswith("refused") for each in settled))


def _judge_ledger(account: Account, folder: Path, every: list[Trip]) -> None:
    verified = _manage("verify_ledger", "--json", check=False)
    (folder / "ledger.json").write_text(verified.stdout)
    report = json.loads(verified.stdout or "{}")
    account.counts["ledger"] = f"{report.get('size')} entries, {report.get('checkpoints')} checkpoints"
    account.judge("manage.py verify_ledger finds nothing wrong", verified.returncode == 0)
    checked = subprocess.run(
        [sys.executable, "-I", str(folder / "evidence" / "check.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    account.judge(f"The evidence checks out offline: {checked.stdout.strip()}", checked.returncode == 0)


def _manage(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    connections.close_all()
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *words]
    stderr = None if check else subprocess.DEVNULL
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=stderr, text=True, check=check)
