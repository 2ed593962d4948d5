"""Checks of the proof: log, keys, keyring, high-water file, and the sequencer that lives by them."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from audit.sealing import condition
from portal.doctor.findings import Check, Finding, fail, ok, warn
from portal.installing import actions as installing
from portal.kit.clock import now
from reviews.actions import evidencing

SILENCE = timedelta(minutes=11)
WAIT = timedelta(seconds=60)
UNWRITTEN = timedelta(minutes=10)


def installation() -> Finding:
    """Ask whether setup was run, and for whom."""
    found = installing.installation()
    if found is None:
        return fail("This database was not brought into use.", "Run: manage.py setup")
    return ok(f"This is the installation of {found.organisation}.")


def administrators() -> Finding:
    """Ask whether there are two administrators: nobody verifies their own identity."""
    found = installing.administrators()
    if not found:
        return fail("There is no administrator.", "Run: manage.py setup --administrator …")
    if len(found) == 1:
        return warn("There is one administrator.", "Add a second one: nobody verifies their own identity.")
    return ok(f"There are {len(found)} administrators.")


def log() -> Finding:
    """Ask whether the database holds the log that LOG_ORIGIN names."""
    origins = condition.origins()
    if settings.LOG_ORIGIN not in origins:
        held = ", ".join(origins) or "none"
        return fail(f"The log {settings.LOG_ORIGIN} is not in this database; it holds {held}.", "Set LOG_ORIGIN right.")
    return ok(f"The log {settings.LOG_ORIGIN} is open.")


def keys() -> Finding:
    """Ask whether the private keys are there, private, and the halves of what the database says."""
    faults = dict.fromkeys([*condition.key_faults(), *condition.unsafe_files(Path(settings.KEYS_DIR))])
    if faults:
        advice = "Bring back from the backup what is named, in KEYS_DIR or KEYRING; files 0600, the folder 0700."
        return fail(" ".join(faults), advice)
    return ok("The signing keys are there, private, and match the database.")


def data_keys() -> Finding:
    """Ask whether the keyring opens what the database holds."""
    faults = condition.keyring_faults()
    if faults:
        return fail(" ".join(faults), "Put the keys that are missing back into KEYRING; nothing replaces them.")
    return ok("The keyring opens the data keys.")


def high_water() -> Finding:
    """Ask whether the database is as new as what was signed."""
    fault = condition.high_water_fault()
    if fault:
        return fail(fault, "Do not delete the file. docs/operating.md says what to do under “An older database”.")
    return ok("The high-water file agrees with the database.")


def sequencer() -> Finding:
    """Ask whether the sequencer signs."""
    advice = "Start the sequencer and read its log; it says why it refuses when it does."
    newest = condition.newest_checkpoint_at()
    if newest is None:
        return fail("No checkpoint was ever signed.", advice)
    silent = now() - newest
    if silent > SILENCE:
        return fail(f"The newest checkpoint is {silent.total_seconds() / 60:.0f} minutes old.", advice)
    return ok(f"The newest checkpoint is {silent.total_seconds():.0f} s old.")


def queue() -> Finding:
    """Ask whether entries get their place in the log."""
    oldest = condition.oldest_waiting_at()
    if oldest is not None and now() - oldest > WAIT:
        waits = (now() - oldest).total_seconds()
        return fail(
            f"An entry has waited {waits:.0f} s for its place in the log: decisions stay invisible.",
            "Start the sequencer and read its log; it says why it refuses when it does.",
        )
    return ok("No entry waits longer than a minute for its place in the log.")


def evidence() -> Finding:
    """Ask whether the PDFs of decisions are written."""
    late = evidencing.missing(before=now() - UNWRITTEN)
    if late:
        return fail(
            f"{late} decisions of more than ten minutes ago have no evidence.",
            "Start the evidence worker (celery … --queues evidence) and read its log.",
        )
    return ok("Every decision has its evidence.")


CHECKS: tuple[Check, ...] = (
    log, installation, administrators, keys, data_keys, high_water, sequencer, queue, evidence,
)  # fmt: skip
