"""Two hosts with a network between them and the servers: namespaces of the kernel, joined by veth, that can be parted."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

from config.embedded import keys
from config.embedded.postgres import Postgres
from config.embedded.valkey import Valkey
from config.supervisor import procfile
from config.supervisor.process import Process
from config.supervisor.procfile import Entry
from tests.chaos.world import World, port_of
from tests.flows.product import ROOT

RUNS = {"a": ("web", "worker", "scheduled", "control"), "b": ("worker", "scheduled", "control", "beat")}
LOOPBACK = "127.0.0.1"


class OpenPostgres(Postgres):
    """Answers to other hosts, too."""

    def _options(self, data: Path) -> list[str]:
        rules = data / "pg_hba.conf"
        if "0.0.0.0/0" not in rules.read_text():
            with rules.open("a") as file:
                file.write("host all all 0.0.0.0/0 scram-sha-256\n")
        return [word.replace(f"listen_addresses={LOOPBACK}", "listen_addresses=*") for word in super()._options(data)]


class OpenValkey(Valkey):
    """The same."""

    def _configuration(self, directory: Path) -> Path:
        path = super()._configuration(directory)
        path.write_text(path.read_text().replace(f"bind {LOOPBACK}", "bind 0.0.0.0"))
        return path


class Hosts(World):
    """Postgres, Valkey and Gmail here; web and workers on host a, workers and the beat on host b."""

    def __init__(self, messages: int, accounts: int, latency: float) -> None:
        super().__init__(messages, accounts, latency, "--host", "0.0.0.0")
        self.wires = {name: Wire(name, place) for place, name in enumerate(RUNS)}
        secrets = keys.load(self.home)
        postgres = OpenPostgres(self.home, secrets["POSTGRES_PASSWORD"])
        valkey = OpenValkey(self.home, secrets["VALKEY_PASSWORD"])
        postgres.port, valkey.port = port_of(self.database_url), port_of(self.redis_url)
        self.servers = {server.name: server for server in (postgres, valkey)}
        web = self.wires["a"]
        self.address = f"http://{web.inside}:{self.environment['PORT']}"
        self.environment |= {"HOST": web.inside, "ALLOWED_HOSTS": f"{web.inside},{LOOPBACK}"}
        self.working = [self._process(wire, entry) for wire in self.wires.values() for entry in self._entries(wire)]

    def _entries(self, wire: "Wire") -> list[Entry]:
        found = procfile.parse((ROOT / "Procfile").read_text(), self.environment)
        return [entry for entry in found if entry.name in RUNS[wire.name]]

    def _process(self, wire: "Wire", entry: Entry) -> Process:
        """On that host, where the servers have another address."""
        command = tuple(word.replace("@%h", f"@{wire.name}") for word in entry.command)
        there = {
            name: self.environment[name].replace(LOOPBACK, wire.outside).replace("0.0.0.0", wire.outside)
            for name in ("DATABASE_URL", "REDIS_URL", "GOOGLE_BASE_URL")
        }
        entry = Entry(f"{entry.name}-{wire.name}", ("ip", "netns", "exec", wire.namespace, *command))
        return Process(entry, self.environment | there, ROOT)

    def stop(self) -> list[str]:
        """As a world does; the hosts are gone then."""
        try:
            return super().stop()
        finally:
            for wire in self.wires.values():
                wire.remove()


class Wire:
    """A host of its own and the cable that leads to it: `outside` is our end's address, `inside` its own."""

    def __init__(self, name: str, place: int) -> None:
        self.name = name
        net = f"10.{200 + place}.{os.getpid() >> 8 & 255}"
        self.namespace, self.cable = f"mailsync-{os.getpid()}-{name}", f"ms{os.getpid() % 10**7}{name}"
        self.outside, self.inside = f"{net}.1", f"{net}.2"
        try:
            self._make()
        except BaseException:
            self.remove()
            raise

    def _make(self) -> None:
        run("ip", "netns", "add", self.namespace)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", self.namespace)
        run("ip", "address", "add", f"{self.outside}/24", "dev", self.cable)
        self.heal()
        for command in (
            ("address", "add", f"{self.inside}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            run("ip", "-n", self.namespace, *command)

    def cut(self) -> None:
        """Nothing passes any more: connections that stand hear nothing, new ones find no way."""
        run("ip", "link", "set", self.cable, "down")

    def heal(self) -> None:
        """Everything passes again, what was sent meanwhile as well."""
        run("ip", "link", "set", self.cable, "up")

    def remove(self) -> None:
        """The host with its cable."""
        with suppress(subprocess.CalledProcessError):
            run("ip", "link", "delete", self.cable)
        with suppress(subprocess.CalledProcessError):
            run("ip", "netns", "delete", self.namespace)


def run(*command: str) -> None:
    """Raises CalledProcessError, FileNotFoundError."""
    subprocess.run(command, check=True, capture_output=True, timeout=30)


def forbidden() -> str:
    """Why there can be no other hosts here; "" where there can."""
    try:
        Wire("probe", 9).remove()
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        return f"network namespaces are not permitted: {said.decode(errors='replace').strip()[:200]}"
    return ""
