"""Find mail with Gmail's operators."""

from mailsync.search.lists import MailList, mail_list
from mailsync.search.query import search

__all__ = ["MailList", "mail_list", "search"]
