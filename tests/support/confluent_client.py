"""Real work of confluent-kafka (librdkafka), one scenario a run: SCENARIO SERVERS PREFIX. Prints what came of it as JSON.

What it makes on the broker begins with PREFIX. See confluent_client.ts.
"""

import json
import sys
import time

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    ConsumerGroupTopicPartitions,
    KafkaError,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
)

TIMEOUT_S = 30
COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"]


def results(futures):
    return {name: future.result(TIMEOUT_S) for name, future in futures.items()}


def make_topic(name, partitions=1):
    results(admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1)]))


def until(holds, *, poll):
    end = time.monotonic() + TIMEOUT_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("not so in time")
        poll()


def produce(values, topic, **config):
    """Produces, and waits for all deliveries. Gives the offsets."""
    offsets = []

    def delivered(error, message):
        if error is not None:
            raise RuntimeError(str(error))
        offsets.append(message.offset())

    producer = Producer({"bootstrap.servers": servers, "linger.ms": 5, **config})
    for key, value in values:
        producer.produce(topic, value, key, on_delivery=delivered)
    if producer.flush(TIMEOUT_S) != 0:
        raise TimeoutError("not delivered in time")
    return offsets


def consume(topic, count, **config):
    """Reads so many records from the beginning."""
    consumer = Consumer(
        {"bootstrap.servers": servers, "group.id": f"{prefix}-reader", "enable.auto.commit": False, **config}
    )
    partitions = consumer.list_topics(topic, TIMEOUT_S).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions])
    found = []

    def poll():
        message = consumer.poll(0.2)
        if message is not None:
            if message.error():
                raise RuntimeError(str(message.error()))
            found.append(message.value().decode())

    until(lambda: len(found) >= count, poll=poll)
    poll()
    consumer.close()
    return found


def compression():
    topic = f"{prefix}-compressed"
    make_topic(topic)
    for codec in COMPRESSIONS:
        values = [(str(i), f"{codec} {i} " + "x" * 200) for i in range(20)]
        produce(values, topic, **{"compression.type": codec, "enable.idempotence": codec != "none"})
    found = consume(topic, 20 * len(COMPRESSIONS))
    return {codec: sum(value.startswith(codec) for value in found) for codec in COMPRESSIONS}


def group(strategy):
    topic = f"{prefix}-{strategy}"
    make_topic(topic, 4)
    seen = []

    def member():
        consumer = Consumer(
            {
                "bootstrap.servers": servers,
                "group.id": topic,
                "auto.offset.reset": "earliest",
                "partition.assignment.strategy": strategy,
                "heartbeat.interval.ms": 200,
                "enable.auto.commit": False,
            }
        )
        consumer.subscribe([topic])
        return consumer

    def poll(*consumers):
        for consumer in consumers:
            message = consumer.poll(0.05)
            if message is not None and not message.error():
                seen.append(message.value().decode())
                consumer.commit(message, asynchronous=False)

    first = member()
    until(lambda: len(first.assignment()) == 4, poll=lambda: poll(first))
    second = member()
    both = (first, second)
    until(lambda: sorted(len(one.assignment()) for one in both) == [2, 2], poll=lambda: poll(*both))
    produce([(str(i), str(i)) for i in range(40)], topic)
    until(lambda: len(seen) >= 40, poll=lambda: poll(*both))
    second.close()
    until(lambda: len(first.assignment()) == 4, poll=lambda: poll(first))
    committed = first.committed([TopicPartition(topic, partition) for partition in range(4)], TIMEOUT_S)
    first.close()
    return {
        "seen": len(set(seen)),
        "doubled": len(seen) - len(set(seen)),
        "committed": sum(max(partition.offset, 0) for partition in committed),
    }


