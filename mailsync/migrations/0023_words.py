from django.db import migrations, models

# What the index has of `words`, which `mailsync.indexing.words` makes: a line for the subject, one for names, one for the
# text. Words as they are; of each run, which ~ stands before, each letter with the next one and the last letter alone; those
# of the first two lines once more behind a mark. Immutable, and by no parser: the same on every server. COST is high, so that
# a row which is met is asked its text, not its vector.
TERMS = r"""
CREATE FUNCTION mailsync_terms(words text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 1000 AS $$
DECLARE
    all_words text[] := string_to_array(translate(words, E'\n', ' '), ' ');
BEGIN
    IF strpos(words, '~') = 0 THEN
        RETURN array_to_tsvector(array_remove(all_words, ''));
    END IF;
    RETURN array_to_tsvector(ARRAY(
        SELECT word FROM unnest(all_words) AS word WHERE word <> '' AND NOT starts_with(word, '~')
        UNION ALL
        SELECT mark || letter || replace(next, '~', '')
        FROM unnest(string_to_array(words, E'\n'), ARRAY['s', 'n']) AS line (words, its_mark),
            LATERAL (
                SELECT string_to_array(string_agg(word, '') || '~', NULL) AS letters
                FROM unnest(string_to_array(line.words, ' ')) AS word WHERE starts_with(word, '~')
            ) AS run,
            LATERAL unnest(letters, letters[2:]) AS pair (letter, next),
            LATERAL unnest(CASE WHEN its_mark IS NULL THEN ARRAY[''] ELSE ARRAY['', its_mark] END) AS mark
        WHERE letter <> '~'
    ));
END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0022_refreshing_until'),
    ]

    operations = [
        migrations.RunSQL(TERMS, "DROP FUNCTION mailsync_terms(text)"),
        migrations.AddField(
            model_name='message',
            name='words',
            field=models.TextField(help_text='What a search looks through: the words of subject, names, text.', null=True),
        ),
    ]
