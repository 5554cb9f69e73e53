"""Real work of kafka-python and aiokafka, one scenario a run: SCENARIO SERVERS PREFIX. Prints what came of it as JSON.

What it makes on the broker begins with PREFIX. See python_clients.ts.
"""

import asyncio
import json
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka import TopicPartition as AioTopicPartition
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import ProducerFenced
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata

TIMEOUT_S = 30
COMPRESSIONS = [None, "gzip", "snappy", "lz4", "zstd"]
# What each of these asks with is other versions of the APIs.
VERSIONS = [(0, 11), (1, 0), (1, 1), (2, 0), (2, 1), (2, 3), (2, 6), (3, 0), (3, 9)]


def make_topic(name, partitions=1):
    admin = KafkaAdminClient(bootstrap_servers=servers)
    try:
        admin.create_topics([NewTopic(name, partitions, 1)])
    finally:
        admin.close()
    return name


def read(topic, count, **config):
    """The values of so many records; fewer when no more come."""
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=TIMEOUT_S * 1000,
        **config,
    )
    try:
        values = []
        for record in consumer:
            values.append(record.value.decode())
            if len(values) == count:
                break
        return values
    finally:
        consumer.close()


def produce(topic, count, **config):
    producer = KafkaProducer(bootstrap_servers=servers, linger_ms=5, **config)
    sent = [producer.send(topic, b"%d" % i, key=b"%d" % i) for i in range(count)]
    producer.flush(TIMEOUT_S)
    producer.close(timeout=TIMEOUT_S)
    return [future.get(TIMEOUT_S).offset for future in sent]


def compression():
    result = {}
    for codec in COMPRESSIONS:
        topic = make_topic(f"{prefix}-{codec}")
        offsets = produce(topic, 20, compression_type=codec)
        result[codec or "none"] = offsets == list(range(20)) and read(topic, 20) == [str(i) for i in range(20)]
    return result


def versions():
    result = {}
    for version in VERSIONS:
        name = ".".join(map(str, version))
        topic = make_topic(f"{prefix}-{name}")
        produce(topic, 5, api_version=version, enable_idempotence=False)
        result[name] = len(read(topic, 5, api_version=version, group_id=topic))
    return result


def transactions():
    topic = make_topic(prefix)
    partition = TopicPartition(topic, 0)
    producer = KafkaProducer(bootstrap_servers=servers, transactional_id=prefix)
    producer.init_transactions()
    for i in range(10):
        producer.begin_transaction()
        producer.send(topic, b"%d" % i)
        producer.send_offsets_to_transaction({partition: OffsetAndMetadata(i, "", -1)}, prefix)
        if i % 2 == 0:
            producer.commit_transaction()
        else:
            producer.abort_transaction()
    producer.close()
    consumer = KafkaConsumer(bootstrap_servers=servers, group_id=prefix)
    committed = consumer.committed(partition)
    consumer.close()
    return {"read_committed": read(topic, 5, isolation_level="read_committed"), "committed": committed}


async def aio_fencing():
    topic = make_topic(prefix)

    async def start():
        producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=prefix, enable_idempotence=True)
        await producer.start()
        return producer

    async def send(producer, value):
        async with producer.transaction():
            await producer.send_and_wait(topic, value, partition=0)

    old = await start()
    await send(old, b"old")
    new = await start()
    try:
        await send(old, b"late")
        fenced = False
    except ProducerFenced:
        fenced = True
    await send(new, b"new")
    await old.stop()
    await new.stop()
    return {"fenced": fenced, "read_committed": read(topic, 2, isolation_level="read_committed")}


async def aio_group():
    """Three members, two of them static, share six partitions by the sticky assignor."""
    topic = make_topic(prefix, 6)
    consumers, seen, tasks = [], [], []

    async def consume(consumer):
        async for record in consumer:
            seen.append(record.value.decode())

    for i in range(3):
        consumer = AIOKafkaConsumer(
            topic,
            bootstrap_servers=servers,
            group_id=prefix,
            group_instance_id=f"member-{i}" if i > 0 else None,
            auto_offset_reset="earliest",
            heartbeat_interval_ms=200,
            partition_assignment_strategy=[StickyPartitionAssignor],
        )
        await consumer.start()
        consumers.append(consumer)
        tasks.append(asyncio.create_task(consume(consumer)))

    async def until_all_is_seen():
        while [len(consumer.assignment()) for consumer in consumers] != [2, 2, 2]:
            await asyncio.sleep(0.05)
        async with AIOKafkaProducer(bootstrap_servers=servers) as producer:
            for i in range(60):
                await producer.send_and_wait(topic, b"%d" % i, partition=i % 6)
        while len(seen) < 60:
            await asyncio.sleep(0.05)

    await asyncio.wait_for(until_all_is_seen(), TIMEOUT_S)
    for task in tasks:
        task.cancel()
    for consumer in consumers:
        await consumer.stop()
    async with AIOKafkaConsumer(bootstrap_servers=servers, group_id=prefix) as consumer:
        committed = [await consumer.committed(AioTopicPartition(topic, i)) for i in range(6)]
    return {"seen": len(set(seen)), "committed": sum(committed)}


SCENARIOS = {
    "compression": compression,
    "versions": versions,
    "transactions": transactions,
    "aio_fencing": lambda: asyncio.run(aio_fencing()),
    "aio_group": lambda: asyncio.run(aio_group()),
}

scenario, servers, prefix = sys.argv[1:]
print(json.dumps(SCENARIOS[scenario]()))
