"""Keep what was fetched of messages: every byte, or what a reader sees until the bytes come."""

from collections.abc import Sequence

from gmail.mime import ParsedMail
from gmail.resources import Message
from mailsync.models import Account
from mailsync.sync import binary
from mailsync.sync.rows import body_row, raw_row

# Of a text that Gmail had left out for its size nothing is searched yet: without `words` it is indexed from the bytes.
# Whoever deletes a message meanwhile is not waited for: two that lock rows in different orders cannot meet then.
_RAW = """
WITH held AS (
    SELECT id FROM mailsync_message WHERE id = ANY(%(ids)s) ORDER BY id FOR KEY SHARE SKIP LOCKED
), kept AS (
    INSERT INTO mailsync_rawmessage (message_id, data, size, sha256)
    SELECT row.id, row.data, row.size, row.sha256
    FROM unnest(%(ids)s::bigint[], ARRAY[{places}]::bytea[], %(sizes)s::bigint[], %(hashes)b::bytea[])
        AS row (id, data, size, sha256) JOIN held USING (id)
    ORDER BY row.id
    ON CONFLICT (message_id) DO NOTHING
    RETURNING message_id
), superseded AS (
    DELETE FROM mailsync_body WHERE message_id IN (SELECT id FROM held)
), unread AS (
    SELECT id FROM mailsync_message WHERE id IN (SELECT message_id FROM kept) AND 'text_not_inline' = ANY(defects)
    FOR NO KEY UPDATE SKIP LOCKED
), indexed_anew AS (
    UPDATE mailsync_message SET words = NULL WHERE id IN (SELECT id FROM unread)
)
SELECT message_id FROM kept
"""

_BODY = """
INSERT INTO mailsync_body (message_id, account_id, data, sha256)
SELECT row.id, %(account)s, row.data, row.sha256
FROM unnest(%(ids)s::bigint[], %(data)b::bytea[], %(hashes)b::bytea[]) AS row (id, data, sha256)
WHERE NOT EXISTS (SELECT FROM mailsync_rawmessage raw WHERE raw.message_id = row.id)
ORDER BY row.id
ON CONFLICT (message_id) DO NOTHING
"""


def keep(account: Account, mails: Sequence[tuple[int, Message, ParsedMail]]) -> None:
    """Keep the raw bytes or the body of each, by the key of its message."""
    keep_raw([(pk, message.raw) for pk, message, _ in mails if message.raw is not None])
    bodies = [(pk, *body_row(mail)) for pk, message, mail in mails if message.raw is None]
    if bodies:
        ids, data, hashes = (list(column) for column in zip(*bodies, strict=True))
        with binary.cursor() as cursor:
            cursor.execute(_BODY, {"account": account.pk, "ids": ids, "data": data, "hashes": hashes})


def keep_raw(raws: Sequence[tuple[int, bytes]]) -> int:
    """Insert the bytes of messages that had none; how many. Safe beside everything else that writes mail."""
    if not raws:
        return 0
    rows = [(pk, *raw_row(raw)) for pk, raw in raws]
    ids, data, sizes, hashes = (list(column) for column in zip(*rows, strict=True))
    # One by one: a list of bytes is copied twice on its way, and one of them may have 100 MB.
    each = {f"data{place}": value for place, value in enumerate(data)}
    places = ", ".join(f"%({name})b" for name in each)
    with binary.cursor() as cursor:
        cursor.execute(_RAW.format(places=places), {"ids": ids, "sizes": sizes, "hashes": hashes, **each})
        return cursor.rowcount
