"""The application of the tests with a real worker: KEYSPACE_PORT is the server's, both its ends import it."""

import os
import time

from celery import Celery

URL = f"redis://127.0.0.1:{os.environ['KEYSPACE_PORT']}"

app = Celery("celery_app", broker=f"{URL}/0", backend=f"{URL}/1")
# Short, so that a test sees what a killed worker had come back.
app.conf.broker_transport_options = {"visibility_timeout": 2}


@app.task
def add(x, y):
    return x + y


@app.task
def total(numbers):
    return sum(numbers)


@app.task(bind=True, max_retries=3)
def succeeds_at_second(self, value):
    if self.request.retries < 1:
        raise self.retry(exc=ValueError("not yet"), countdown=0.1)
    return value


@app.task
def fails():
    raise KeyError("missing")


@app.task(acks_late=True)
def sleeps(seconds):
    time.sleep(seconds)
    return "awake"
