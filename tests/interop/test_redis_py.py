"""What tutorials of redis-py show, on the server under test, in RESP2 and in RESP3."""

import socket
import threading
import unittest

import redis
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    DataError,
    ResponseError,
    WatchError,
)
from redis.retry import Retry

from redis_py import Snippets

# redis-py tries a connection again for seconds; these tests know that it is in vain.
ONCE = Retry(NoBackoff(), 0)


class Basics(Snippets):
    """The snippets, for a version of RESP."""

    # Connecting

    def test_ping_answers(self):
        self.assertIs(self.r.ping(), True)

    def test_a_url_names_server_and_database(self):
        url = f"redis://localhost:{self.server.port}"
        with redis.from_url(f"{url}/0", decode_responses=True) as first:
            first.set("k", "in 0")
        with redis.Redis.from_url(f"{url}/1", protocol=self.protocol) as second:
            self.assertIsNone(second.get("k"))
            second.set("k", "in 1")
        self.assertEqual(self.r.get("k"), "in 0")

    def test_values_are_bytes_unless_decoded(self):
        self.r.set("k", "é")
        self.assertEqual(self.connect(decode_responses=False).get("k"), "é".encode())
        self.assertEqual(self.r.get("k"), "é")

    def test_a_server_that_is_not_there_is_a_connection_error(self):
        with socket.socket() as taken:
            # Bound and not listening: nobody else can listen there meanwhile.
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            client = redis.Redis(host="127.0.0.1", port=port, retry=ONCE)
            with self.assertRaisesRegex(ConnectionError, "Connection refused"):
                client.ping()

    def test_a_password_where_there_is_none_is_an_authentication_error(self):
        with self.assertRaises(AuthenticationError):
            self.connect(username="nobody", password="wrong", retry=ONCE).ping()

    def test_a_client_tells_its_name(self):
        self.assertEqual(self.connect(client_name="shop").client_getname(), "shop")

    def test_info_describes_the_server(self):
        info = self.r.info()
        self.assertEqual(info["redis_mode"], "standalone")
        self.assertGreaterEqual(int(info["redis_version"].split(".")[0]), 7)

    # Strings and keys

    def test_set_and_get(self):
        self.assertIs(self.r.set("name", "Ada"), True)
        self.assertEqual(self.r.get("name"), "Ada")
        self.assertIsNone(self.r.get("nobody"))

    def test_set_with_conditions_and_expiry(self):
        self.assertIs(self.r.set("lock", "1", nx=True, ex=5), True)
        self.assertIsNone(self.r.set("lock", "2", nx=True))
        self.assertIs(self.r.set("session", "v", px=10_000), True)
        self.assertLessEqual(self.r.ttl("session"), 10)

    def test_counters(self):
        self.assertEqual(self.r.incr("n"), 1)
        self.assertEqual(self.r.incr("n", 41), 42)
        self.assertEqual(self.r.decr("n"), 41)
        self.assertEqual(self.r.incrbyfloat("f", 1.5), 1.5)
        self.assertEqual(self.r.get("n"), "41")

    def test_exists_delete_expire(self):
        self.r.mset({"a": 1, "b": 2})
        self.assertEqual(self.r.exists("a", "b", "c"), 2)
        self.assertIs(self.r.expire("a", 100), True)
        self.assertEqual(self.r.ttl("a"), 100)
        self.assertEqual((self.r.ttl("b"), self.r.ttl("c")), (-1, -2))
        self.assertEqual(self.r.delete("a", "c"), 1)
        self.assertEqual(self.r.mget("a", "b"), [None, "2"])

    def test_scan_finds_every_key(self):
        self.r.mset({f"user:{n}": n for n in range(300)})
        self.r.set("other", 1)
        self.assertEqual(len(set(self.r.scan_iter("user:*", count=10))), 300)
        self.assertEqual(sorted(self.r.keys("*")), sorted(self.r.scan_iter()))

    def test_an_error_of_the_server_is_a_response_error(self):
        self.r.set("k", "text")
        with self.assertRaisesRegex(ResponseError, "value is not an integer or out of range"):
            self.r.incr("k")
        with self.assertRaisesRegex(ResponseError, "WRONGTYPE"):
            self.r.lpush("k", "x")
        with self.assertRaises(DataError):
            self.r.set("k", {"no": "bytes"})

    # Collections

    def test_hashes(self):
        self.assertEqual(self.r.hset("h", mapping={"name": "Ada", "age": 36}), 2)
        self.assertEqual(self.r.hget("h", "name"), "Ada")
        self.assertEqual(self.r.hgetall("h"), {"name": "Ada", "age": "36"})
        self.assertEqual(self.r.hincrby("h", "age"), 37)
        self.assertEqual(self.r.hmget("h", "age", "no"), ["37", None])
        self.assertEqual(self.r.hgetall("nokey"), {})

    def test_lists(self):
        self.assertEqual(self.r.lpush("l", "a", "b"), 2)
        self.assertEqual(self.r.rpush("l", "c"), 3)
        self.assertEqual(self.r.lrange("l", 0, -1), ["b", "a", "c"])
        self.assertEqual(self.r.rpop("l"), "c")
        self.assertEqual(self.r.lpop("l", 5), ["b", "a"])
        self.assertIsNone(self.r.rpop("l"))

    def test_sets(self):
        self.assertEqual(self.r.sadd("s", "x", "y", "x"), 2)
        self.assertEqual(set(self.r.smembers("s")), {"x", "y"})
        self.assertTrue(self.r.sismember("s", "x"))
        self.assertFalse(self.r.sismember("s", "z"))
        self.assertEqual(set(self.r.smembers("nokey")), set())

    def test_sorted_sets(self):
        self.assertEqual(self.r.zadd("z", {"a": 1, "b": 2.5}), 2)
        self.assertEqual(self.r.zrange("z", 0, -1), ["a", "b"])
        pairs = self.r.zrange("z", 0, -1, withscores=True)
        self.assertEqual([tuple(pair) for pair in pairs], [("a", 1.0), ("b", 2.5)])
        self.assertEqual(self.r.zscore("z", "b"), 2.5)
        self.assertEqual(self.r.zincrby("z", 2, "a"), 3.0)
        self.assertEqual(self.r.zrevrange("z", 0, 0), ["a"])

    # Pipelines and transactions

    def test_a_pipeline_is_a_transaction(self):
        pipe = self.r.pipeline()
        pipe.set("a", 1).incr("a").get("a")
        self.assertEqual(pipe.execute(), [True, 2, "2"])

    def test_a_pipeline_need_not_be_a_transaction(self):
        pipe = self.r.pipeline(transaction=False)
        for n in range(10_000):
            pipe.rpush("l", n)
        self.assertEqual(pipe.execute(), list(range(1, 10_001)))

    def test_an_error_inside_of_a_pipeline_does_not_stop_it(self):
        for transaction in (True, False):
            with self.subTest(transaction=transaction):
                self.r.set("text", "abc")
                pipe = self.r.pipeline(transaction=transaction)
                pipe.set("a", 1).incr("text").set("b", 2)
                first, error, last = pipe.execute(raise_on_error=False)
                self.assertEqual((first, last), (True, True))
                self.assertIsInstance(error, ResponseError)
                pipe.set("a", 1).incr("text")
                with self.assertRaisesRegex(ResponseError, r"Command # 2 \(INCR.*text.*\)"):
                    pipe.execute()

    def test_a_watched_key_that_changes_is_a_watch_error(self):
        self.r.set("a", 1)
        with self.r.pipeline() as pipe:
            pipe.watch("a")
            self.connect().set("a", 5)
            pipe.multi()
            pipe.set("a", 2)
            with self.assertRaises(WatchError):
                pipe.execute()
        self.assertEqual(self.r.get("a"), "5")

    def test_a_transaction_retries_until_nothing_interferes(self):
        self.r.set("a", 1)

        def add_one(pipe):
            value = int(pipe.get("a"))
            pipe.multi()
            pipe.set("a", value + 1)

        self.assertEqual(self.r.transaction(add_one, "a"), [True])
        self.assertEqual(self.r.get("a"), "2")

    # Publish and subscribe

    def test_a_subscriber_receives_messages(self):
        subscriber = self.r.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.subscribe("news")
        subscriber.psubscribe("user.*")
        kinds = [self.message(subscriber)["type"] for _ in range(2)]
        self.assertEqual(kinds, ["subscribe", "psubscribe"])
        self.assertEqual(self.connect().publish("news", "hello"), 1)
        self.assertEqual(self.connect().publish("user.ada", "login"), 1)
        self.assertEqual(
            self.message(subscriber),
            {"type": "message", "pattern": None, "channel": "news", "data": "hello"},
        )
        self.assertEqual(
            self.message(subscriber),
            {"type": "pmessage", "pattern": "user.*", "channel": "user.ada", "data": "login"},
        )
        subscriber.unsubscribe("news")
        self.assertEqual(self.message(subscriber)["type"], "unsubscribe")
        self.assertEqual(self.connect().publish("news", "again"), 0)

    def message(self, subscriber):
        message = subscriber.get_message(timeout=10)
        self.assertIsNotNone(message, "no message arrives")
        return message

    # Waiting

    def test_brpop_takes_what_is_there(self):
        self.r.lpush("q", "job")
        self.assertEqual(tuple(self.r.brpop("q", timeout=1)), ("q", "job"))

    def test_brpop_is_woken_by_another_client(self):
        woken = []
        waiting = self.connect()

        def wait():
            woken.append(waiting.brpop(["empty", "q"], timeout=30))

        thread = threading.Thread(target=wait)
        thread.start()
        while not any("b" in client["flags"] for client in self.r.client_list()):
            self.assertTrue(thread.is_alive(), "it waits")
        self.r.lpush("q", "job")
        thread.join()
        self.assertEqual(tuple(woken[0]), ("q", "job"))

    def test_brpop_gives_up_in_the_end(self):
        self.assertIsNone(self.r.brpop("none", timeout=0.05))


class Resp2(Basics, unittest.TestCase):
    protocol = 2

    def test_a_subscriber_may_ping(self):
        # In RESP3 the answer is a plain PONG, which redis-py hands out letter by letter.
        subscriber = self.r.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.subscribe("news")
        self.message(subscriber)
        subscriber.ping()
        self.assertEqual(self.message(subscriber)["type"], "pong")


class Resp3(Basics, unittest.TestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
