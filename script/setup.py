"""Install a hash-locked list of packages into .venv, once per change of the list."""

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PLACE = VENV / ".place"  # where it was made: its programs name their Python by its whole path
PYTHON = VENV / "bin" / "python"
UV_LOCK = ROOT / "requirements-uv.txt"


def main(lock_name: str, command: list[str]) -> None:
    """Make .venv agree with the lock, then become `command`."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    turn = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(turn, fcntl.LOCK_EX)  # script/server and script/test may meet on a fresh clone
    try:
        _agree(ROOT / lock_name)
    except OSError as error:
        sys.exit(f"mailsync: .venv cannot be made: {error.strerror}: {error.filename}")
    os.close(turn)
    if command:
        # Ten processes share what Python has compiled; with this set each would compile 2,000 modules at every start.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.execv(command[0], command)


def _agree(lock: Path) -> None:
    stamp = VENV / f".{lock.stem}.stamp"
    wanted = _fingerprint(lock)
    usable = _is_usable()
    if usable and stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Setting up .venv from {lock.name} (once; a minute or so) ...", file=sys.stderr, flush=True)
    if not usable:
        _make()
    _install(lock)
    packages = next(VENV.glob("lib/python3*/site-packages"))
    (packages / "mailsync.pth").write_text(f"{ROOT}\n")  # so that a bare pytest finds our packages
    PLACE.write_text(str(ROOT))
    stamp.write_text(wanted)


def _fingerprint(lock: Path) -> str:
    """Changes with the list, with Python, with the place: programs in a venv know where they live."""
    return hashlib.sha256(lock.read_bytes() + repr((sys.version_info[:2], str(ROOT))).encode()).hexdigest()


def _is_usable() -> bool:
    """Whether .venv has a Python that runs and is new enough, and was not moved here from somewhere else."""
    place = PLACE.read_text() if PLACE.exists() else str(ROOT)
    return place == str(ROOT) and _succeeds([PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"])


def _make() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    uv = shutil.which("uv")
    if uv is None or not _succeeds([uv, "venv", "--quiet", "--python", sys.executable, VENV]):
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", VENV], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            sys.exit(f"mailsync: {_why_no_venv(made.stdout + made.stderr)}")


def _why_no_venv(output: str) -> str:
    if "ensurepip" in output or "No module named venv" in output:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"Python's venv is missing here; on Debian or Ubuntu: apt-get install -y python{version}-venv"
    return f"the virtual environment cannot be made: {(output.strip().splitlines() or ['no reason given'])[-1]}"


def _install(lock: Path) -> None:
    """With uv where we have it, which takes seconds; with pip where we do not, or where only pip knows the way."""
    arguments = ["--require-hashes", "-r", lock]
    uv = shutil.which("uv") or _own_uv()
    if uv and _succeeds([uv, "pip", "install", "--quiet", "--python", PYTHON, *arguments]):
        return
    pip = [PYTHON, "-m", "pip"]
    if not _succeeds([*pip, "--version"]) and not _succeeds([PYTHON, "-m", "ensurepip"]):
        sys.exit("mailsync: uv could not install the packages, and there is no pip here to try instead.")
    if subprocess.run([*pip, "install", "--quiet", "--disable-pip-version-check", *arguments]).returncode:
        sys.exit(f"mailsync: the packages of {lock.name} could not be installed; the reason stands above.")


def _own_uv() -> str | None:
    """The uv of .venv, fetched by pip at its first use."""
    program = VENV / "bin" / "uv"
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if program.exists() or _succeeds([*pip, "--require-hashes", "-r", UV_LOCK]):
        return str(program)
    return None


def _succeeds(command: list[str | Path]) -> bool:
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
