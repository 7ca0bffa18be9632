"""Compare the published OpenAPI schema with the one that the code describes."""

import difflib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED = ROOT / "openapi.yaml"
COMMAND = [sys.executable, "manage.py", "spectacular", "--validate", "--fail-on-warn"]


def main() -> int:
    """1 when they differ; `--write` publishes instead."""
    made = subprocess.run(COMMAND, cwd=ROOT, capture_output=True, text=True, timeout=120)
    if made.returncode:
        print(made.stderr)
        return 1
    if "--write" in sys.argv:
        PUBLISHED.write_text(made.stdout)
    if not PUBLISHED.exists():
        print("openapi.yaml is missing: publish it with --write")
        return 1
    old, new = PUBLISHED.read_text().splitlines(), made.stdout.splitlines()
    difference = list(difflib.unified_diff(old, new, "openapi.yaml", "the code", lineterm=""))
    print("\n".join(difference[:200]) or "openapi.yaml agrees with the code")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main())
