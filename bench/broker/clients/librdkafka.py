"""Fills a topic or reads it with librdkafka, and prints MB/s: COMMAND ADDRESS TOPIC RECORDS BYTES."""

import sys
import time

from confluent_kafka import Consumer, Producer, TopicPartition

what, address, topic, records, size = sys.argv[1:4] + [int(arg) for arg in sys.argv[4:6]]


def produce():
    producer = Producer(
        {
            "bootstrap.servers": address,
            "acks": "all",
            "queue.buffering.max.messages": 1_000_000,
            "queue.buffering.max.kbytes": 2_097_151,
        }
    )
    failures = []

    def on_delivery(error, _):
        if error is not None:
            failures.append(error)

    value = b"x" * size
    start = time.perf_counter()
    for _ in range(records):
        while True:
            try:
                producer.produce(topic, value, on_delivery=on_delivery)
                break
            except BufferError:
                producer.poll(0.01)
        producer.poll(0)
    producer.flush()
    took = time.perf_counter() - start
    if failures:
        sys.exit(f"{len(failures)} records failed: {failures[0]}")
    return took


def consume():
    consumer = Consumer(
        {"bootstrap.servers": address, "group.id": f"bench-{time.time_ns()}", "enable.auto.commit": False}
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    seen = 0
    start = None
    while seen < records:
        for message in consumer.consume(10_000, timeout=10):
            if message.error() is not None:
                sys.exit(str(message.error()))
            # From the first record on, as Kafka's own tool counts its fetching.
            start = start or time.perf_counter()
            seen += 1
    took = time.perf_counter() - start
    consumer.close()
    return took


print(records * size / 2**20 / (produce() if what == "produce" else consume()))
