"""The application whose tasks the simulated ends know, for real ones: KEYSPACE_PORT is the server's."""

import os
import time

from celery import Celery

URL = f"redis://127.0.0.1:{os.environ['KEYSPACE_PORT']}"

app = Celery("app", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.result_extended = True
# Short, so that a test sees what a killed worker had come back.
app.conf.broker_transport_options = {"visibility_timeout": 2}


@app.task(name="app.add")
def add(x, y):
    return x + y


@app.task(name="app.xsum")
def xsum(xs):
    return sum(xs)


@app.task(name="app.slow", acks_late=True)
def slow(seconds):
    time.sleep(seconds)
    return f"slept {seconds}"
