"""The bulk statements of the store, each one round trip for a whole page."""

# One JSON parameter carries the page; the search vector is made where it is stored.
SAVE_MESSAGES = """
INSERT INTO mailsync_message (
    account_id, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, fidelity, stored_at, search)
SELECT %(account)s, gmail_id, thread_id, labels, labels_as_of, history_id, internal_date, size, snippet, subject, sender_name,
    sender_email, "to", cc, date, message_id, has_attachments, attachments, defects, 'raw', sync_now(),
    setweight(to_tsvector('simple', subject), 'A') || setweight(to_tsvector('simple', names), 'B') ||
    setweight(to_tsvector('simple', body), 'D')
FROM jsonb_to_recordset(%(rows)s) AS row (
    gmail_id text, thread_id text, labels text[], labels_as_of bigint, history_id bigint, internal_date timestamptz,
    size bigint, snippet text, subject text, sender_name text, sender_email text, "to" jsonb, cc jsonb, date timestamptz,
    message_id text, has_attachments boolean, attachments jsonb, defects text[], names text, body text)
ORDER BY gmail_id
ON CONFLICT (account_id, gmail_id) DO UPDATE SET
    -- Older labels never overwrite newer ones; a message is immutable otherwise, but may have come back from the dead.
    labels = CASE WHEN excluded.labels_as_of >= mailsync_message.labels_as_of THEN excluded.labels ELSE mailsync_message.labels END,
    labels_as_of = greatest(excluded.labels_as_of, mailsync_message.labels_as_of),
    history_id = greatest(excluded.history_id, mailsync_message.history_id),
    fidelity = 'raw',
    deleted_at = NULL
RETURNING id, gmail_id, (xmax = 0) AS inserted
"""

SAVE_RAW = """
INSERT INTO mailsync_rawmessage (message_id, data, size, sha256)
SELECT * FROM unnest(%(ids)s::bigint[], %(data)s::bytea[], %(sizes)s::bigint[], %(hashes)s::bytea[])
ON CONFLICT (message_id) DO NOTHING
"""

# What is held already, and not believed to be deleted, is listed without being wanted.
LIST_PAGE = """
INSERT INTO mailsync_listed (account_id, gmail_id, thread_id, large, wanted)
SELECT %(account)s, ref.gmail_id, ref.thread_id, %(large)s,
    NOT EXISTS (SELECT FROM mailsync_message held WHERE held.account_id = %(account)s AND held.gmail_id = ref.gmail_id
                AND held.deleted_at IS NULL AND held.fidelity = 'raw')
FROM unnest(%(ids)s::text[], %(threads)s::text[]) WITH ORDINALITY AS ref (gmail_id, thread_id, place)
ORDER BY place
ON CONFLICT (account_id, gmail_id) DO NOTHING
"""

APPLY_LABELS = """
UPDATE mailsync_message SET labels = change.labels, labels_as_of = change.as_of
FROM jsonb_to_recordset(%(rows)s) AS change (id bigint, labels text[], as_of bigint)
WHERE mailsync_message.id = change.id
"""

# A listing shows the label as it is now, so it corrects whatever is not known from a later moment than `as_of`.
LABEL_ADDED = """
UPDATE mailsync_message SET labels = array_append(labels, %(label)s), labels_as_of = greatest(labels_as_of, %(as_of)s)
WHERE account_id = %(account)s AND gmail_id = ANY(%(ids)s) AND NOT labels @> ARRAY[%(label)s]::varchar[]
    AND labels_as_of <= %(as_of)s
"""

LABEL_REMOVED = """
UPDATE mailsync_message SET labels = array_remove(labels, %(label)s), labels_as_of = greatest(labels_as_of, %(as_of)s)
WHERE account_id = %(account)s AND labels @> ARRAY[%(label)s]::varchar[] AND NOT gmail_id = ANY(%(ids)s)
    AND deleted_at IS NULL AND labels_as_of <= %(as_of)s
"""

LABEL_IDS = """
SELECT DISTINCT unnest(labels) FROM mailsync_message WHERE account_id = %(account)s AND deleted_at IS NULL
"""

MISSING = """
SELECT listed.gmail_id, debt.gmail_id IS NOT NULL AS owed FROM mailsync_listed listed
LEFT JOIN mailsync_failure debt ON debt.account_id = listed.account_id AND debt.gmail_id = listed.gmail_id
WHERE listed.account_id = %(account)s AND NOT EXISTS (
    SELECT FROM mailsync_message held WHERE held.account_id = listed.account_id AND held.gmail_id = listed.gmail_id
    AND held.deleted_at IS NULL)
ORDER BY listed.gmail_id
"""

GONE = """
SELECT held.id FROM mailsync_message held
WHERE held.account_id = %(account)s AND held.deleted_at IS NULL AND NOT EXISTS (
    SELECT FROM mailsync_listed listed WHERE listed.account_id = held.account_id AND listed.gmail_id = held.gmail_id)
"""

SPEND = """
INSERT INTO mailsync_usage (account_id, day, units, requests)
VALUES (%(account)s, (sync_now() AT TIME ZONE 'UTC')::date, %(units)s, %(requests)s)
ON CONFLICT (account_id, day) DO UPDATE
SET units = mailsync_usage.units + excluded.units, requests = mailsync_usage.requests + excluded.requests
"""

OWE = """
INSERT INTO mailsync_failure (account_id, gmail_id, code, reason)
SELECT %(account)s, * FROM unnest(%(ids)s::text[], %(codes)s::text[], %(reasons)s::text[])
ON CONFLICT (account_id, gmail_id) DO UPDATE
SET code = excluded.code, reason = excluded.reason, attempts = mailsync_failure.attempts + 1, last_at = sync_now()
"""
