from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mailsync', '0018_second_step'),
    ]

    operations = [
        migrations.AddField(
            model_name='body',
            name='sha256',
            field=models.BinaryField(help_text='Of `data`; older rows have none.', max_length=32, null=True),
        ),
    ]
