"""Ask PyPI which of the locked packages have known holes: 1 for one that a newer version mends, 0 otherwise.

Nobody's fault must stop a release: where the service is away, or does not know a package, that is said and nothing more. A hole
that no version mends is said, too.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements-dev.txt", "requirements-uv.txt")
SECONDS, SILENCE = 180, 10  # for all of it, for one answer


def main(*arguments: str) -> int:
    """Runs pip-audit over the locks; it installs and resolves nothing. `arguments` are more of its options."""
    locks = [option for lock in LOCKS for option in ("-r", str(ROOT / lock))]
    options = [
        "--disable-pip",
        "--require-hashes",
        "-f",
        "json",
        "--progress-spinner",
        "off",
        "--timeout",
        str(SILENCE),
    ]
    program = [str(Path(sys.executable).with_name("pip-audit")), *locks, *options, *arguments]
    try:
        said = subprocess.run(program, capture_output=True, text=True, timeout=SECONDS, check=False)
        packages = json.loads(said.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        print("The service that knows of holes did not answer: nothing was looked at.")
        return 0
    mended = list(holes(packages, mended=True))
    print("\n".join([*mended, *holes(packages, mended=False), asked(packages)]))
    return int(bool(mended))


def holes(packages: list[dict[str, Any]], *, mended: bool) -> Iterator[str]:
    """A line for each known hole that a newer version mends, or does not."""
    for package in packages:
        for hole in package.get("vulns", []):
            if bool(hole["fix_versions"]) is mended:
                way = f"mended in {', '.join(hole['fix_versions'])}" if mended else "no version mends it yet"
                names = ", ".join([hole["id"], *hole.get("aliases", [])])
                yield f"{package['name']} {package['version']}: {names}: {way}"


def asked(packages: list[dict[str, Any]]) -> str:
    """How many packages were looked at: silence about a package is no good news of it."""
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    rest = f"; about {len(unknown)} it knows nothing: {', '.join(unknown[:5])} ..." if unknown else ""
    return f"{len(packages) - len(unknown)} of {len(packages)} packages looked at{rest}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
