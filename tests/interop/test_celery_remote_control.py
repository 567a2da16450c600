"""Remote control: a simulated worker answers what a real one beside it answers.

With Celery 5.4, too, whose answers are compared where they have stayed the same.
"""

import gc
import json
import subprocess
import sys
import time
import unittest

import celery
from celery.exceptions import TaskRevokedError
from kombu import Exchange, Queue

import ends
from ends import PATIENCE
from server import Server

SERVER = Server()
URL = f"redis://127.0.0.1:{SERVER.port}"
# Its own, as app.py is imported with another server's port in this process.
APP = celery.Celery("app", broker=f"{URL}/0", backend=f"{URL}/1")
CONTROL = APP.control
IS_OLD = celery.VERSION < (5, 7)
WORKERS = ["real@test", "sim@test"]


def setUpModule():
    for start in (ends.real_worker, ends.simulated_worker):
        worker = start(CONTROL, SERVER.port)
        unittest.addModuleCleanup(worker.stop)


def tearDownModule():
    unittest.doModuleCleanups()
    # Results that nobody holds unsubscribe while there is still a server.
    gc.collect()
    APP.close()
    SERVER.stop()


def answers(method, destination=None, **arguments):
    """What the real worker answers, and what the simulated one does."""
    destination = destination or WORKERS
    replies = CONTROL.broadcast(method, arguments, destination=destination, reply=True, timeout=PATIENCE)
    by_name = {name: reply for each in replies for name, reply in each.items()}
    return [by_name[name] for name in destination]


def send(task, *args, **options):
    return APP.send_task(f"app.{task}", args, **options)


