import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

import mailsync.models.mail


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('mailsync', '0023_words'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=django.contrib.postgres.indexes.GinIndex(mailsync.models.mail.Terms('words'), name='mail_by_term'),
        ),
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('words', None)), fields=['-internal_date'], name='mail_without_words'),
        ),
    ]