def transactions():
    source, target = f"{prefix}-source", f"{prefix}-target"
    make_topic(source)
    make_topic(target)
    produce([(None, str(i)) for i in range(10)], source)
    reader = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"{prefix}-transactions",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    reader.subscribe([source])
    producer = Producer({"bootstrap.servers": servers, "transactional.id": f"{prefix}-id"})
    producer.init_transactions(TIMEOUT_S)
    done = 0

    def step():
        """Doubles a number; every third time it first fails, and all of it is undone."""
        nonlocal done
        message = reader.poll(0.2)
        if message is None or message.error():
            return
        for is_committed in ([False, True] if done % 3 == 0 else [True]):
            producer.begin_transaction()
            value = str(2 * int(message.value())) if is_committed else "aborted"
            producer.produce(target, value)
            position = [TopicPartition(source, 0, message.offset() + 1)]
            producer.send_offsets_to_transaction(position, reader.consumer_group_metadata(), TIMEOUT_S)
            if is_committed:
                producer.commit_transaction(TIMEOUT_S)
            else:
                producer.flush(TIMEOUT_S)
                producer.abort_transaction(TIMEOUT_S)
        done += 1

    until(lambda: done == 10, poll=step)
    committed = reader.committed([TopicPartition(source, 0)], TIMEOUT_S)[0].offset
    reader.close()
    fenced = Producer({"bootstrap.servers": servers, "transactional.id": f"{prefix}-id"})
    fenced.init_transactions(TIMEOUT_S)
    producer.begin_transaction()
    producer.produce(target, "late")
    error = None
    try:
        producer.commit_transaction(TIMEOUT_S)
    except Exception as raised:  # what it is, is the result
        error = raised.args[0].code()
    return {
        "read_committed": consume(target, 10, **{"isolation.level": "read_committed"}),
        "aborted": consume(target, 14, **{"isolation.level": "read_uncommitted"}).count("aborted"),
        "committed": committed,
        "fenced": error in (KafkaError._FENCED, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH),
    }


def administration():
    topic, group_id = f"{prefix}-admin", f"{prefix}-admin-group"
    make_topic(topic)
    results(admin.create_partitions([NewPartitions(topic, 3)]))
    resource = ConfigResource(
        ConfigResource.Type.TOPIC,
        topic,
        incremental_configs=[ConfigEntry("retention.ms", "60000", incremental_operation=AlterConfigOpType.SET)],
    )
    results(admin.incremental_alter_configs([resource]))
    described = results(admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, topic)]))
    produce([(None, str(i)) for i in range(5)], topic, **{"partitioner": "consistent"})
    partitions = [TopicPartition(topic, partition) for partition in range(3)]
    ends = results(admin.list_offsets({partition: OffsetSpec.latest() for partition in partitions}))
    position = [TopicPartition(topic, 0, 2)]
    altered = results(admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id, position)]))
    listed = results(admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group_id)]))
    groups = admin.list_consumer_groups().result(TIMEOUT_S)
    group = results(admin.describe_consumer_groups([group_id]))[group_id]
    results(admin.delete_consumer_groups([group_id]))
    full = next(partition for partition, end in ends.items() if end.offset > 0)
    removed = results(admin.delete_records([TopicPartition(topic, full.partition, 1)]))
    cluster = admin.describe_cluster().result(TIMEOUT_S)
    results(admin.delete_topics([topic]))
    return {
        "retention": next(iter(described.values()))["retention.ms"].value,
        "produced": sum(end.offset for end in ends.values()),
        "altered": altered[group_id].topic_partitions[0].error is None,
        "offsets": [partition.offset for partition in listed[group_id].topic_partitions],
        "listed": any(found.group_id == group_id for found in groups.valid),
        "state": group.state.name,
        "low": [found.low_watermark for found in removed.values()],
        "nodes": len(cluster.nodes),
    }


SCENARIOS = {
    "compression": compression,
    "eager": lambda: group("range"),
    "cooperative": lambda: group("cooperative-sticky"),
    "transactions": transactions,
    "admin": administration,
}

scenario, servers, prefix = sys.argv[1:]
admin = AdminClient({"bootstrap.servers": servers})
print(json.dumps(SCENARIOS[scenario]()))
