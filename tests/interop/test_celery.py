"""A real Celery producer and a simulated worker, on the server under test.

CELERY_SIM_ACTOR names the example `actor` of crates/celery-sim, which is a worker over TCP.
"""

import gc
import json
import os
import subprocess
import unittest

import redis
from celery import Celery
from celery.exceptions import NotRegistered

from server import Server

ACTOR = os.environ.get("CELERY_SIM_ACTOR", "target/debug/examples/actor")


class RealProducerSimulatedWorker(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)
        url = f"redis://localhost:{cls.server.port}"
        cls.app = Celery("app", broker_url=f"{url}/0", result_backend=f"{url}/1")
        cls.addClassCleanup(cls.app.close)
        # Results that nobody holds unsubscribe while there is still a server.
        cls.addClassCleanup(gc.collect)

        @cls.app.task(name="app.add")
        def add(x, y):
            raise AssertionError("the simulated worker adds")

        cls.add = staticmethod(add)

    def setUp(self):
        self.broker = self.connect(0)
        self.results = self.connect(1)

    def connect(self, db):
        client = redis.Redis(port=self.server.port, db=db, protocol=3)
        self.addCleanup(client.close)
        return client

    def start_worker(self):
        worker = subprocess.Popen(
            [ACTOR, "worker", f"127.0.0.1:{self.server.port}", "sim@test"],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(self.stop_worker, worker)
        return worker

    @staticmethod
    def stop_worker(worker):
        """Ends its input, on which it shuts down warmly."""
        worker.stdin.close()
        worker.wait(timeout=10)

    def test_a_task_waits_in_the_list_until_a_worker_takes_it(self):
        result = self.add.delay(2, 3)
        self.assertEqual(self.broker.llen("celery"), 1)
        message = json.loads(self.broker.lindex("celery", -1))
        self.assertEqual(message["headers"]["id"], result.id)
        self.start_worker()
        self.assertEqual(result.get(timeout=10), 5)
        self.assertEqual(self.broker.llen("celery"), 0)

    def test_a_waiting_worker_is_woken(self):
        self.start_worker()
        self.assertEqual([self.add.delay(i, i).get(timeout=10) for i in range(3)], [0, 2, 4])

    def test_a_failure_arrives_as_the_exception(self):
        self.start_worker()
        result = self.app.send_task("app.boom")
        with self.assertRaises(KeyError) as raised:
            result.get(timeout=10)
        self.assertEqual(raised.exception.args, ("boom",))
        self.assertIn("raise KeyError('boom')", result.traceback)

    def test_an_unknown_task_is_refused(self):
        self.start_worker()
        with self.assertRaises(NotRegistered):
            self.app.send_task("app.nobody_knows").get(timeout=10)

    def test_a_stored_result_expires(self):
        self.start_worker()
        result = self.add.delay(1, 1)
        result.get(timeout=10)
        ttl = self.results.ttl(f"celery-task-meta-{result.id}")
        self.assertIn(ttl, range(1, 24 * 60 * 60 + 1))

    def test_a_worker_leaves_nothing_unacknowledged_and_no_queue_of_its_own(self):
        worker = self.start_worker()
        self.assertEqual(self.add.delay(1, 2).get(timeout=10), 3)
        self.stop_worker(worker)
        self.assertEqual(worker.returncode, 0)
        self.assertEqual(self.broker.exists("unacked", "unacked_index", "unacked_mutex"), 0)
        self.assertEqual(self.broker.exists("_kombu.binding.celery.pidbox"), 0)


if __name__ == "__main__":
    unittest.main()
