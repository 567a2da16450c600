"""Streams, expiring fields, functions of newer servers and redis-py's own cache."""

import unittest

import redis
from redis.cache import CacheConfig
from redis.exceptions import ResponseError

from redis_py import Snippets


class Features(Snippets):
    """The snippets, for a version of RESP."""

    # Streams

    def read(self, reply):
        """The entries of the one stream in a reply, which is a map in RESP3."""
        if isinstance(reply, dict):
            (entries,) = reply["s"]
            return entries
        ((_, entries),) = reply
        return entries

    def test_entries_are_added_read_and_trimmed(self):
        ids = [self.r.xadd("s", {"n": n}) for n in range(5)]
        self.assertEqual(self.r.xlen("s"), 5)
        self.assertEqual(self.r.xrange("s", count=1), [(ids[0], {"n": "0"})])
        self.assertEqual(self.r.xrevrange("s", count=1), [(ids[4], {"n": "4"})])
        entries = self.read(self.r.xread({"s": ids[2]}))
        self.assertEqual([entry[0] for entry in entries], ids[3:])
        self.assertEqual(self.r.xtrim("s", maxlen=2, approximate=False), 3)
        self.assertEqual(self.r.xdel("s", ids[3]), 1)
        info = self.r.xinfo_stream("s")
        self.assertEqual((info["length"], info["last-generated-id"]), (1, ids[4]))

    def test_a_group_gives_each_entry_to_one_consumer(self):
        ids = [self.r.xadd("s", {"n": n}) for n in range(3)]
        self.assertIs(self.r.xgroup_create("s", "g", id="0"), True)
        with self.assertRaisesRegex(ResponseError, "BUSYGROUP"):
            self.r.xgroup_create("s", "g")
        first = self.read(self.r.xreadgroup("g", "ada", {"s": ">"}, count=1))
        self.assertEqual(first[0][0], ids[0])
        self.r.xreadgroup("g", "bob", {"s": ">"})
        pending = self.r.xpending("s", "g")
        self.assertEqual((pending["pending"], pending["min"]), (3, ids[0]))
        details = self.r.xpending_range("s", "g", "-", "+", 10, consumername="bob")
        self.assertEqual([detail["message_id"] for detail in details], ids[1:])
        self.assertEqual(self.r.xack("s", "g", ids[0]), 1)
        claimed = self.r.xautoclaim("s", "g", "ada", min_idle_time=0)
        self.assertEqual([entry[0] for entry in claimed[1]], ids[1:])
        consumers = {one["name"]: one["pending"] for one in self.r.xinfo_consumers("s", "g")}
        self.assertEqual(consumers, {"ada": 2, "bob": 0})

    def test_a_reader_that_waits_in_vain_is_told_so(self):
        self.r.xgroup_create("s", "g", mkstream=True)
        self.assertFalse(self.r.xread({"s": "$"}, block=10))
        self.assertFalse(self.r.xreadgroup("g", "ada", {"s": ">"}, block=10))

    # Expiry of fields

    def test_fields_of_a_hash_expire_by_themselves(self):
        self.r.hset("h", mapping={"a": 1, "b": 2})
        self.assertEqual(self.r.hexpire("h", 100, "a", "none"), [1, -2])
        self.assertEqual(self.r.httl("h", "a", "b"), [100, -1])
        self.assertEqual(self.r.hpersist("h", "a"), [1])
        self.assertEqual(self.r.hsetex("h", "c", "3", px=5), 1)
        self.until("the field is gone", lambda: not self.r.hexists("h", "c"))
        self.assertEqual(self.r.hgetdel("h", "a"), ["1"])
        self.assertEqual(self.r.hgetex("h", "b", ex=50), ["2"])

    # Sorted sets, bits, places, sketches

    def test_other_types(self):
        self.r.setbit("bits", 7, 1)
        self.assertEqual(self.r.bitcount("bits"), 1)
        self.assertEqual(self.r.bitfield("bits").incrby("u8", 0, 1).execute(), [2])
        self.r.pfadd("seen", "a", "b", "c", "a")
        self.assertEqual(self.r.pfcount("seen"), 3)
        self.r.geoadd("places", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania"))
        self.assertAlmostEqual(
            float(self.r.geodist("places", "Palermo", "Catania", "km")), 166.2742, places=3
        )
        self.r.zadd("z", {"a": 1, "b": 2, "c": 3})
        self.assertEqual(self.r.zrange("z", 2, "inf", byscore=True), ["b", "c"])
        self.assertEqual(self.r.zinter(["z", "z"]), ["a", "b", "c"])
        self.assertEqual(self.r.zpopmin("z")[0][0], "a")

    def test_a_value_travels_by_dump_and_restore(self):
        self.r.rpush("l", *range(200))
        raw = self.connect(decode_responses=False)
        raw.restore("copy", 0, raw.dump("l"))
        self.assertEqual(self.r.lrange("copy", 0, -1), self.r.lrange("l", 0, -1))

    # Clients

    def test_a_client_that_was_cut_off_connects_again(self):
        other = self.connect(client_name="victim")
        other.ping()
        victims = [one for one in self.r.client_list() if one["name"] == "victim"]
        self.assertEqual(self.r.client_kill_filter(_id=victims[0]["id"]), 1)
        self.assertIs(other.ping(), True)

    def test_another_client_is_unblocked(self):
        waiting = self.connect(single_connection_client=True)
        number = waiting.client_id()
        connection = waiting.connection
        connection.send_command("BLPOP", "none", 0)
        self.until("it waits", lambda: self.r.info("clients")["blocked_clients"] == 1)
        self.assertEqual(self.r.client_unblock(number, error=True), 1)
        with self.assertRaisesRegex(ResponseError, "UNBLOCKED"):
            waiting.parse_response(connection, "BLPOP")


class Resp2(Features, unittest.TestCase):
    protocol = 2


class Resp3(Features, unittest.TestCase):
    protocol = 3

    def test_a_cached_value_is_read_once_until_somebody_changes_it(self):
        cached = self.connect(cache_config=CacheConfig(max_size=100))
        self.r.set("k", "1")
        self.assertEqual((cached.get("k"), cached.get("k")), ("1", "1"))
        self.assertEqual(cached.get_cache().size, 1)
        self.r.config_resetstat()
        cached.get("k")
        self.assertNotIn("cmdstat_get", self.r.info("commandstats"))
        self.r.set("k", "2")
        self.until("the change is known", lambda: cached.get("k") == "2")


if __name__ == "__main__":
    unittest.main()
