/**
 * The worker that asks for a participant: it holds the Requester, and what else the terminal wants to know of the
 * broker.
 *
 * @module
 */
import { describeError, KafkaError, ReplyError, RequestTimeoutError } from "../../base/errors.ts";
import { workerSide } from "../../base/worker_side.ts";
import { Admin } from "../../kafka/admin.ts";
import { Requester } from "../../toolkit/requester.ts";
import { CHAT_PARTITIONS, FROM_HEADER, participantOfGroup, replyTopic, requestTopic } from "./names.ts";
import type { FromSender, Member, Start, ToSender } from "./protocol.ts";

const { post, close } = workerSide<ToSender, FromSender>(handle);

/** What a started sender has. */
interface Sender {
  readonly name: string;
  readonly requester: Requester;
  readonly admin: Admin;
  /** Topics that are known to be there. */
  readonly topics: Set<string>;
  readonly close: () => Promise<void>;
}

let starting: Promise<Sender> | undefined;

async function handle(message: ToSender): Promise<void> {
  switch (message.type) {
    case "load":
      return;
    case "start":
      starting = start(message);
      await starting;
      return post({ type: "ready" });
    case "request":
      return await request(await started(), message);
    case "who":
      return post({
        type: "who",
        members: await who(await started()).catch((error) => ({ error: describeError(error) })),
      });
    case "late":
      return post({ type: "late", count: (await started()).requester.stats().late });
    case "stop":
      await (await starting?.catch(() => undefined))?.close();
      post({ type: "stopped" });
      return close();
  }
}

function started(): Promise<Sender> {
  if (starting === undefined) throw new TypeError("Cannot ask as the sender has not been started");
  return starting;
}

async function start({ settings, name, instance }: Start): Promise<Sender> {
  await using resources = new AsyncDisposableStack();
  const [admin, requester] = await Promise.all([
    Admin.connect(settings),
    Requester.start({ settings, replyTopic: replyTopic(name, instance) }),
  ]);
  resources.use(admin);
  resources.use(requester);
  const kept = resources.move();
  return { name, requester, admin, topics: new Set(), close: () => kept.disposeAsync() };
}

async function request(sender: Sender, message: Extract<ToSender, { type: "request" }>): Promise<void> {
  const { id, to, text, timeoutMs, key } = message;
  const topic = requestTopic(to);
  const deadlineMs = performance.now() + timeoutMs;
  try {
    if (!sender.topics.has(topic)) {
      // The other one may not have been there yet: what is said to them waits in the topic.
      await sender.admin.createTopics([{ topic, numPartitions: CHAT_PARTITIONS }]);
      sender.topics.add(topic);
    }
    const leftMs = deadlineMs - performance.now();
    if (leftMs <= 0) throw new RequestTimeoutError(id, topic, timeoutMs);
    const reply = await sender.requester.request(topic, {
      value: text,
      headers: { [FROM_HEADER]: sender.name },
      ...(key === undefined ? {} : { key }),
    }, { timeoutMs: leftMs, id });
    const { partition, offset, rttMs } = reply;
    post({ type: "reply", id, text: reply.text(), partition, offset, rttMs });
  } catch (error) {
    const isTimeout = error instanceof RequestTimeoutError ||
      error instanceof KafkaError && error.code === "REQUEST_TIMED_OUT";
    const what = error instanceof ReplyError ? `${to} could not answer: ` : "";
    post({
      type: "failed",
      id,
      isTimeout,
      error: what + describeError(error),
    });
  }
}

async function who({ admin }: Sender): Promise<Member[]> {
  const groups = (await admin.listGroups()).filter((groupId) => participantOfGroup(groupId) !== undefined);
  const described = groups.length === 0 ? [] : await admin.describeGroups(groups);
  return described.flatMap(({ groupId, members }) =>
    members.map(({ clientId, host }) => ({ name: participantOfGroup(groupId) ?? groupId, clientId, host }))
  );
}
