import datetime

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0020_all_counted'),
    ]

    operations = [
        migrations.AddField(
            model_name='pictures',
            name='took',
            field=models.DurationField(default=datetime.timedelta()),
        ),
    ]
