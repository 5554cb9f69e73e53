"""confluent-kafka, so librdkafka: a thread that replies; the main thread requests and reads its replies."""

import json
import os
import sys
import threading
import time
import uuid

import confluent_kafka
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

WARM_UP = 2_000
PAYLOAD = b"x" * 64

broker, n = sys.argv[1], int(sys.argv[2])
requests = f"confluent-{uuid.uuid4().hex[:8]}"
replies = f"{requests}.reply"


def new_producer():
    return Producer({
        "bootstrap.servers": broker,
        "acks": "1",
        "linger.ms": 0,
        "enable.idempotence": False,
        "socket.nagle.disable": True,
    })


def new_consumer(group):
    return Consumer({
        "bootstrap.servers": broker,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "fetch.min.bytes": 1,
        "fetch.wait.max.ms": 500,
        "socket.nagle.disable": True,
    })


def reply():
    producer, consumer = new_producer(), new_consumer(f"{requests}.replier")
    consumer.subscribe([requests])
    while True:
        message = consumer.poll(1)
        if message is not None and not message.error():
            producer.produce(replies, message.value(), message.key())
            producer.poll(0)


admin = AdminClient({"bootstrap.servers": broker})
for created in admin.create_topics([NewTopic(requests, 1, 1), NewTopic(replies, 1, 1)]).values():
    created.result()

started_at = time.perf_counter()
threading.Thread(target=reply, daemon=True).start()
producer = new_producer()
consumer = new_consumer(f"{requests}.requester")
consumer.assign([TopicPartition(replies, 0, 0)])


def send(key):
    producer.produce(requests, PAYLOAD, key)
    producer.poll(0)


def call(key):
    send(key)
    while True:
        message = consumer.poll(1)
        if message is not None and not message.error() and message.key() == key:
            return


def calls_per_s(in_flight, total):
    waiting = set()
    sent = answered = 0
    start = time.perf_counter()
    while answered < total:
        while len(waiting) < in_flight and sent < total:
            key = b"c%d-%d" % (in_flight, sent)
            waiting.add(key)
            send(key)
            sent += 1
        message = consumer.poll(0.5)
        if message is not None and not message.error() and message.key() in waiting:
            waiting.remove(message.key())
            answered += 1
    return total / (time.perf_counter() - start)


call(b"first")
first_reply_ms = (time.perf_counter() - started_at) * 1000
for i in range(WARM_UP):
    call(b"w%d" % i)

latencies = []
serial_start = time.perf_counter()
for i in range(n):
    sent_at = time.perf_counter()
    call(b"s%d" % i)
    latencies.append((time.perf_counter() - sent_at) * 1000)
serial_s = time.perf_counter() - serial_start
latencies.sort()

print(
    json.dumps({
        "peer": "confluent-kafka",
        "version": f"{confluent_kafka.__version__} (librdkafka {confluent_kafka.libversion()[0]})",
        "firstReplyMs": first_reply_ms,
        "serialP50Ms": latencies[n // 2],
        "serialP99Ms": latencies[n * 99 // 100],
        "calls1PerS": n / serial_s,
        "calls64PerS": calls_per_s(64, 20 * n),
        "calls512PerS": calls_per_s(512, 40 * n),
    }),
    flush=True,
)
os._exit(0)  # the replier's thread never ends
