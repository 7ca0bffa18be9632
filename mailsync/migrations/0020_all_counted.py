from django.db import migrations

# As it was, and of every mailbox the number of all its messages, under the label that no mail can have: ''.
KEEP = """
LOCK TABLE mailsync_message IN SHARE ROW EXCLUSIVE MODE;
CREATE OR REPLACE FUNCTION mailsync_count_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN  -- never a new row: the account itself may be going
        PERFORM FROM mailsync_labelcount kept
            WHERE (account_id, label_id) IN (SELECT account_id, unnest(array_append(labels, '')) FROM before) ORDER BY account_id, label_id
            FOR NO KEY UPDATE;
        UPDATE mailsync_labelcount kept SET total = kept.total - gone.total, unread = kept.unread - gone.unread
        FROM (SELECT account_id, label, count(*) AS total, count(*) FILTER (WHERE 'UNREAD' = ANY(labels)) AS unread
              FROM before, unnest(array_append(labels, '')) AS label WHERE deleted_at IS NULL GROUP BY account_id, label) gone
        WHERE kept.account_id = gone.account_id AND kept.label_id = gone.label;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO mailsync_labelcount AS kept (account_id, label_id, total, unread)
        SELECT account_id, label, sum(one), coalesce(sum(one) FILTER (WHERE 'UNREAD' = ANY(labels)), 0)
        FROM (SELECT account_id, labels, 1 AS one FROM after WHERE deleted_at IS NULL
              UNION ALL SELECT account_id, labels, -1 FROM before WHERE deleted_at IS NULL) changed, unnest(array_append(labels, '')) AS label
        GROUP BY account_id, label
        HAVING sum(one) <> 0 OR sum(one) FILTER (WHERE 'UNREAD' = ANY(labels)) <> 0
        ORDER BY account_id, label
        ON CONFLICT (account_id, label_id) DO UPDATE
            SET total = kept.total + excluded.total, unread = kept.unread + excluded.unread;
    ELSE
        INSERT INTO mailsync_labelcount AS kept (account_id, label_id, total, unread)
        SELECT account_id, label, count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
        FROM after, unnest(array_append(labels, '')) AS label WHERE deleted_at IS NULL
        GROUP BY account_id, label ORDER BY account_id, label
        ON CONFLICT (account_id, label_id) DO UPDATE
            SET total = kept.total + excluded.total, unread = kept.unread + excluded.unread;
    END IF;
    RETURN NULL;
END $$;
"""
COUNT = """
INSERT INTO mailsync_labelcount (account_id, label_id, total, unread)
SELECT account_id, '', count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
FROM mailsync_message WHERE deleted_at IS NULL GROUP BY account_id
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION mailsync_count_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN  -- never a new row: the account itself may be going
        PERFORM FROM mailsync_labelcount kept
            WHERE (account_id, label_id) IN (SELECT account_id, unnest(labels) FROM before) ORDER BY account_id, label_id
            FOR NO KEY UPDATE;
        UPDATE mailsync_labelcount kept SET total = kept.total - gone.total, unread = kept.unread - gone.unread
        FROM (SELECT account_id, label, count(*) AS total, count(*) FILTER (WHERE 'UNREAD' = ANY(labels)) AS unread
              FROM before, unnest(labels) AS label WHERE deleted_at IS NULL GROUP BY account_id, label) gone
        WHERE kept.account_id = gone.account_id AND kept.label_id = gone.label;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO mailsync_labelcount AS kept (account_id, label_id, total, unread)
        SELECT account_id, label, sum(one), coalesce(sum(one) FILTER (WHERE 'UNREAD' = ANY(labels)), 0)
        FROM (SELECT account_id, labels, 1 AS one FROM after WHERE deleted_at IS NULL
              UNION ALL SELECT account_id, labels, -1 FROM before WHERE deleted_at IS NULL) changed, unnest(labels) AS label
        GROUP BY account_id, label
        HAVING sum(one) <> 0 OR sum(one) FILTER (WHERE 'UNREAD' = ANY(labels)) <> 0
        ORDER BY account_id, label
        ON CONFLICT (account_id, label_id) DO UPDATE
            SET total = kept.total + excluded.total, unread = kept.unread + excluded.unread;
    ELSE
        INSERT INTO mailsync_labelcount AS kept (account_id, label_id, total, unread)
        SELECT account_id, label, count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
        FROM after, unnest(labels) AS label WHERE deleted_at IS NULL
        GROUP BY account_id, label ORDER BY account_id, label
        ON CONFLICT (account_id, label_id) DO UPDATE
            SET total = kept.total + excluded.total, unread = kept.unread + excluded.unread;
    END IF;
    RETURN NULL;
END $$;
DELETE FROM mailsync_labelcount WHERE label_id = '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0019_texts_hashed'),
    ]

    operations = [
        migrations.RunSQL(KEEP, AS_BEFORE),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
