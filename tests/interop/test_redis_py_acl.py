"""Users as redis-py makes them: commands, keys, channels, selectors, what DRYRUN and the log say."""

import unittest

from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError
from redis.retry import Retry

from redis_py import Snippets

# A wrong password stays wrong.
ONCE = Retry(NoBackoff(), 0)


class Users(Snippets):
    """The snippets, for a version of RESP."""

    def setUp(self):
        super().setUp()
        self.r.acl_log_reset()
        for user in set(self.r.acl_users()) - {"default"}:
            self.r.acl_deluser(user)

    def make(self, username, **rules):
        """A user with a password, and a client that has logged in as it."""
        self.r.acl_setuser(username, enabled=True, passwords=["+secret"], **rules)
        return self.connect(username=username, password="secret", retry=ONCE)

    def refused(self, what, *args, **options):
        with self.assertRaisesRegex(NoPermissionError, "(?i)no permissions"):
            what(*args, **options)

    def test_a_new_user_is_off_and_may_do_nothing(self):
        self.assertIs(self.r.acl_setuser("ada"), True)
        user = self.r.acl_getuser("ada")
        self.assertIn("off", user["flags"])
        self.assertEqual(
            (user["passwords"], user["categories"], user["keys"], user["channels"]),
            ([], ["-@all"], [], []),
        )
        self.assertIsNone(self.r.acl_getuser("nobody"))

    def test_whoever_logs_in_is_that_user(self):
        ada = self.make("ada", commands=["+acl|whoami"])
        self.assertEqual(ada.acl_whoami(), "ada")
        self.assertEqual(self.r.acl_whoami(), "default")
        self.assertEqual(sorted(self.r.acl_users()), ["ada", "default"])
        self.assertTrue(any(line.startswith("user ada on") for line in self.r.acl_list()))

    def test_a_wrong_password_is_refused_and_logged(self):
        self.make("ada")
        with self.assertRaisesRegex(AuthenticationError, "invalid username-password pair"):
            self.connect(username="ada", password="wrong", retry=ONCE).ping()
        (entry,) = self.r.acl_log()
        self.assertEqual((entry["reason"], entry["username"], entry["count"]), ("auth", "ada", 1))

    def test_passwords_are_added_removed_and_kept_as_digests(self):
        self.make("ada", commands=["+ping"])
        self.r.acl_setuser("ada", enabled=True, passwords=["+other"], reset_passwords=False)
        self.assertEqual({len(digest) for digest in self.r.acl_getuser("ada")["passwords"]}, {64})
        self.assertEqual(len(self.r.acl_getuser("ada")["passwords"]), 2)
        self.r.acl_setuser("ada", enabled=True, passwords=["-secret"])
        self.assertIs(self.connect(username="ada", password="other", retry=ONCE).ping(), True)
        with self.assertRaises(AuthenticationError):
            self.connect(username="ada", password="secret", retry=ONCE).ping()

    def test_commands_are_permitted_one_by_one(self):
        ada = self.make("ada", commands=["+get", "+config|get"], keys=["*"])
        self.assertIsNone(ada.get("k"))
        self.assertEqual(ada.config_get("port"), {"port": str(self.server.port)})
        self.refused(ada.set, "k", "v")
        self.refused(ada.config_set, "maxmemory", "0")

    def test_categories_permit_and_forbid_many_at_once(self):
        ada = self.make("ada", categories=["+@all", "-@dangerous"], keys=["*"])
        self.assertIs(ada.set("k", "v"), True)
        self.refused(ada.flushall)
        self.refused(ada.keys, "*")
        self.assertIn("dangerous", self.r.acl_cat())
        self.assertIn("flushall", self.r.acl_cat("dangerous"))
        with self.assertRaisesRegex(ResponseError, "Unknown category"):
            self.r.acl_cat("nosuch")

    def test_keys_are_permitted_by_pattern(self):
        ada = self.make("ada", categories=["+@all"], keys=["shop:*"])
        self.assertIs(ada.set("shop:1", "v"), True)
        self.refused(ada.get, "bank:1")
        self.refused(ada.mset, {"shop:2": "v", "bank:2": "v"})
        self.assertIsNone(self.r.get("shop:2"))
        self.assertEqual(self.r.acl_getuser("ada")["keys"], ["~shop:*"])

    def test_keys_can_be_for_reading_or_writing_alone(self):
        self.r.acl_setuser("ada", enabled=True, passwords=["+secret"], categories=["+@all"])
        self.r.execute_command("ACL SETUSER", "ada", "%R~in:*", "%W~out:*")
        ada = self.connect(username="ada", password="secret", retry=ONCE)
        self.r.set("in:1", "v")
        self.assertIs(ada.copy("in:1", "out:1"), True)
        self.refused(ada.set, "in:1", "other")
        self.refused(ada.get, "out:1")

    def test_channels_are_permitted_by_pattern(self):
        ada = self.make("ada", categories=["+@all"], channels=["news.*"])
        self.assertEqual(ada.publish("news.today", "hello"), 0)
        self.refused(ada.publish, "gossip", "hello")
        subscriber = ada.pubsub()
        self.addCleanup(subscriber.close)
        subscriber.psubscribe("news.*")
        self.assertEqual(subscriber.get_message(timeout=10)["type"], "psubscribe")

    def test_selectors_are_permissions_beside_each_other(self):
        ada = self.make(
            "ada",
            commands=["+get"],
            keys=["read:*"],
            selectors=[("+set", "~write:*")],
        )
        self.assertIsNone(ada.get("read:1"))
        self.assertIs(ada.set("write:1", "v"), True)
        self.refused(ada.set, "read:1", "v")
        self.refused(ada.get, "write:1")
        (selector,) = self.r.acl_getuser("ada")["selectors"]
        if not isinstance(selector, dict):
            selector = dict(zip(selector[::2], selector[1::2]))
        self.assertEqual((selector["commands"], selector["keys"]), ("-@all +set", "~write:*"))

    def test_dryrun_says_what_a_user_may_do(self):
        self.make("ada", commands=["+get"], keys=["shop:*"])
        self.assertEqual(self.r.acl_dryrun("ada", "get", "shop:1"), "OK")
        self.assertRegex(self.r.acl_dryrun("ada", "get", "bank:1"), "access the 'bank:1' key")
        self.assertRegex(self.r.acl_dryrun("ada", "set", "shop:1", "v"), "run the 'set' command")
        with self.assertRaisesRegex(ResponseError, "User 'nobody' not found"):
            self.r.acl_dryrun("nobody", "get", "shop:1")

    def test_the_log_tells_what_was_refused(self):
        ada = self.make("ada", commands=["+get"], keys=["shop:*"])
        ada.get("shop:1")
        # redis-py says its name when it connects, which is refused, too.
        self.r.acl_log_reset()
        self.refused(ada.get, "bank:1")
        self.refused(ada.set, "shop:1", "v")
        self.refused(ada.set, "shop:1", "v")
        command, key = self.r.acl_log()
        told = [(entry["reason"], entry["object"], entry["count"]) for entry in (command, key)]
        self.assertEqual(told, [("command", "set", 2), ("key", "bank:1", 1)])
        self.assertEqual((command["username"], command["context"]), ("ada", "toplevel"))
        client = command["client-info"]
        if not isinstance(client, dict):
            client = dict(field.split("=", 1) for field in client.split())
        self.assertEqual((client["user"], client["cmd"]), ("ada", "set"))
        self.assertEqual(len(self.r.acl_log(1)), 1)
        self.assertIs(self.r.acl_log_reset(), True)
        self.assertEqual(self.r.acl_log(), [])

    def test_a_transaction_with_a_refused_command_runs_nothing(self):
        ada = self.make("ada", categories=["+@all", "-@dangerous"], keys=["*"])
        with self.assertRaises(NoPermissionError):
            ada.pipeline().set("k", "v").flushall().execute()
        self.assertIsNone(self.r.get("k"))

    def test_a_script_may_do_what_its_caller_may(self):
        ada = self.make("ada", commands=["+eval", "+get"], keys=["shop:*"])
        self.assertIsNone(ada.eval("return redis.call('get', KEYS[1])", 1, "shop:1"))
        with self.assertRaisesRegex(ResponseError, "ACL failure in script|can't run this command"):
            ada.eval("return redis.call('set', KEYS[1], 'v')", 1, "shop:1")

    def test_who_is_deleted_is_disconnected(self):
        ada = self.make("ada", commands=["+client|id"])
        ada_id = ada.client_id()
        self.assertEqual(self.r.acl_deluser("ada", "nobody"), 1)
        self.until("ada is gone", lambda: not self.r.client_list(client_id=[ada_id]))
        with self.assertRaises(AuthenticationError):
            ada.client_id()

    def test_passwords_are_made_up(self):
        self.assertEqual((len(self.r.acl_genpass()), len(self.r.acl_genpass(5))), (64, 2))


class Resp2(Users, unittest.TestCase):
    protocol = 2


class Resp3(Users, unittest.TestCase):
    protocol = 3


if __name__ == "__main__":
    unittest.main()
