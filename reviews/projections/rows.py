"""Which rows of reviews each entry tells, and what of them it binds; columns not named here are bound by no entry."""

# ruff: noqa: S608  columns and tables of this program, no values
from typing import Final

from audit.sealing.telling import Telling


def _at(column: str) -> str:
    """Write a time as entries do."""
    return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""


def _sealed(exhibit: str) -> str:
    """Give the digest of an exhibit's sealed bytes, or of none."""
    return f"coalesce((SELECT encode(sha256(x.ciphertext), 'hex') FROM audit_exhibit x WHERE x.id = {exhibit}), '')"


def _revision(kind: str, which: str, binds: str) -> Telling:
    return Telling(
        f"revision by {kind}", kind, ("stream", "revision"),
        f"""SELECT item_id, jsonb_build_object('revision', revision,
                   'action_sha256', encode(action_sha256, 'hex'), {binds})
              FROM reviews_revision WHERE {which}""",
        since=("sealed_sha256",),
    )  # fmt: skip


_CONTENT: Final = f"'contract', contract_id, 'sealed_sha256', {_sealed('exhibit_id')}"
_POSTED: Final = "changed_by_id IS NULL AND rerouted_by_id IS NULL AND revision"

OF_ITEMS: Final = (
    Telling(
        "item", "item.received", ("stream",), """SELECT id, jsonb_build_object('flow', flow_id) FROM reviews_item"""
    ),
    Telling(
        "submission", "item.received", ("stream",),
        f"""SELECT s.id, jsonb_build_object('flow', flow_id, 'contract', contract_id,
                   'received_at', {_at("received_at")})
              FROM reviews_submission s
             WHERE NOT EXISTS (SELECT FROM reviews_intake_queue q WHERE q.submission_id = s.id)""",
    ),
    Telling(
        "post of revision", "item.revised", ("stream", "revision"),
        f"""SELECT item_id, jsonb_build_object('revision', revision, 'contract', contract_id,
                   'received_at', {_at("received_at")}) FROM reviews_revision_post""",
    ),
    _revision("item.received", f"{_POSTED} = 1", _CONTENT),
    _revision("item.revised", f"{_POSTED} > 1", _CONTENT),
    _revision("item.rerouted", "rerouted_by_id IS NOT NULL", "'by', rerouted_by_id"),
    Telling(
        "revision by item.overridden", "item.overridden", ("stream", "revision"),
        f"""SELECT item_id, jsonb_build_object('revision', revision, 'action_sha256', encode(action_sha256, 'hex'),
                   'by', changed_by_id, 'overrides_sha256', {_sealed("overrides_id")})
              FROM reviews_revision WHERE changed_by_id IS NOT NULL""",
        since=("overrides_sha256",),
    ),
    Telling(
        "signature", "signature.executed", ("signature",),
        f"""SELECT g.item_id, jsonb_build_object('signature', g.id, 'by', g.signer_id, 'revision', g.revision,
                   'verdict', g.verdict, 'role', g.role, 'meaning', normalize(g.meaning), 'auth_method', g.auth_method,
                   'assurance', g.assurance, 'intent_sha256', encode(g.intent_sha256, 'hex'),
                   'action_sha256', encode(g.action_sha256, 'hex'), 'shown_sha256', encode(g.shown_sha256, 'hex'),
                   'on_behalf_of', g.on_behalf_of_id, 'break_glass', g.break_glass_id,
                   'signed_at', {_at("g.signed_at")}, 'sealed_sha256', {_sealed("g.reason_id")})
              FROM reviews_signature g""",
        since=("signed_at", "sealed_sha256"),
    ),
    Telling(
        "decision", "decision.finalised", ("decision",),
        """SELECT d.item_id, jsonb_build_object('decision', d.id, 'entry', d.entry_id, 'outcome', d.outcome,
                  'basis', d.basis, 'revision', d.revision, 'rule', d.rule, 'overridden', d.overridden,
                  'action_sha256', encode(d.action_sha256, 'hex')) FROM reviews_decision d""",
    ),
    Telling(
        "execution", "execution.reported", ("report",),
        """SELECT d.item_id, jsonb_build_object('report', x.id, 'decision', d.id, 'status', x.status)
             FROM reviews_execution_report x JOIN reviews_decision d ON d.id = x.decision_id""",
    ),
    Telling(
        "evidence", "evidence.made", ("evidence",),
        """SELECT item_id, jsonb_build_object('evidence', id, 'record_sha256', encode(record_sha256, 'hex'),
                  'pdf_sha256', encode(pdf_sha256, 'hex')) FROM reviews_evidence""",
    ),
    Telling(
        "request for changes", "item.changes_requested", ("entry",),
        f"""SELECT item_id, jsonb_build_object('entry', entry_id, 'by', asked_by_id, 'at', asked_at,
                   'revision', revision, 'sealed_sha256', {_sealed("reason_id")}) FROM reviews_change_request""",
        since=("sealed_sha256",),
    ),
    Telling(
        "comment", "item.commented", ("comment",),
        f"""SELECT item_id, jsonb_build_object('comment', id, 'entry', entry_id, 'by', author_id, 'at', at,
                   'wall', wall, 'sealed_sha256', {_sealed("text_id")}) FROM reviews_comment""",
        since=("sealed_sha256",),
    ),
    Telling(
        "wall of a file", "file.walled", ("entry",),
        """SELECT submission_id, jsonb_build_object('entry', entry_id, 'upload', upload_id, 'wall', wall, 'at', at)
             FROM reviews_file_wall""",
    ),
    Telling(
        "recusal", "item.recused", ("entry",),
        f"""SELECT item_id, jsonb_build_object('entry', entry_id, 'by', person_id, 'at', at,
                   'sealed_sha256', {_sealed("reason_id")}) FROM reviews_recusal""",
        since=("sealed_sha256",),
    ),
    Telling(
        "required reading", "reading.opened", ("stream", "by", "title", "policy", "policy_version"),
        """SELECT o.item_id, jsonb_build_object('by', o.person_id, 'title', normalize(o.title), 'policy', v.policy_id,
                  'policy_version', v.version)
             FROM reviews_reading_opened o JOIN reviews_policy_version v ON v.id = o.policy_version_id""",
    ),
    Telling(
        "opening of a file", "attachment.opened", ("stream", "by", "upload"),
        """SELECT submission_id, jsonb_build_object('by', person_id, 'upload', upload_id) FROM reviews_opening""",
    ),
    Telling(
        "substitution", "substitution.made", ("stream",),
        f"""SELECT id, jsonb_build_object('absent', absent_id, 'substitute', substitute_id, 'by', made_by_id,
                   'starts', {_at("starts_at")}, 'ends', {_at("ends_at")}) FROM reviews_substitution""",
    ),
    Telling(
        "end of substitution", "substitution.ended", ("stream",),
        "SELECT id, jsonb_build_object() FROM reviews_substitution WHERE ended_at IS NOT NULL",
    ),
    Telling(
        "emergency access", "glass.broken", ("stream",),
        f"""SELECT id, jsonb_build_object('by', person_id, 'role', role, 'queue', queue_id, 'told', told,
                   'ends', {_at("ends_at")}) FROM reviews_break_glass""",
    ),
    Telling(
        "end of emergency access", "glass.mended", ("stream",),
        "SELECT id, jsonb_build_object() FROM reviews_break_glass WHERE ended_at IS NOT NULL",
    ),
    Telling(
        "look at emergency access", "glass.seen", ("stream",),
        "SELECT id, jsonb_build_object('by', seen_by_id) FROM reviews_break_glass WHERE seen_at IS NOT NULL",
    ),
)  # fmt: skip


