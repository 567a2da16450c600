"""Libraries that do their work in scripts of their own, on the server under test."""

import logging
import threading
import unittest
from datetime import datetime, timedelta

import dramatiq
import huey
import limits
import redis
import rq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends.redis import RedisBackend
from huey.exceptions import TaskLockedException
from kombu.transport.redis import Mutex, MutexHeld
from pottery import NextID, Redlock, synchronize
from redis.exceptions import LockError, LockNotOwnedError, NoScriptError

from server import Server


class Case(unittest.TestCase):
    """A server for all tests of a class, emptied for each."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.url = f"redis://localhost:{self.server.port}/0"
        self.r = redis.Redis(port=self.server.port)
        self.addCleanup(self.r.close)
        self.r.flushall()
        self.r.script_flush()
        attempts.clear()
        # Tasks that fail are not news.
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)


class RedisPy(Case):
    def test_a_script_is_loaded_when_it_is_not_known(self):
        multiply = self.r.register_script(
            "return redis.call('GET', KEYS[1]) * ARGV[1]"
        )
        self.r.set("n", 6)
        with self.assertRaises(NoScriptError):
            self.r.evalsha(multiply.sha, 1, "n", 7)
        self.assertEqual(multiply(keys=["n"], args=[7]), 42)
        self.assertEqual(self.r.script_exists(multiply.sha), [True])
        self.r.script_flush()
        with self.r.pipeline() as pipe:
            pipe.set("n", 5)
            multiply(keys=["n"], args=[2], client=pipe)
            self.assertEqual(pipe.execute(), [True, 10])

    def test_a_lock_is_released_by_its_owner_alone(self):
        lock = self.r.lock("lock", timeout=10)
        other = self.r.lock("lock", timeout=10, blocking=False)
        self.assertTrue(lock.acquire())
        self.assertFalse(other.acquire())
        with self.assertRaises(LockError):
            other.release()
        self.assertTrue(lock.owned())
        lock.extend(20)
        self.assertGreater(self.r.pttl("lock"), 20_000)
        lock.extend(5, replace_ttl=True)
        self.assertLessEqual(self.r.pttl("lock"), 5_000)
        lock.reacquire()
        self.assertGreater(self.r.pttl("lock"), 9_000)
        self.r.set("lock", "stolen", keepttl=True)
        for what_owners_do in (lock.reacquire, lambda: lock.extend(1), lock.release):
            with self.assertRaises(LockNotOwnedError):
                what_owners_do()
        self.assertEqual(self.r.get("lock"), b"stolen")

    def test_a_lock_waits_for_the_one_before(self):
        order = []
        first = self.r.lock("lock", timeout=10, thread_local=False)
        first.acquire()

        def second():
            with self.r.lock("lock", timeout=10, sleep=0.01):
                order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        order.append("first")
        first.release()
        thread.join()
        self.assertEqual(order, ["first", "second"])
        self.assertEqual(self.r.exists("lock"), 0)


class Kombu(Case):
    def test_the_mutex_of_restoring_is_held_by_one(self):
        with Mutex(self.r, "unacked_mutex", 10):
            self.assertEqual(self.r.exists("unacked_mutex"), 1)
            with self.assertRaises(MutexHeld):
                with Mutex(self.r, "unacked_mutex", 10):
                    self.fail("it is held already")
        self.assertEqual(self.r.exists("unacked_mutex"), 0)


class Limits(Case):
    """https://limits.readthedocs.io: each strategy allows so many, and then no more."""

    def check(self, strategy):
        storage = limits.storage.storage_from_string(self.url)
        limiter = strategy(storage)
        # In a year the tests do not meet the end of a window.
        three = limits.parse("3/year")
        self.assertEqual(
            [limiter.hit(three, "user") for _ in range(5)],
            [True, True, True, False, False],
        )
        self.assertFalse(limiter.test(three, "user"))
        self.assertEqual(limiter.get_window_stats(three, "user").remaining, 0)
        self.assertTrue(limiter.hit(three, "other", cost=2))
        self.assertEqual(limiter.get_window_stats(three, "other").remaining, 1)
        self.assertFalse(limiter.hit(three, "other", cost=2))
        limiter.clear(three, "user")
        self.assertTrue(limiter.hit(three, "user"))
        storage.reset()
        self.assertEqual(self.r.dbsize(), 0)

    def test_fixed_window(self):
        self.check(limits.strategies.FixedWindowRateLimiter)

    def test_moving_window(self):
        self.check(limits.strategies.MovingWindowRateLimiter)

    def test_sliding_window_counter(self):
        self.check(limits.strategies.SlidingWindowCounterRateLimiter)


class Pottery(Case):
    """https://github.com/brainix/pottery: Redlock and ids by consensus, on one master."""

    def test_redlock(self):
        lock = Redlock(key="printer", masters={self.r}, auto_release_time=10)
        other = Redlock(key="printer", masters={self.r}, auto_release_time=10)
        self.assertTrue(lock.acquire())
        self.assertGreater(lock.locked(), 0)
        self.assertFalse(other.acquire(blocking=False))
        lock.extend()
        lock.release()
        self.assertEqual(lock.locked(), 0)
        with other:
            self.assertFalse(lock.acquire(blocking=False))

    def test_synchronized_function(self):
        @synchronize(key="only-one", masters={self.r}, auto_release_time=10)
        def count():
            return self.r.incr("runs")

        self.assertEqual([count(), count()], [1, 2])

    def test_next_id(self):
        ids = iter(NextID(key="id", masters={self.r}))
        self.assertEqual([next(ids), next(ids), next(ids)], [1, 2, 3])


