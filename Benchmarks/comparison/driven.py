"""A process that runs one benchmark each time it is asked to."""

import json
import os
import subprocess
import tempfile
import time


class PeerFailed(Exception):
    """A process ended early or said something else than the protocol has."""


class Unavailable(Exception):
    """A process could not start because something is missing on this machine."""


class Driven:
    """One side of a comparison, from its start to its end."""

    def __init__(self, command, environment):
        self.command = command
        self.errors = tempfile.TemporaryFile("w+")
        # In a session of its own: Ctrl-C reaches the comparison alone, which then ends both sides.
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, start_new_session=True)

    def wait_until_ready(self):
        """What the process says of its work, once it is warm."""
        line = self._line()
        if not line.startswith("ready "):
            raise PeerFailed(f"{self._name()} said {line[:80]!r}, expected 'ready …'")
        return json.loads(line.removeprefix("ready "))

    def run(self):
        """The seconds of one run."""
        self._ask()
        try:
            return float(self._line())
        except ValueError as error:
            raise PeerFailed(f"{self._name()}: {error}") from None

    def wait_until_asleep(self, limit=2.0):
        """Returns when no thread of the idle process runs any more, or when the limit is over.

        Worker threads spin for a while after their last work (OpenBLAS's for a tenth of a second) and would take a core
        from the other side.
        """
        end = time.monotonic() + limit
        while self._is_running() and time.monotonic() < end:
            time.sleep(0.005)

    def finish(self):
        """Ends the process; the largest memory it held, in bytes."""
        self.process.stdin.close()
        peak = json.loads(self._line())["peak_rss_bytes"]
        self.process.wait()
        return peak

    def stop(self):
        """Ends the process, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except OSError:
                pass

    def _is_running(self):
        tasks = f"/proc/{self.process.pid}/task"
        for task in os.listdir(tasks):
            try:
                with open(f"{tasks}/{task}/stat") as stat:
                    # The state follows the name, which stands in parentheses and may hold any character.
                    if stat.read().rsplit(")", 1)[1].split()[0] == "R":
                        return True
            except OSError:
                continue
        return False

    def _ask(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            self._ended()

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            self._ended()
        return line.rstrip("\n")

    def _ended(self):
        status = self.process.wait()
        self.errors.seek(0)
        said = [line.strip() for line in self.errors if line.strip()]
        reason = said[-1] if said else "nothing said"
        if status == 69:
            raise Unavailable(reason)
        raise PeerFailed(f"{self._name()} ended with {status}: {reason}")

    def _name(self):
        return " ".join(os.path.basename(part) for part in self.command)
