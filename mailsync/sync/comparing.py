"""The bulk statements that compare a mirror with what Gmail listed."""

from mailsync.sync.statements import NOTE

# A listing shows the label as it is now, so it corrects whatever is not known from a later moment than `as_of`.
LABEL_ADDED = f"""
WITH changed AS (
UPDATE mailsync_message SET labels = array_append(labels, %(label)s), labels_as_of = greatest(labels_as_of, %(as_of)s)
WHERE account_id = %(account)s AND gmail_id = ANY(%(ids)s) AND NOT labels @> ARRAY[%(label)s]::varchar[]
    AND labels_as_of <= %(as_of)s
RETURNING gmail_id
)
{NOTE}SELECT %(account)s, gmail_id, 'labels', ARRAY[%(label)s], ARRAY[]::varchar[], %(as_of)s, %(job)s FROM changed
"""  # noqa: S608

LABEL_SEEN = """
UPDATE mailsync_listed SET compared = %(label)s WHERE account_id = %(account)s AND gmail_id = ANY(%(ids)s)
"""

# These compare whole mailboxes as sets. A join would be as fast, were it not for tables that were just filled: without
# statistics Postgres takes them for almost empty, joins row by row, and a mailbox ten times as big takes a hundred times as long.

# What Gmail does not list at all is gone, and keeps the labels that it went with.
LABEL_REMOVED = f"""
WITH surplus AS (
SELECT gmail_id FROM mailsync_message
WHERE account_id = %(account)s AND labels @> ARRAY[%(label)s]::varchar[] AND deleted_at IS NULL AND labels_as_of <= %(as_of)s
INTERSECT SELECT gmail_id FROM mailsync_listed WHERE account_id = %(account)s AND compared <> %(label)s
LIMIT %(limit)s
), changed AS (
UPDATE mailsync_message SET labels = array_remove(labels, %(label)s), labels_as_of = greatest(labels_as_of, %(as_of)s)
WHERE account_id = %(account)s AND gmail_id = ANY(ARRAY(SELECT gmail_id FROM surplus))
RETURNING gmail_id
)
{NOTE}SELECT %(account)s, gmail_id, 'labels', ARRAY[]::varchar[], ARRAY[%(label)s], %(as_of)s, %(job)s FROM changed
"""  # noqa: S608

# A label that was deleted is on nothing any more, whenever it was put there; history need not say so.
LABEL_FORGOTTEN = f"""
WITH changed AS (
UPDATE mailsync_message SET labels = array_remove(labels, %(label)s)
WHERE account_id = %(account)s AND id = ANY(ARRAY(
    SELECT id FROM mailsync_message
    WHERE account_id = %(account)s AND labels @> ARRAY[%(label)s]::varchar[] AND deleted_at IS NULL LIMIT %(limit)s))
RETURNING gmail_id
)
{NOTE}SELECT %(account)s, gmail_id, 'labels', ARRAY[]::varchar[], ARRAY[%(label)s], %(as_of)s, %(job)s FROM changed
"""  # noqa: S608

UNLISTED = """
SELECT gmail_id FROM mailsync_message WHERE account_id = %(account)s AND deleted_at IS NULL
EXCEPT SELECT gmail_id FROM mailsync_listed WHERE account_id = %(account)s
LIMIT %(limit)s
"""

# A row of which neither the raw bytes nor the text is held is no mail.
_LACKING = """SELECT gmail_id FROM mailsync_listed WHERE account_id = %(account)s
EXCEPT (
    SELECT gmail_id FROM mailsync_message JOIN mailsync_rawmessage ON mailsync_rawmessage.message_id = mailsync_message.id
    WHERE account_id = %(account)s AND deleted_at IS NULL
    UNION ALL
    SELECT gmail_id FROM mailsync_message JOIN mailsync_body ON mailsync_body.message_id = mailsync_message.id
    WHERE mailsync_message.account_id = %(account)s AND deleted_at IS NULL)"""

_OWED = """EXISTS (SELECT FROM mailsync_failure debt
    WHERE debt.account_id = %(account)s AND debt.gmail_id = missing.gmail_id)"""

WANT_MISSING = f"""
UPDATE mailsync_listed SET wanted = true WHERE account_id = %(account)s AND NOT wanted AND gmail_id = ANY(ARRAY(
{_LACKING}
EXCEPT SELECT gmail_id FROM mailsync_failure WHERE account_id = %(account)s
LIMIT %(limit)s))
"""  # noqa: S608

_MISSING = f"""(
({_LACKING}) UNION SELECT gmail_id FROM mailsync_listed WHERE account_id = %(account)s AND wanted
) AS missing"""  # noqa: S608

MISSING = f"SELECT count(*), count(*) FILTER (WHERE {_OWED}) FROM {_MISSING}"  # noqa: S608

MISSING_NAMED = f"SELECT gmail_id FROM {_MISSING} ORDER BY gmail_id LIMIT %(limit)s"  # noqa: S608
