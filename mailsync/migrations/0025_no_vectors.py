from django.db import migrations


class Migration(migrations.Migration):
    deliberate = {'gone': 'no version that was ever released asks for them'}

    dependencies = [
        ('mailsync', '0024_index_of_terms'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='message', name='mail_by_word'),
        migrations.RemoveIndex(model_name='message', name='mail_to_index'),
        migrations.RemoveField(model_name='message', name='search'),
        migrations.RemoveField(model_name='message', name='searched_text'),
    ]