def _version(name: str, kind: str, table: str, stream: str) -> Telling:
    return Telling(
        name, kind, ("stream", "version"),
        f"""SELECT {stream}, jsonb_build_object('version', version, 'digest', encode(digest, 'hex')) FROM {table}""",
    )  # fmt: skip


def _decided(state: str, kind: str) -> Telling:
    """Tell what became of a proposal."""
    return Telling(
        f"proposal {state}", kind, ("stream",),
        f"SELECT id, jsonb_build_object('by', decided_by_id) FROM reviews_proposal WHERE state = '{state}'",
    )  # fmt: skip


OF_CONFIGURATION: Final = (
    _version("rules", "policy.applied", "reviews_policy_version", "policy_id"),
    _version("calendar version", "calendar.applied", "reviews_calendar_version", "calendar_id"),
    Telling(
        "data contract", "flow.contract_applied", ("contract",),
        f"""SELECT flow_id, jsonb_build_object('contract', id, 'version', version, 'digest', encode(digest, 'hex'),
                   'earlier_until', {_at("earlier_until")}) FROM reviews_contract""",
    ),
    Telling(
        "register", "register.applied", ("register",),
        """SELECT id, jsonb_build_object('register', id, 'of', kind, 'version', version,
                  'digest', encode(digest, 'hex')) FROM reviews_register""",
    ),
    Telling(
        "proposal", "proposal.opened", ("stream",),
        """SELECT p.id, jsonb_build_object('of', p.kind, 'target', p.target, 'base', p.base, 'by', p.proposed_by_id,
                  'content_sha256', CASE WHEN x.digest = p.digest THEN encode(p.digest, 'hex') END)
             FROM reviews_proposal p LEFT JOIN audit_exhibit x ON x.id = p.content_id""",
    ),
    _decided("in_force", "proposal.signed"),
    _decided("refused", "proposal.refused"),
    _decided("withdrawn", "proposal.withdrawn"),
    Telling(
        "signature of a proposal", "proposal.signed", ("signature",),
        f"""SELECT proposal_id, jsonb_build_object('signature', id, 'by', signer_id, 'role', role,
                   'meaning', normalize(meaning), 'auth_method', auth_method, 'assurance', assurance,
                   'intent_sha256', encode(intent_sha256, 'hex'), 'content_sha256', encode(content_sha256, 'hex'),
                   'signed_at', {_at("signed_at")}) FROM reviews_proposal_signature""",
        since=("signed_at",),
    ),
    Telling(
        "API key", "flow.key_issued", ("key",),
        """SELECT flow_id, jsonb_build_object('key', id, 'digest', encode(digest, 'hex')) FROM reviews_api_key""",
        since=("digest",),
    ),
    Telling(
        "revoked API key", "flow.key_revoked", ("key",),
        "SELECT flow_id, jsonb_build_object('key', id) FROM reviews_api_key WHERE revoked_at IS NOT NULL",
    ),
    Telling(
        "webhook secret", "flow.secret_issued", ("secret",),
        "SELECT flow_id, jsonb_build_object('secret', id) FROM reviews_webhook_secret",
    ),
    Telling(
        "retired webhook secret", "flow.secret_retired", ("secret",),
        "SELECT flow_id, jsonb_build_object('secret', id) FROM reviews_webhook_secret WHERE retired_at IS NOT NULL",
    ),
    Telling(
        "endpoint", "flow.endpoint_registered", ("endpoint",),
        "SELECT flow_id, jsonb_build_object('endpoint', id) FROM reviews_endpoint",
    ),
)  # fmt: skip
