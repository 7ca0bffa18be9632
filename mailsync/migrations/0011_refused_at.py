from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0010_exports'),
    ]

    operations = [
        migrations.AddField(
            model_name='body',
            name='refused_at',
            field=models.DateTimeField(help_text='When it last would not.', null=True),
        ),
    ]
