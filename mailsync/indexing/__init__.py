"""Say what of a mail is searched, in whatever script it is written."""
