# Sourced by the scripts beside it: `setup LOCK [COMMAND...]` finds a Python, installs what LOCK says, becomes COMMAND.

setup() {
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            exec "$candidate" script/setup.py "$@"
        fi
    done
    if command -v uv >/dev/null 2>&1; then # uv brings a Python of its own
        exec uv run --quiet --no-project --python '>=3.11' script/setup.py "$@"
    fi
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "no Python at all")
    echo "mailsync: Python 3.11 or newer is needed, and here is $found: install one, or name one in PYTHON." >&2
    exit 1
}