def shape(value):
    """What is there, whatever it is."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value).__name__


def wait_until(what):
    deadline = time.monotonic() + PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError("it does not come about")
        time.sleep(0.05)


class Answers(unittest.TestCase):
    def assert_same(self, method, **arguments):
        real, simulated = answers(method, **arguments)
        self.assertEqual(simulated, real, f"{method} {arguments}")
        return simulated

    @unittest.skipIf(IS_OLD, "it has other settings")
    def test_they_tell_celerys_defaults(self):
        real, simulated = answers("conf", with_defaults=True)
        self.assertEqual(real.pop("result_backend_max_retries"), float("inf"))
        self.assertEqual(sorted(simulated), sorted(real))
        same = ["task_serializer", "worker_prefetch_multiplier", "result_expires", "broker_connection_timeout"]
        self.assertEqual([simulated[name] for name in same], [real[name] for name in same])

    def test_they_are_there(self):
        self.assertEqual(self.assert_same("ping"), {"ok": "pong"})
        for method in ["heartbeat", "revoked", "dump_revoked", "active", "dump_active", "reserved", "dump_reserved"]:
            self.assert_same(method)
        for method in ["scheduled", "dump_schedule", "memsample", "memdump", "objgraph", "enable_events", "disable_events"]:
            self.assert_same(method)

    def test_what_is_wrong_is_said_in_the_same_words(self):
        for method in ["nosuch", "add_consumer", "cancel_consumer", "election", "revoke", "terminate", "rate_limit", "query_task"]:
            self.assertIn("error", self.assert_same(method))
        for method in ["active_queues", "enable_events", "heartbeat", "report", "autoscale"]:
            self.assertIn("unexpected keyword", self.assert_same(method, nosuch=1)["error"])
        self.assert_same("autoscale", max=3, min=1)
        self.assert_same("pool_restart")
        self.assert_same("time_limit", task_name="app.nosuch", hard=1)
        self.assert_same("revoke", task_id="nobody", terminate=True, signal="NOSUCH")

    def test_rates_are_read_alike(self):
        for rate in ["abc", "10/x", 0, None, "10/m", 7]:
            self.assert_same("rate_limit", task_name="app.add", rate_limit=rate)
        self.assert_same("rate_limit", task_name="app.nosuch", rate_limit="10/m")
        registered = [[line for line in lines if line.startswith("app.add ")] for lines in answers("registered")]
        self.assertEqual(registered, [["app.add [rate_limit=7]"]] * 2)
        self.assert_same("rate_limit", task_name="app.add", rate_limit=None)

    def test_tasks_tell_of_their_attributes(self):
        items = ["name", "serializer", "max_retries", "acks_late", "rate_limit", "nosuch"]
        real, simulated = answers("registered", taskinfoitems=items)
        for line in real:
            self.assertIn(line, simulated)
        real, simulated = (set(each) for each in answers("registered", builtins=True))
        self.assertLessEqual(real, simulated)

    def test_revoking_what_nobody_has_is_noted(self):
        self.assert_same("revoke", task_id="nobody")
        self.assert_same("revoke", task_id=[])
        self.assert_same("revoke", task_id="nobody", terminate=True)
        self.assert_same("terminate", signal="KILL", task_id=["nobody"])
        self.assertEqual(self.assert_same("revoked"), ["nobody"])

    @unittest.skipIf(IS_OLD, "5.4 takes the text of the answer for ids of tasks")
    def test_there_are_no_stamps_to_revoke_by(self):
        self.assert_same("revoke_by_stamped_headers", headers={"a": "b"})
        self.assert_same("revoke_by_stamped_headers", headers={"a": "b"}, terminate=True)

    def test_statistics_have_the_same_shape(self):
        def of(stats):
            stats["pool"]["writes"].pop("all"), stats["pool"]["writes"].pop("raw")
            stats["broker"].pop("credential_provider", None)
            return shape({**stats, "total": {}, "rusage": {}})

        real, simulated = answers("stats")
        self.assertEqual(of(simulated), of(real))
        self.assertEqual(simulated["prefetch_count"], real["prefetch_count"])

    def test_a_report_tells_of_versions_and_settings(self):
        for report in answers("report"):
            self.assertTrue(report["ok"].startswith("\nsoftware -> celery:5."), report)
            self.assertIn("\nsettings -> transport:redis results:redis://", report["ok"])
            self.assertIn("\nbroker_url: ", report["ok"])

    def test_queues_come_and_go(self):
        self.assert_same("active_queues")
        self.assert_same("add_consumer", queue="more")
        wait_until(lambda: all(len(queues) == 2 for queues in answers("active_queues")))
        self.assert_same("active_queues")
        self.assert_same("cancel_consumer", queue="more")
        wait_until(lambda: all(len(queues) == 1 for queues in answers("active_queues")))
        self.assert_same("add_consumer", queue="mail", exchange="media", exchange_type="topic", routing_key="mail.#")
        wait_until(lambda: all(len(queues) == 2 for queues in answers("active_queues")))
        self.assert_same("active_queues")
        self.assert_same("cancel_consumer", queue="mail")
        wait_until(lambda: all(len(queues) == 1 for queues in answers("active_queues")))

    def test_patterns_choose_workers(self):
        ping = lambda pattern: CONTROL.broadcast("ping", reply=True, timeout=1, limit=1, pattern=pattern, matcher="glob")
        self.assertEqual(ping("sim*"), [{"sim@test": {"ok": "pong"}}])
        self.assertEqual(ping("s?m@[st]est"), [{"sim@test": {"ok": "pong"}}])
        self.assertEqual(ping("nobody*"), [])


class Tasks(unittest.TestCase):
    """Each worker has a queue of its own for these."""

    @classmethod
    def setUpClass(cls):
        for name in WORKERS:
            answers("add_consumer", [name], queue=name)
            cls.addClassCleanup(answers, "cancel_consumer", [name], queue=name)
        wait_until(lambda: all(len(queues) == 2 for queues in answers("active_queues")))

    def test_what_waits_for_its_time_is_told(self):
        ids = [send("add", 1, 2, queue=name, countdown=600).id for name in WORKERS]
        self.addCleanup(answers, "revoke", task_id=ids)
        wait_until(lambda: all(answers("scheduled")))

        def of(entry, name):
            request = {**entry["request"], "id": "", "hostname": entry["request"]["hostname"] == name}
            request["delivery_info"]["routing_key"] = ""
            return {**entry, "eta": type(entry["eta"]).__name__, "request": request}

        real, simulated = (of(entries[0], name) for entries, name in zip(answers("scheduled"), WORKERS))
        self.assertEqual(simulated, real)
        states = [[state for state, _ in found.values()] for found in answers("query_task", ids=ids)]
        self.assertEqual(states, [[] if IS_OLD else ["scheduled"], ["scheduled"]])

    def test_what_runs_is_told_and_ended(self):
        results = [send("slow", 60, queue=name) for name in WORKERS]
        ids = [result.id for result in results]
        wait_until(lambda: all(answers("active")))
        real, simulated = (found[0] for found in answers("active"))
        self.assertEqual(shape(simulated), shape(real))
        self.assertEqual([request["id"] for request in (real, simulated)], ids)
        for name, task_id in zip(WORKERS, ids):
            [answer] = answers("revoke", [name], task_id=task_id, terminate=True, signal="SIGKILL")
            self.assertEqual(answer, {"ok": f"terminate: {task_id}"})
        for result in results:
            with self.assertRaisesRegex(TaskRevokedError, "terminated"):
                result.get(timeout=PATIENCE)


class Exchanges(unittest.TestCase):
    """A program that knows what kind an exchange is of sends by it, to workers of either kind."""

    def add_consumers(self, kind, queues):
        for name, queue in queues.items():
            exchange = {"exchange": queue.exchange.name, "exchange_type": kind, "routing_key": queue.routing_key}
            answers("add_consumer", [name], queue=queue.name, **exchange)
            self.addCleanup(answers, "cancel_consumer", [name], queue=queue.name)
        wait_until(lambda: all(len(consumed) == 2 for consumed in answers("active_queues")))

    def test_tasks_go_by_the_pattern_of_a_topic_exchange(self):
        media = Exchange("media", type="topic")
        queues = {name: Queue(f"{name}.topic", media, routing_key=f"{name}.#") for name in WORKERS}
        self.add_consumers("topic", queues)
        for name, queue in queues.items():
            result = send("add", 1, 2, queue=queue, routing_key=f"{name}.new")
            self.assertEqual(result.get(timeout=PATIENCE), 3)
            self.assertEqual(result.worker, name)

    def test_a_fanout_exchange_reaches_all(self):
        everyone = Exchange("everyone", type="fanout")
        queues = {name: Queue(f"{name}.all", everyone, routing_key="all") for name in WORKERS}
        self.add_consumers("fanout", queues)
        count = lambda: [stats["total"].get("app.add", 0) for stats in answers("stats")]
        before = count()
        self.assertEqual(send("add", 2, 3, queue=queues["real@test"]).get(timeout=PATIENCE), 5)
        wait_until(lambda: count() == [number + 1 for number in before])


class CommandLine(unittest.TestCase):
    """`celery inspect` and `celery control`, to the simulated worker."""

    def celery(self, *words):
        command = [sys.executable, "-m", "celery", "-A", "app", *words, "-d", "sim@test", "-t", str(PATIENCE), "--json"]
        output = subprocess.run(
            command, cwd=ends.FOLDER, env=ends.environment(SERVER.port), capture_output=True, timeout=PATIENCE, check=True
        ).stdout
        replies = json.loads(output)
        return (replies[0] if isinstance(replies, list) else replies)["sim@test"]

    def test_it_inspects(self):
        self.assertIn("software -> celery:", self.celery("inspect", "report")["ok"])
        self.assertEqual(self.celery("inspect", "query_task", "nobody"), {})

    def test_it_controls(self):
        answer = self.celery("control", "rate_limit", "app.slow", "100/s")
        self.assertEqual(answer, {"ok": "new rate limit set successfully"})
        before = self.celery("inspect", "stats")["pool"]["max-concurrency"]
        self.assertEqual(self.celery("control", "pool_grow", "2"), {"ok": "pool will grow"})
        self.assertEqual(len(self.celery("inspect", "stats")["pool"]["processes"]), before + 2)
        self.assertEqual(self.celery("control", "pool_shrink", "2"), {"ok": "pool will shrink"})


if __name__ == "__main__":
    unittest.main()
