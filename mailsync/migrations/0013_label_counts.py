import django.db.models.deletion
from django.db import migrations, models

# Pages of one mailbox are written one at a time; whoever else writes takes the counts in the order of labels, too.
KEEP = """
CREATE FUNCTION mailsync_count_labels() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER mailsync_count_added AFTER INSERT ON mailsync_message
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION mailsync_count_labels();
CREATE TRIGGER mailsync_count_changed AFTER UPDATE ON mailsync_message
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION mailsync_count_labels();
CREATE TRIGGER mailsync_count_deleted AFTER DELETE ON mailsync_message
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION mailsync_count_labels();
"""
# The triggers keep other writers out until this transaction ends, so that no message is counted twice or never.
COUNT = """
INSERT INTO mailsync_labelcount (account_id, label_id, total, unread)
SELECT account_id, label, count(*), count(*) FILTER (WHERE 'UNREAD' = ANY(labels))
FROM mailsync_message, unnest(labels) AS label WHERE deleted_at IS NULL GROUP BY account_id, label
"""
FORGET = """
DROP TRIGGER mailsync_count_added ON mailsync_message;
DROP TRIGGER mailsync_count_changed ON mailsync_message;
DROP TRIGGER mailsync_count_deleted ON mailsync_message;
DROP FUNCTION mailsync_count_labels();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0012_grant_ends'),
    ]

    operations = [
        migrations.CreateModel(
            name='LabelCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label_id', models.CharField(max_length=255)),
                ('total', models.BigIntegerField(default=0)),
                ('unread', models.BigIntegerField(default=0)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='label_counts', to='mailsync.account')),
            ],
            options={
                'verbose_name': 'label count',
                'verbose_name_plural': 'label counts',
            },
        ),
        migrations.AddConstraint(
            model_name='labelcount',
            constraint=models.UniqueConstraint(fields=('account', 'label_id'), name='one_count_per_account_and_label'),
        ),
        migrations.RunSQL(KEEP, FORGET),
        migrations.RunSQL(COUNT, migrations.RunSQL.noop),
    ]
