"""The bulk statements of the store, each one round trip for a whole page."""

# All parts of a statement see the rows as they were before it: what is noted compares a page with what was `held`.
# Composed of constants alone: no value of anybody's is part of a text.
NOTE = """INSERT INTO mailsync_change (account_id, gmail_id, kind, labels_added, labels_removed, history_id, task_id)
"""
_DIFFER = "NOT ({0}.labels @> {1}.labels AND {0}.labels <@ {1}.labels)"  # as sets: their order says nothing


def _without(labels: str, others: str) -> str:
    """The expression for the labels that are not among others, in order."""
    return f"ARRAY(SELECT unnest({labels}) EXCEPT SELECT unnest({others}) ORDER BY 1)"


# One JSON parameter carries the page.
SAVE_MESSAGES = f"""
WITH saved AS (
INSERT INTO mailsync_message (
    account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words, stored_at)
SELECT %(account)s, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, words, sync_now()
FROM jsonb_to_recordset(%(rows)s) AS row (
    gmail_id text, thread_id text, labels text[], labels_as_of bigint, history_id bigint, internal_date timestamptz,
    size bigint, snippet text, subject text, sender_name text, sender_email text, "to" jsonb, cc jsonb, date timestamptz,
    message_id text, has_attachments boolean, attachments jsonb, defects text[], words text)
ORDER BY gmail_id
ON CONFLICT (account_id, gmail_id) DO UPDATE SET
    -- Older labels never overwrite newer ones; a message is immutable otherwise, but may have come back from the dead.
    labels = CASE WHEN excluded.labels_as_of >= mailsync_message.labels_as_of THEN excluded.labels ELSE mailsync_message.labels END,
    labels_as_of = greatest(excluded.labels_as_of, mailsync_message.labels_as_of),
    history_id = greatest(excluded.history_id, mailsync_message.history_id),
    deleted_at = NULL
RETURNING id, gmail_id, labels, labels_as_of, (xmax = 0) AS inserted
), noted AS (
{NOTE}SELECT %(account)s, saved.gmail_id,
    CASE WHEN held.deleted_at IS NOT NULL OR saved.inserted AND EXISTS (
        SELECT FROM mailsync_change past
        WHERE past.account_id = %(account)s AND past.gmail_id = saved.gmail_id AND past.kind = 'deleted') THEN 'restored'
    WHEN saved.inserted THEN 'added' ELSE 'labels' END,
    {_without("saved.labels", "held.labels")}, {_without("held.labels", "saved.labels")}, saved.labels_as_of, %(job)s
FROM saved LEFT JOIN mailsync_message held ON held.account_id = %(account)s AND held.gmail_id = saved.gmail_id
WHERE saved.inserted OR held.deleted_at IS NOT NULL OR {_DIFFER.format("saved", "held")}
ORDER BY saved.gmail_id
)
SELECT id, gmail_id, inserted FROM saved
"""  # noqa: S608

# What is held already as the policy wants it, and not believed to be deleted, is listed without being wanted.
LIST_PAGE = """
INSERT INTO mailsync_listed (account_id, gmail_id, thread_id, large, wanted)
SELECT %(account)s, ref.gmail_id, ref.thread_id, %(large)s,
    NOT EXISTS (SELECT FROM mailsync_message held WHERE held.account_id = %(account)s AND held.gmail_id = ref.gmail_id
                AND held.deleted_at IS NULL
                AND (EXISTS (SELECT FROM mailsync_rawmessage WHERE message_id = held.id)
                     OR NOT %(raw)s AND EXISTS (SELECT FROM mailsync_body WHERE message_id = held.id)))
FROM unnest(%(ids)s::text[], %(threads)s::text[]) WITH ORDINALITY AS ref (gmail_id, thread_id, place)
ORDER BY place
ON CONFLICT (account_id, gmail_id) DO NOTHING
RETURNING wanted
"""

APPLY_LABELS = f"""
WITH change AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s) AS change (id bigint, labels varchar[], as_of bigint)
), noted AS (
{NOTE}SELECT %(account)s, held.gmail_id, 'labels', {_without("change.labels", "held.labels")},
    {_without("held.labels", "change.labels")}, change.as_of, %(job)s
FROM change JOIN mailsync_message held ON held.id = change.id
WHERE {_DIFFER.format("change", "held")}
ORDER BY held.gmail_id
)
UPDATE mailsync_message SET labels = change.labels, labels_as_of = change.as_of
FROM change WHERE mailsync_message.id = change.id
"""  # noqa: S608

LABEL_IDS = """
SELECT DISTINCT unnest(labels) FROM mailsync_message WHERE account_id = %(account)s AND deleted_at IS NULL
"""

MARK_GONE = f"""
WITH gone AS (
UPDATE mailsync_message SET deleted_at = sync_now()
WHERE account_id = %(account)s AND gmail_id = ANY(%(ids)s) AND deleted_at IS NULL
RETURNING gmail_id
)
{NOTE}SELECT %(account)s, gmail_id, 'deleted', ARRAY[]::varchar[], ARRAY[]::varchar[], %(as_of)s, %(job)s FROM gone
"""  # noqa: S608

OWE = """
INSERT INTO mailsync_failure (account_id, gmail_id, code, reason)
SELECT %(account)s, * FROM unnest(%(ids)s::text[], %(codes)s::text[], %(reasons)s::text[])
ON CONFLICT (account_id, gmail_id) DO UPDATE
SET code = excluded.code, reason = excluded.reason, attempts = mailsync_failure.attempts + 1, last_at = sync_now(),
    -- After the second attempt each waits four times as long as the one before: 15 minutes, then up to a day.
    next_try_at = sync_now() + CASE WHEN mailsync_failure.attempts < 2 THEN interval '0'
        ELSE least(interval '15 minutes' * power(4, least(mailsync_failure.attempts - 2, 9)), interval '1 day') END
"""
