"""Search the tracked files for secrets that somebody committed by mistake.

What looks like one and is none (an example of a document, a key that a test made up) stands in `script/leaks.allowed`: a line
with the path, the first 16 digits of the SHA-256 of the find, why it is none. The find itself is never printed.
"""

import hashlib
import math
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "script" / "leaks.allowed"
# Hashes of packages, pictures' bytes, code of others as they published it.
ASIDE = re.compile(r"requirements[\w-]*\.txt|.*\.(?:png|ico|woff2|mo|min\.js)|(?:.*/)?vendor/.*")
UNTRACKED = {line.strip("/") for line in (ROOT / ".gitignore").read_text().split()} | {".git"}
LONGEST_FILE = 4_000_000
RULES = {
    "a private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----\s+[A-Za-z0-9+/=]{20,}",
    "a key of Google's": r"\bAIza[\w-]{35}\b|\bGOCSPX-[\w-]{20,}",
    "a token of Google's": r"\bya29\.[\w.-]{20,}|\b1//0[\w-]{30,}",
    "a token of GitHub's": r"\b(?:gh[pousr]_\w{36,}|github_pat_\w{40,})",
    "a key of Amazon's": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    "a token of Slack's": r"\bxox[abeoprs]-[\w-]{10,}|hooks\.slack\.com/services/T\w+/B\w+/\w+",
    "a key of a payment service": r"\b(?:sk|rk)_live_\w{16,}",
    "a token of a package index": r"\bpypi-AgEI[\w-]{40,}|\bnpm_\w{36}\b",
    "a signed token (JWT)": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}",
    "a key of a webhook": r"\bwhsec_[A-Za-z0-9+/=]{24,}",
    "a password in an address": r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@\"'{}$<>]{1,60}:(?P<password>(?![A-Z_]+@)[^\s:/@\"'{}$<>%]{6,100})@[\w.\[]",
    "a random string": r"(?<![\w/+.-])[A-Za-z0-9_+/-]{32,200}={0,2}(?![\w/+=-])",
}
_ANY = {what: re.compile(pattern) for what, pattern in RULES.items()}
ENTROPY, KINDS, MUCH = (
    4.5,
    3,
    24,
)  # bits a character, kinds and number of characters, of what nobody typed as a word or path


def main() -> int:
    """1 when something is found that nobody explained, with a line each; also for an explanation of nothing."""
    paths = [name for name in tracked(ROOT) if not ASIDE.fullmatch(name) and (ROOT / name).is_file()]
    allowed = explained(ALLOWED.read_text(encoding="utf-8"))
    found = {(name, mark): (line, what) for name in paths for line, what, mark in in_file(ROOT / name)}
    for (name, mark), (line, what) in sorted(found.items()):
        if (name, mark) not in allowed:
            print(f"{name}:{line}: {what} ({mark})")
    for name, mark in sorted(allowed - set(found)):
        print(f"{ALLOWED.name}: {name} {mark} explains nothing")
    if set(found) == allowed:
        print(f"{len(paths)} files, {len(found)} finds, each explained")
    return int(set(found) != allowed)


def tracked(root: Path) -> list[str]:
    """The paths of the files that git knows below `root`; where it will not say (an unpacked archive, another owner), of all."""
    try:
        said = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError):
        everything = (path.relative_to(root) for path in sorted(root.rglob("*")))
        return [str(path) for path in everything if not any(part in UNTRACKED for part in path.parts)]
    return [name for name in said.split("\0") if name]


def explained(text: str) -> set[tuple[str, str]]:
    """(path, digits) of each line that gives a reason."""
    lines = [line.split(maxsplit=2) for line in text.splitlines() if line and not line.startswith("#")]
    return {(words[0], words[1]) for words in lines if len(words) == 3}


def in_file(path: Path) -> Iterator[tuple[int, str, str]]:
    """Line, what it looks like, digits of its hash; of files that are text."""
    data = path.read_bytes()[:LONGEST_FILE]
    if b"\0" not in data[:8000]:
        yield from in_text(data.decode("utf-8", "replace"))


def in_text(text: str) -> Iterator[tuple[int, str, str]]:
    """The same of a text; the first rule that a place breaks is the one it is told by."""
    seen: list[tuple[int, int]] = []
    for what, pattern in _ANY.items():
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in seen):
                continue
            if what == "a random string" and not is_random(match[0]):
                continue
            seen.append((start, end))
            secret = match.groupdict().get("password") or match[0]
            yield text.count("\n", 0, start) + 1, what, hashlib.sha256(secret.encode()).hexdigest()[:16]


def is_random(text: str) -> bool:
    """Whether no person and no rule of names made it: many different characters of several kinds, none of them in words."""
    telling = [part for part in re.split(r"[/_-]", text) if not re.fullmatch(r"[a-z]*|[A-Z]*|[0-9a-f]{0,20}", part)]
    if sum(map(len, telling)) < MUCH:  # addresses, names in code, numbers of jobs
        return False
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    counts = Counter(text)
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
    return kinds >= KINDS and bits >= ENTROPY - (0.4 if len(text) < 48 else 0)


if __name__ == "__main__":
    sys.exit(main())
