import assert from "node:assert/strict";
import { MemoryStorage } from "../../../../src/broker/state/memory_storage.ts";
import { type Storage, StorageError } from "../../../../src/broker/state/storage.ts";
import { TailPool } from "../../../../src/broker/state/tail.ts";
import { Topics } from "../../../../src/broker/state/topics.ts";

const JOURNAL = "journals/topics.log";

function opened(storage: Storage): { topics: Topics; notes: readonly string[] } {
  const topics = new Topics({
    storage,
    tails: new TailPool(0, 0),
    defaults: () => ({}),
    producers: { max: 10, expirationMs: 86_400_000 },
    fsync: false,
  });
  const { notes } = topics.open(0);
  return { topics, notes };
}

/** A topic with something in its folder. @returns its id */
function create(storage: Storage, topics: Topics, name: string): string {
  const { topicId } = topics.create(name, 1, new Map());
  storage.open(`topics/${topicId}/0/00000000000000000000.log`);
  return topicId;
}

Deno.test("Topics.open() keeps the records of a topic whose line in the journal is damaged, and says so", () => {
  using storage = new MemoryStorage();
  const topicId = create(storage, opened(storage).topics, "t");
  const bytes = storage.readAll(JOURNAL) ?? assert.fail("there is no journal");
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  storage.replace(JOURNAL, bytes);
  for (let start = 0; start < 2; start++) {
    const { topics, notes } = opened(storage);
    assert.equal(topics.size, 0);
    assert.deepEqual(storage.list("topics"), [topicId]);
    assert.match(notes.join("\n"), new RegExp(`topics/${topicId}.*left as it is`));
  }
});

Deno.test("Topics.delete() has deleted a topic whose files the disk keeps: the next start takes them away", () => {
  using storage = new MemoryStorage();
  const { topics } = opened(storage);
  const [kept, deleted] = [create(storage, topics, "kept"), create(storage, topics, "deleted")];
  const remove = storage.remove.bind(storage);
  storage.remove = () => {
    throw new StorageError("the disk keeps it");
  };
  const topic = topics.byId(deleted) ?? assert.fail("it is not there");
  topics.delete(topic);
  assert.equal(topics.get("deleted"), undefined);
  assert.deepEqual(storage.list("topics").toSorted(), [kept, deleted].toSorted());
  storage.remove = remove;
  const { notes } = opened(storage);
  assert.deepEqual(storage.list("topics"), [kept]);
  assert.deepEqual(notes, []);
});
