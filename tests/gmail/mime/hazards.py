"""The kinds of mail that are known to hurt programs, one of each."""

import base64

MIXED = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nhi\n--b\n%s\n--b--\n"
PGP = b"-----BEGIN PGP MESSAGE-----\n\nhQEMA1PVcYGPLtiGAQf+\n=aBcD\n-----END PGP MESSAGE-----\n"

HAZARDS = {
    "uuencode inside of text": b"Subject: x\n\nsee\nbegin 644 a.txt\n#0V%T\n`\nend\n",
    "S/MIME, encrypted": b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\n'
    b'Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename="smime.p7m"\n\nAAECAwQF\n',
    "S/MIME, signed": b"Content-Type: multipart/signed; boundary=s; protocol=p; micalg=sha-256\n\n--s\n"
    b'Content-Type: text/plain\n\nhi\n--s\nContent-Type: application/pkcs7-signature; name="smime.p7s"\n'
    b"Content-Transfer-Encoding: base64\n\nAAEC\n--s--\n",
    "PGP, encrypted": b"Content-Type: multipart/encrypted; boundary=e; protocol=p\n\n--e\n"
    b"Content-Type: application/pgp-encrypted\n\nVersion: 1\n--e\n"
    b'Content-Type: application/octet-stream; name="encrypted.asc"\n\n' + PGP + b"--e--\n",
    "PGP, inline": b"Subject: secret\n\n" + PGP,
    "winmail.dat": MIXED % b'Content-Type: application/ms-tnef; name="winmail.dat"\n'
    b"Content-Transfer-Encoding: base64\n\neJ8+IgAA",
    "a calendar": b"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nhi\n--b\n"
    b"Content-Type: text/calendar; charset=utf-8; method=REQUEST\n\nBEGIN:VCALENDAR\nEND:VCALENDAR\n--b--\n",
    "a delivery report": b"Content-Type: multipart/report; report-type=delivery-status; boundary=r\n\n--r\n\nIt failed.\n"
    b"--r\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nStatus: 5.1.1\n"
    b"--r\nContent-Type: text/rfc822-headers\n\nSubject: lost\n--r--\n",
    "a message in a message in a message": b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\nouter\n--a\n"
    b"Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\ninner\n--b\n"
    b"Content-Type: message/rfc822\n\nSubject: x\n\ninnermost\n--b--\n--a--\n",
    "a digest in a digest": b"Content-Type: multipart/digest; boundary=d\n\n--d\n\nSubject: x\n\nhi\n--d\n"
    b"Content-Type: multipart/digest; boundary=e\n\n--e\n\nSubject: y\n\nho\n--e--\n--d--\n",
    "a part of a partial message": b"Content-Type: message/partial; id=x; number=1; total=2\n\nSubject: x\n\nhalf\n",
    "a file name in encoded words": MIXED % b'Content-Type: application/pdf; name="=?utf-8?Q?=C3=BC_=3B_b.pdf?="\n\nx',
    "a name with a comma in encoded words": b"From: =?utf-8?Q?M=C3=BCller=2C_J?= <a@b>\n"
    b'To: =?utf-8?Q?D=2C_E?= <d@e>, "F, G" <f@g>\n\nx',
    "html that is attached": MIXED % b"Content-Type: text/html; name=page.html\n\n<p>x",
    "right to left": "Subject: שלום\nContent-Type: text/plain; charset=utf-8\n\nمرحبا \u202eabc\u202c\n".encode(),
    "a message id without end": b"Message-ID: <" + b"x" * 2348 + b"@y>\n\nx",
    "a line without end": b"Subject: x\n\n" + b"x" * 178_000,
    "nothing": b"",
}

# What people write in each charset of the world's mail: (charset, text).
CHARSETS = {
    "gb18030": "这是一个关于项目进展的重要通知，镕",
    "gb2312": "关于下周会议的安排",
    "gbk": "關於下週會議的安排",
    "hz-gb-2312": "关于下周会议的安排",
    "big5": "這是一個關於專案進度的重要通知",
    "iso-2022-jp": "来週の会議について",
    "shift_jis": "ご注文の商品を発送しました",
    "euc-jp": "資料の確認をお願いします",
    "euc-kr": "다음 주 회의 일정",
    "iso-2022-kr": "다음 주 회의 일정",
    "koi8-r": "Встреча в четверг",
    "koi8-u": "Їжак і ґудзик",
    "windows-1251": "Счёт за октябрь",
    "iso-8859-5": "Счёт за октябрь",
    "iso-8859-7": "Συνάντηση την Πέμπτη",
    "iso-8859-8-i": "פגישה ביום חמישי",
    "windows-1255": "פגישה ביום חמישי",
    "windows-1256": "موعد الاجتماع القادم",
    "tis-620": "นัดประชุมสัปดาห์หน้า",
    "iso-8859-2": "Zażółć gęślą jaźń",
    "windows-1252": "“Grüße” – €",
    "utf-7": "Grüße + 你好",
    "utf-16": "Grüße 你好",
    "utf-8": "Grüße 你好 😀",
}
PYTHONS = {"hz-gb-2312": "hz", "iso-8859-8-i": "iso-8859-8"}


def encoded(charset: str) -> bytes:
    """The charset's text in the charset."""
    return CHARSETS[charset].encode(PYTHONS.get(charset, charset))


def in_charset(charset: str) -> bytes:
    """A mail in one charset: its subject, its sender, its text, the name of its file."""
    word = f"=?{charset}?B?{base64.b64encode(encoded(charset)).decode()}?="
    return (
        f"Subject: {word}\nFrom: {word} <a@b>\nContent-Type: multipart/mixed; boundary=b\n\n"
        f"--b\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: base64\n\n"
        f"{base64.b64encode(encoded(charset)).decode()}\n"
        f'--b\nContent-Type: application/pdf; name="{word}"\n\nx\n--b--\n'
    ).encode()
