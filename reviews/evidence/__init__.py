"""The record of a decision: everything an examiner needs, read from the ledger and the exhibits, then frozen."""

from reviews.evidence.record import as_bytes, record

__all__ = ["as_bytes", "record"]
