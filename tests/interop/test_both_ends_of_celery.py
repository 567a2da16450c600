"""Real and simulated ends of Celery on one server: either can take the other's place.

Celery 5.4 keeps a chord's books in another way, so this is not tried with it.
"""

import gc
import json
import os
import subprocess
import time
import unittest

import redis
from celery import chain, chord, group

import ends
from ends import PATIENCE
from server import Server

SERVER = Server()
os.environ["KEYSPACE_PORT"] = str(SERVER.port)
ADDRESS = f"127.0.0.1:{SERVER.port}"

# It reads the port as it is imported, here and in the worker's process.
import app  # noqa: E402


def tearDownModule():
    # Results that nobody holds unsubscribe while there is still a server.
    gc.collect()
    app.app.close()
    SERVER.stop()


def simulated_worker():
    return ends.simulated_worker(app.app.control, SERVER.port)


def real_worker():
    return ends.real_worker(app.app.control, SERVER.port)


def simulated(*arguments):
    """What a simulated producer reads of what it called."""
    command = [ends.ACTOR, arguments[0], ADDRESS, *arguments[1:]]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE, check=True)
    lines = done.stdout.decode().splitlines()
    return [json.loads(line)["result"] for line in lines if line.startswith("{")]


def call(task, *args):
    return {"task": f"app.{task}", "args": list(args)}


class Case(unittest.TestCase):
    WORKERS = ()

    @classmethod
    def setUpClass(cls):
        redis.Redis(port=SERVER.port).flushall()
        for start in cls.WORKERS:
            worker = start()
            cls.addClassCleanup(worker.stop)


class SimulatedWorker(Case):
    WORKERS = (simulated_worker,)

    def test_a_group_collects_its_results(self):
        result = group(app.add.s(i, i) for i in range(5))()
        self.assertEqual(result.get(timeout=PATIENCE), [0, 2, 4, 6, 8])

    def test_a_chain_hands_results_on(self):
        self.assertEqual(chain(app.add.s(1, 1), app.add.s(10))().get(timeout=PATIENCE), 12)

    def test_a_chord_waits_for_all_of_its_parts(self):
        result = chord([app.add.s(i, i) for i in range(4)])(app.xsum.s())
        self.assertEqual(result.get(timeout=PATIENCE), 12)

    def test_a_worker_tells_of_itself(self):
        inspect = app.app.control.inspect(timeout=2)
        self.assertIn("app.add", inspect.registered()["sim@test"])
        self.assertEqual(inspect.active_queues()["sim@test"][0]["name"], "celery")

    def test_a_worker_tells_what_it_has_done_and_how_it_is_set(self):
        self.assertEqual(app.add.delay(1, 2).get(timeout=PATIENCE), 3)
        inspect = app.app.control.inspect(timeout=2)
        stats = inspect.stats()["sim@test"]
        self.assertGreaterEqual(stats["total"]["app.add"], 1)
        self.assertEqual(stats["broker"]["transport"], "redis")
        self.assertEqual(len(stats["pool"]["processes"]), stats["pool"]["max-concurrency"])
        self.assertIn("broker_url", inspect.conf()["sim@test"])
        self.assertEqual(inspect.query_task("nobody"), {"sim@test": {}})

    def test_a_queue_more_is_consumed_and_then_no_more(self):
        control = app.app.control
        self.assertEqual(control.add_consumer("more", reply=True), [{"sim@test": {"ok": "add consumer more"}}])
        self.assertEqual(app.add.apply_async((4, 5), queue="more").get(timeout=PATIENCE), 9)
        answer = control.cancel_consumer("more", reply=True)
        self.assertEqual(answer, [{"sim@test": {"ok": "no longer consuming from more"}}])
        queues = control.inspect(timeout=2).active_queues()["sim@test"]
        self.assertEqual([queue["name"] for queue in queues], ["celery"])

    def test_a_pool_grows_and_shrinks(self):
        control = app.app.control
        size = lambda: control.inspect(timeout=2).stats()["sim@test"]["pool"]["max-concurrency"]
        before = size()
        self.assertEqual(control.pool_grow(2, reply=True), [{"sim@test": {"ok": "pool will grow"}}])
        self.assertEqual(size(), before + 2)
        self.assertEqual(control.pool_shrink(2, reply=True), [{"sim@test": {"ok": "pool will shrink"}}])
        self.assertEqual(size(), before)

    def test_limits_are_set_by_remote_control(self):
        control = app.app.control
        self.assertEqual(
            control.time_limit("app.add", soft=5, hard=9, reply=True),
            [{"sim@test": {"ok": "time limits set successfully"}}],
        )
        self.assertEqual(control.time_limit("app.none", soft=5, reply=True), [{"sim@test": {"error": "unknown task"}}])


class SimulatedProducer(Case):
    WORKERS = (real_worker,)

    def test_a_result_comes_back(self):
        self.assertEqual(simulated("producer", "app.add", "2", "3"), [5])

    def test_a_group_collects_its_results(self):
        canvas = {"group": [call("add", i, i) for i in range(4)]}
        self.assertEqual(simulated("canvas", json.dumps(canvas)), [0, 2, 4, 6])

    def test_a_chain_hands_results_on(self):
        canvas = {"chain": [call("add", 1, 2), call("add", 10), call("add", 100)]}
        self.assertEqual(simulated("canvas", json.dumps(canvas)), [113])

    def test_a_chord_waits_for_all_of_its_parts(self):
        canvas = {"chord": [[call("add", i, i) for i in range(3)], call("xsum")]}
        self.assertEqual(simulated("canvas", json.dumps(canvas)), [6])


class BothWorkers(Case):
    WORKERS = (real_worker, simulated_worker)

    def test_they_share_a_queue(self):
        results = [app.slow.delay(0.2) for _ in range(16)]
        self.assertEqual({result.get(timeout=PATIENCE) for result in results}, {"slept 0.2"})
        self.assertEqual({result.worker for result in results}, {"real@test", "sim@test"})

    def test_they_share_a_chord(self):
        result = chord([app.add.s(i, i) for i in range(12)])(app.xsum.s())
        self.assertEqual(result.get(timeout=PATIENCE), 132)

    def test_they_share_a_chord_of_the_simulation(self):
        canvas = {"chord": [[call("add", i, i) for i in range(12)], call("xsum")]}
        self.assertEqual(simulated("canvas", json.dumps(canvas)), [132])


class KilledWorker(Case):
    def test_a_real_worker_does_what_a_killed_simulated_one_had(self):
        broker = redis.Redis(port=SERVER.port)
        self.addCleanup(broker.close)
        first = simulated_worker()
        self.addCleanup(first.kill)
        result = app.slow.delay(1)
        deadline = time.monotonic() + PATIENCE
        while broker.hlen("unacked") == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        first.kill()
        self.assertEqual(broker.hlen("unacked"), 1, "the message is taken, and not acknowledged")
        time.sleep(app.app.conf.broker_transport_options["visibility_timeout"])
        second = real_worker()
        self.addCleanup(second.stop)
        self.assertEqual(result.get(timeout=PATIENCE), "slept 1")


if __name__ == "__main__":
    unittest.main()
