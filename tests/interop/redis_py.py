"""What tests of redis-py share: a server for each class, and clients of one version of RESP."""

import time

import redis

from server import Server


class Snippets:
    """To be inherited beside unittest.TestCase; `protocol` is the version of RESP to ask for."""

    protocol = None

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.r = self.connect()
        self.r.flushall()

    def connect(self, **options):
        options = {"decode_responses": True, "protocol": self.protocol, **options}
        client = redis.Redis(host="localhost", port=self.server.port, db=0, **options)
        self.addCleanup(client.close)
        return client

    def until(self, what, condition):
        deadline = time.monotonic() + 10
        while not condition():
            self.assertLess(time.monotonic(), deadline, f"this did not come true: {what}")
            time.sleep(0.01)
