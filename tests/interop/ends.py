"""Workers of either kind as processes: Celery's own, and those of crates/celery-sim.

CELERY_SIM_ACTOR names the example `actor` of that crate.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ACTOR = os.environ.get("CELERY_SIM_ACTOR", "target/debug/examples/actor")
FOLDER = Path(__file__).parent
PATIENCE = 30
# Celery's defaults, and what app.py says.
SETTINGS = json.dumps({"result_extended": True, "broker_transport_options": {"visibility_timeout": 2}})


class Process:
    """A worker of either kind. It is ready when this returns."""

    def __init__(self, control, name, command, **options):
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        deadline = time.monotonic() + PATIENCE
        while not control.ping(destination=[name], timeout=0.5):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"{name} does not answer")

    def stop(self):
        self.process.stdin.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE)

    def kill(self):
        """Ends it, and the processes of its pool, as if the machine had lost its power."""
        self.process.stdin.close()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)


def environment(port):
    """What a program needs in which app.py is imported."""
    return {**os.environ, "KEYSPACE_PORT": str(port), "PYTHONPATH": str(FOLDER), "PYTHONDONTWRITEBYTECODE": "1"}


def simulated_worker(control, port):
    return Process(control, "sim@test", [ACTOR, "worker", f"127.0.0.1:{port}", "sim@test", SETTINGS])


def real_worker(control, port):
    command = [sys.executable, "-m", "celery", "-A", "app", "worker", "-c", "2", "-n", "real@test"]
    return Process(control, "real@test", command, cwd=FOLDER, env=environment(port))
