"""A real Celery worker, with every default on, beside a real producer: both on the server under test.

What a worker keeps in Redis it keeps by scripts, too: locks, bindings that expire, the count of a chord.
"""

import gc
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

import redis
from celery import chain, chord, group
from celery.exceptions import TaskRevokedError

from server import Server

SERVER = Server()
os.environ["KEYSPACE_PORT"] = str(SERVER.port)

# It reads the port as it is imported, here and in the worker's process.
import celery_app  # noqa: E402

FOLDER = Path(__file__).parent
PATIENCE = 30


def tearDownModule():
    # Results that nobody holds unsubscribe while there is still a server.
    gc.collect()
    celery_app.app.close()
    SERVER.stop()


class Worker:
    """A worker's process. It is ready when this returns."""

    def __init__(self, *options):
        command = [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "-c", "2", "-n", "w1@test"]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=FOLDER,
            env={**os.environ, "PYTHONPATH": str(FOLDER), "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + PATIENCE
        while not celery_app.app.control.ping(timeout=0.5):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError("the worker does not answer")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=PATIENCE)

    def kill(self):
        """Ends it, and the processes of its pool, as if the machine had lost its power."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(timeout=PATIENCE)


class RealWorker(unittest.TestCase):
    """What an application does; each pool does it."""

    OPTIONS = ("--pool", "prefork")

    @classmethod
    def setUpClass(cls):
        redis.Redis(port=SERVER.port).flushall()
        cls.worker = Worker(*cls.OPTIONS)
        cls.addClassCleanup(cls.worker.stop)

    def test_a_result_comes_back(self):
        self.assertEqual(celery_app.add.delay(2, 3).get(timeout=PATIENCE), 5)

    def test_a_failure_comes_back_as_the_exception(self):
        with self.assertRaises(KeyError):
            celery_app.fails.delay().get(timeout=PATIENCE)

    def test_a_task_is_retried(self):
        result = celery_app.succeeds_at_second.delay(7)
        self.assertEqual(result.get(timeout=PATIENCE), 7)

    def test_a_group_collects_its_results(self):
        result = group(celery_app.add.s(i, i) for i in range(5))()
        self.assertEqual(result.get(timeout=PATIENCE), [0, 2, 4, 6, 8])

    def test_a_chain_hands_results_on(self):
        result = chain(celery_app.add.s(1, 1), celery_app.add.s(10))()
        self.assertEqual(result.get(timeout=PATIENCE), 12)

    def test_a_chord_waits_for_all_of_its_parts(self):
        result = chord([celery_app.add.s(i, i) for i in range(4)])(celery_app.total.s())
        self.assertEqual(result.get(timeout=PATIENCE), 12)

    def test_a_task_waits_for_its_time(self):
        start = time.time()
        self.assertEqual(celery_app.add.apply_async((1, 1), countdown=1).get(timeout=PATIENCE), 2)
        self.assertGreaterEqual(time.time() - start, 1)

    def test_a_revoked_task_does_not_run(self):
        result = celery_app.add.apply_async((1, 1), countdown=1)
        celery_app.app.control.revoke(result.id)
        with self.assertRaises(TaskRevokedError):
            result.get(timeout=PATIENCE)

    def test_a_worker_tells_of_itself(self):
        inspect = celery_app.app.control.inspect(timeout=5)
        self.assertIn("celery_app.add", inspect.registered()["w1@test"])
        self.assertEqual(inspect.active_queues()["w1@test"][0]["name"], "celery")


class SoloWorker(RealWorker):
    OPTIONS = ("--pool", "solo")


class KilledWorker(unittest.TestCase):
    def test_what_a_killed_worker_had_is_done_by_another(self):
        broker = redis.Redis(port=SERVER.port)
        broker.flushall()
        first = Worker("--pool", "prefork")
        self.addCleanup(first.kill)
        result = celery_app.sleeps.delay(3)
        deadline = time.monotonic() + PATIENCE
        while broker.hlen("unacked") == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(broker.hlen("unacked"), 1, "the message is taken, and not acknowledged")
        first.kill()
        self.assertEqual(broker.llen("celery"), 0)
        time.sleep(celery_app.app.conf.broker_transport_options["visibility_timeout"])
        second = Worker("--pool", "prefork")
        self.addCleanup(second.stop)
        self.assertEqual(result.get(timeout=PATIENCE), "awake")


if __name__ == "__main__":
    unittest.main()
