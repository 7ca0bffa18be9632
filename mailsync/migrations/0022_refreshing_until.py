from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0021_pictures_took'),
    ]

    operations = [
        migrations.AddField(
            model_name='account',
            name='refreshing_until',
            field=models.DateTimeField(editable=False, help_text='Until then one process asks for a token on behalf of all.', null=True),
        ),
    ]