def add(x, y):
    return x + y


# Calls of what fails.
attempts = []


def fail():
    attempts.append(1)
    raise ValueError("it always fails")


class Rq(Case):
    """https://python-rq.org"""

    def setUp(self):
        super().setUp()
        self.queue = rq.Queue(connection=self.r)

    def work(self):
        worker = rq.SimpleWorker([self.queue], connection=self.r)
        worker.work(burst=True)

    def test_a_job_gives_its_result(self):
        job = self.queue.enqueue(add, 2, 3)
        after = self.queue.enqueue(add, 4, 5, depends_on=job)
        self.assertEqual(job.get_status(), "queued")
        self.assertEqual(after.get_status(), "deferred")
        self.work()
        self.assertEqual((job.return_value(), after.return_value()), (5, 9))
        self.assertEqual(self.queue.finished_job_registry.count, 2)

    def test_a_job_that_fails_is_tried_again(self):
        job = self.queue.enqueue(fail, retry=rq.Retry(max=2))
        self.work()
        self.assertEqual(job.get_status(), "failed")
        self.assertEqual(len(attempts), 3)
        self.assertIn("it always fails", job.latest_result().exc_string)
        self.assertEqual(self.queue.failed_job_registry.count, 1)

    def test_a_job_of_later_is_scheduled(self):
        job = self.queue.enqueue_in(timedelta(hours=1), add, 1, 1)
        self.assertEqual(self.queue.scheduled_job_registry.count, 1)
        self.work()
        self.assertEqual(job.get_status(), "scheduled")
        self.queue.scheduled_job_registry.requeue(job)
        self.work()
        self.assertEqual(job.return_value(), 2)


class Dramatiq(Case):
    """https://dramatiq.io: its broker is one script of a dozen commands."""

    def setUp(self):
        super().setUp()
        self.broker = RedisBroker(url=self.url)
        self.broker.add_middleware(Results(backend=RedisBackend(url=self.url)))
        dramatiq.set_broker(self.broker)
        self.addCleanup(self.broker.close)
        self.worker = dramatiq.Worker(self.broker, worker_timeout=50, worker_threads=2)
        self.addCleanup(self.worker.stop)

    def test_messages_are_processed_and_give_results(self):
        square = dramatiq.actor(lambda x: x * x, actor_name="square", store_results=True)
        messages = [square.send(n) for n in range(20)]
        self.assertEqual(self.r.llen("dramatiq:default"), 20)
        self.worker.start()
        results = [message.get_result(block=True, timeout=10_000) for message in messages]
        self.assertEqual(results, [n * n for n in range(20)])
        self.broker.join("default")
        self.worker.join()
        self.assertEqual(self.r.hlen("dramatiq:default.msgs"), 0)

    def test_a_message_that_fails_is_delayed_and_tried_again(self):
        @dramatiq.actor(min_backoff=1, max_backoff=2, max_retries=5)
        def flaky():
            attempts.append(1)
            if len(attempts) < 3:
                raise ValueError("not yet")

        flaky.send()
        self.worker.start()
        self.broker.join("default")
        self.worker.join()
        self.assertEqual(len(attempts), 3)

    def test_a_message_that_fails_for_good_is_a_dead_letter(self):
        hopeless = dramatiq.actor(fail, actor_name="hopeless", max_retries=0)
        hopeless.send()
        self.worker.start()
        self.broker.join("default")
        self.worker.join()
        self.assertEqual(self.r.zcard("dramatiq:default.XQ"), 1)
        self.broker.flush_all()
        self.assertEqual(self.r.llen("dramatiq:default"), 0)


class Huey(Case):
    """https://huey.readthedocs.io"""

    def check(self, queue):
        @queue.task()
        def double(x):
            return 2 * x

        @queue.task(retries=1)
        def broken():
            raise ValueError("it fails")

        result = double(21)
        self.assertEqual(queue.pending_count(), 1)
        self.assertEqual(queue.execute(queue.dequeue()), 42)
        self.assertEqual(result.get(), 42)

        # What is due later is read from the schedule once it is due.
        double.schedule((4,), eta=later(hours=1))
        task = queue.dequeue()
        queue.execute(task)
        self.assertEqual(queue.scheduled_count(), 1)
        self.assertEqual(queue.read_schedule(), [])
        (due,) = queue.read_schedule(later(hours=2))
        self.assertEqual(queue.execute(due, later(hours=2)), 8)

        broken()
        queue.execute(queue.dequeue())
        self.assertEqual(queue.pending_count(), 1)

        with queue.lock_task("nightly"):
            with self.assertRaises(TaskLockedException):
                with queue.lock_task("nightly"):
                    self.fail("it is locked already")
        queue.flush()
        self.assertEqual(len(queue), 0)

    def test_lists(self):
        self.check(huey.RedisHuey("lists", url=self.url, blocking=False))

    def test_results_that_expire(self):
        self.check(huey.RedisExpireHuey("expire", url=self.url, blocking=False))

    def test_priorities(self):
        queue = huey.PriorityRedisHuey("priorities", url=self.url, blocking=False)
        self.check(queue)

        @queue.task()
        def named(name):
            return name

        for priority, name in [(1, "low"), (9, "high"), (5, "middle")]:
            queue.enqueue(named.s(name, priority=priority))
        order = [queue.execute(queue.dequeue()) for _ in range(3)]
        self.assertEqual(order, ["high", "middle", "low"])


def later(**by):
    """A time as huey compares it: without a zone."""
    return datetime.now() + timedelta(**by)


if __name__ == "__main__":
    unittest.main()
