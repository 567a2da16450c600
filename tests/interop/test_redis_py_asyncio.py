"""redis-py's asyncio client, on the server under test, in RESP2 and in RESP3."""

import asyncio
import unittest

import redis.asyncio as redis
from redis.exceptions import ResponseError, WatchError

from server import Server


class Basics:
    """The snippets; `protocol` is the version of RESP that clients ask for."""

    protocol = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    async def asyncSetUp(self):
        self.r = self.connect()
        await self.r.flushall()

    def connect(self, **options):
        options = {"decode_responses": True, "protocol": self.protocol, **options}
        client = redis.Redis(host="localhost", port=self.server.port, **options)
        self.addAsyncCleanup(client.aclose)
        return client

    async def waits(self):
        """Returns when a client waits in a blocking command."""
        while (await self.r.info("clients"))["blocked_clients"] == 0:
            await asyncio.sleep(0.01)

    async def test_commands_run_side_by_side(self):
        self.assertIs(await self.r.set("name", "Ada"), True)
        self.assertEqual(await self.r.get("name"), "Ada")
        counts = await asyncio.gather(*(self.r.incr("n") for _ in range(80)))
        self.assertEqual(sorted(counts), list(range(1, 81)))
        with self.assertRaisesRegex(ResponseError, "WRONGTYPE"):
            await self.r.lpush("name", "x")

    async def test_pipelines_and_transactions(self):
        async with self.r.pipeline(transaction=True) as pipe:
            replies = await pipe.set("a", 1).incr("a").hset("h", mapping={"f": "v"}).execute()
        self.assertEqual(replies, [True, 2, 1])
        async with self.r.pipeline() as pipe:
            await pipe.watch("a")
            await self.connect().set("a", 9)
            pipe.multi()
            pipe.set("a", 3)
            with self.assertRaises(WatchError):
                await pipe.execute()
        self.assertEqual(await self.r.get("a"), "9")

    async def test_a_waiting_client_is_woken_by_another(self):
        async with asyncio.timeout(20):
            popped = asyncio.create_task(self.connect().blpop(["empty", "jobs"], timeout=0))
            await self.waits()
            await self.r.rpush("jobs", "resize")
            self.assertEqual(tuple(await popped), ("jobs", "resize"))

    async def test_those_who_wait_are_served_in_the_order_in_which_they_came(self):
        async with asyncio.timeout(20):
            tasks = []
            for number in range(1, 4):
                tasks.append(asyncio.create_task(self.connect().brpop("jobs", timeout=0)))
                while (await self.r.info("clients"))["blocked_clients"] < number:
                    await asyncio.sleep(0.01)
            await self.r.rpush("jobs", "1")
            await self.r.rpush("jobs", "2")
            await self.r.rpush("jobs", "3")
            served = [(await task)[1] for task in tasks]
            self.assertEqual(served, ["1", "2", "3"])

    async def test_a_subscriber_listens(self):
        async with asyncio.timeout(20):
            async with self.r.pubsub() as subscriber:
                await subscriber.subscribe("news")
                await subscriber.psubscribe("user.*")
                await subscriber.ssubscribe("shard")
                received = []
                sent = False
                async for message in subscriber.listen():
                    received.append((message["type"], message["channel"], message["data"]))
                    if len(received) == 3 and not sent:
                        sent = True
                        await self.r.publish("news", "hello")
                        await self.r.publish("user.ada", "login")
                        await self.r.spublish("shard", "near")
                    if len(received) == 6:
                        break
        self.assertEqual(
            sorted(received[3:]),
            [
                ("message", "news", "hello"),
                ("pmessage", "user.ada", "login"),
                ("smessage", "shard", "near"),
            ],
        )

    async def test_iterators_find_everything(self):
        await self.r.mset({f"user:{n}": n for n in range(300)})
        keys = {key async for key in self.r.scan_iter("user:*", count=20)}
        self.assertEqual(len(keys), 300)
        await self.r.zadd("z", {f"m{n}": n for n in range(300)})
        scores = [score async for _, score in self.r.zscan_iter("z")]
        self.assertEqual(sum(scores), 299 * 300 / 2)


class Resp2(Basics, unittest.IsolatedAsyncioTestCase):
    protocol = 2


class Resp3(Basics, unittest.IsolatedAsyncioTestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
