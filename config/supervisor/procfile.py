"""Read a Procfile: one process per line, `name: command`."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

from config.embedded.errors import CannotStart

_LINE = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)\s*:\s*(\S.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One process: its name, and the words of its command with the variables filled in."""

    name: str
    command: tuple[str, ...]


def parse(text: str, environ: Mapping[str, str]) -> list[Entry]:
    """The entries in their order; `#` begins a comment. Raises CannotStart on anything else, or a missing variable."""
    lines = [line.strip() for line in text.splitlines()]
    return [_entry(line, environ) for line in lines if line and not line.startswith("#")]


def _entry(line: str, environ: Mapping[str, str]) -> Entry:
    match = _LINE.fullmatch(line)
    if match is None:
        raise CannotStart(f"The Procfile has a line that is not `name: command`: {line!r}.")
    try:
        return Entry(match[1], tuple(Template(word).substitute(environ) for word in shlex.split(match[2])))
    except KeyError as error:
        raise CannotStart(f"The Procfile's {match[1]} needs the variable {error.args[0]}, which is not set.") from None
    except ValueError as error:
        raise CannotStart(f"The Procfile's {match[1]} cannot be read: {error}.") from None
