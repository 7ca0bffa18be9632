"""Mails that break parsers: each imitates something that came in real mail."""

from collections.abc import Iterator

HEAD = b"From: Anna <anna@example.com>\r\nTo: bob@example.com\r\nDate: Mon, 1 Jan 2024 10:00:00 +0100\r\n"
PDF = b"Content-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n"

EMPTY_PARAMETERS = HEAD + b"Subject: slow\r\nContent-Type: text/html" + b" ;" * 12_000 + b"\r\n\r\n<p>hello</p>\r\n"
NESTED_COMMENTS = b"From: " + b"(" * 135_000 + b"\r\nSubject: deep\r\n\r\nhello\r\n"


def hazards() -> Iterator[bytes]:
    """All but the two that take for ever."""
    yield from (HEAD + head + b"\r\n\r\nhello\r\n" for head in HEADS)
    yield from (HEAD + b"Subject: body\r\n" + body for body in BODIES)
    yield from WHOLE


HEADS = (
    b"Subject: =?%CHARSET%?Q?hello?=",
    b"Subject: =?DEFAULT?B?aGVsbG8=?=",
    b"Subject: =?iso-2022-kr?B?GyQpQw43WUA9DyAOQVYPIA5IOEBHDyAOQE9BJA8=?=",
    b"Subject: =?utf-8?Q?=E4=BD?= =?utf-8?Q?=A0=E5=A5=BD?=",
    b"Subject: \xc4\xe3\xba\xc3\xa3\xac\xca\xc0\xbd\xe7",
    b"Subject: \xf0\xd2\xc9\xd7\xc5\xd4",
    b"Subject: a\x00b",
    b"Subject: =?utf-8?B?7aCA?=",
    b"Subject: =?iso-2022-jp?B?GyRCRnxLXDhsGyhC?=",
    b"Subject: =?unicode-1-1-utf-7?Q?Hi_+AOk-?=",
    b"Subject: id\r\nMessage-ID: <",
    b"Subject: id\r\nMessage-ID: " + b"x" * 2_348,
    b"Subject: address\r\nCc: a@, <@>, \"broken <c@example.com>, undisclosed:;",
    b"Subject: address\r\nCc: =?utf-8?Q?=22a=22_<a=40b.c>?= <d@example.com>",
    b"Subject: address\r\nReply-To: [1.2.3.4]@example.com, <>",
    b"Subject: type\r\nContent-Type: text/plain; charset=\"no-such\"",
    b"Subject: type\r\nContent-Type: text; charset=utf-8",
    b"Subject: type\r\nContent-Type: text/plain; charset*0=ut; charset*1=f-8",
    b"Subject: encoding\r\nContent-Transfer-Encoding: base65",
    b"Subject: fold\r\n\r\n folded after an empty line",
    b"Subject: mbox\r\n>From nobody",
)  # fmt: skip
BODIES = (
    b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xff\xfe\xfa hello\r\n",
    b"Content-Type: text/plain; charset=gb2312\r\n\r\n\xc4\xe3\xba\xc3\x80\r\n",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8\r\n!!\r\nd29ybGQ\r\n",
    b"Content-Type: text/plain\r\n\r\nbegin 644 a.txt\r\n%:&5L;&\\\r\n`\r\nend\r\n",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + PDF,
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + PDF + b"--x--\r\n" + b"--x\r\n" + PDF,
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + (b"--x\r\n" + PDF) * 102 + b"--x--\r\n",
    b"Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: inner\r\n\r\nhello\r\n--x--\r\n",
    b"Content-Type: message/partial; id=a; number=1; total=2\r\n\r\nSubject: inner\r\n\r\nhello\r\n",
    b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhello\r\n",
    b"Content-Type: application/ms-tnef; name=winmail.dat\r\nContent-Transfer-Encoding: base64\r\n\r\neJ8+IgAA\r\n",
    b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\r\n\r\nAAAA\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment; filename*0*=utf-8''%C3;\r\n"
    b" filename*1*=%A4.txt\r\n\r\nhello\r\n--x--\r\n",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Disposition: attachment;\r\n"
    b" filename=\"=?gb2312?B?xOO6ww==?=.txt\"\r\n\r\nhello\r\n--x--\r\n",
)  # fmt: skip


def nested(depth: int) -> bytes:
    """Parts in parts."""
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(depth))
    return HEAD + b"Subject: nested\r\n" + opening + PDF


WHOLE = (
    b"",
    b"\r\n",
    b"no head at all",
    b"Subject: bare\rFrom: anna@example.com\r\rhello\r",
    b"Subject: year\r\nDate: Mon, 1 Jan 102 10:00:00 +0100\r\n\r\nhello",
    b"Subject: year\r\nDate: Mon, 1 Jan 3609 10:00:00 +0100\r\n\r\nhello",
    b"Subject: day\r\nDate: Mon, 32 Foo 2024 99:99:99 +9999\r\n\r\nhello",
    b"Subject: zone\r\nDate: Mon, 1 Jan 2024 10:00:00 +99999999\r\n\r\nhello",
    b"\xef\xbb\xbfSubject: mark\r\n\r\nhello",
    b"Subject: \xed\xa0\x80\r\n\r\nhello",
    nested(102),
    nested(2_000),
)
