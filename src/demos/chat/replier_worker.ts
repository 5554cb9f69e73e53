/**
 * The worker that answers for a participant: it holds the Replier and the brain.
 *
 * @module
 */
import { describeError } from "../../base/errors.ts";
import { workerSide } from "../../base/worker_side.ts";
import { Admin } from "../../kafka/admin.ts";
import { Replier, type Request } from "../../toolkit/replier.ts";
import type { Brain } from "./brains/brain.ts";
import { Butler } from "./brains/butler.ts";
import { echoBrain } from "./brains/echo.ts";
import { execBrain } from "./brains/exec.ts";
import { httpBrain } from "./brains/http.ts";
import { HumanBrain } from "./brains/human.ts";
import { Gate } from "./gate.ts";
import { CHAT_PARTITIONS, FROM_HEADER, nameFault, requestTopic } from "./names.ts";
import { Outage } from "./outage.ts";
import type { FromReplier, Incoming, ToReplier } from "./protocol.ts";

const { post, close } = workerSide<ToReplier, FromReplier>(handle);
const stop = new AbortController();
const outage = new Outage((message) => post({ type: "trouble", message }));

/** Requests of which not all has been shown yet; more are held back. So whoever shows them slowly slows the reading. */
const MAX_UNSHOWN = 256;
const gate = new Gate(MAX_UNSHOWN);

/** Answers that are remembered, by the request's id. */
const MAX_REMEMBERED = 1_000;
const answers = new Map<string, Promise<string>>();

let brain: Brain | undefined;
let closing: AsyncDisposableStack | undefined;
let starting: Promise<void> | undefined;

async function handle(message: ToReplier): Promise<void> {
  switch (message.type) {
    case "load":
      return;
    case "start":
      starting = start(message);
      await starting;
      return post({ type: "ready" });
    case "broker":
      if (brain instanceof Butler) brain.broker = message.broker;
      return;
    case "answer":
      if (brain instanceof HumanBrain) brain.answered(message.id, message.text);
      return;
    case "shown":
      return gate.leave();
    case "stop":
      await starting?.catch(() => {});
      // What is in hand is answered before we leave, shown or not.
      gate.open();
      stop.abort(new Error("The participant is leaving"));
      outage[Symbol.dispose]();
      await closing?.disposeAsync();
      post({ type: "stopped" });
      return close();
  }
}

async function start(options: Extract<ToReplier, { type: "start" }>): Promise<void> {
  const { settings, name } = options;
  const topic = requestTopic(name);
  await using resources = new AsyncDisposableStack();
  const [mind] = await Promise.all([think(options), ensureTopic(options)]);
  brain = resources.use(mind);
  resources.use(
    await Replier.start({
      settings,
      topic,
      groupId: topic,
      concurrency: mind.concurrency,
      onEvent: (event) => {
        if (event.type === "down") outage.down(describeError(event.fault));
        else if (event.type === "up") outage.up();
      },
      handler: (request, { signal }) => handleRequest(mind, request, signal),
      signal: stop.signal,
    }),
  );
  closing = resources.move();
}

async function ensureTopic({ settings, name }: Extract<ToReplier, { type: "start" }>): Promise<void> {
  await using admin = await Admin.connect(settings, stop.signal);
  await admin.createTopics([{ topic: requestTopic(name), numPartitions: CHAT_PARTITIONS }]);
}

async function think(options: Extract<ToReplier, { type: "start" }>): Promise<Brain> {
  switch (options.brain.kind) {
    case "human":
      return new HumanBrain();
    case "butler":
      return await Butler.start({
        ...options,
        onTrouble: (message) => post({ type: "trouble", message }),
      });
    case "echo":
      return echoBrain();
    case "exec":
      return execBrain(options.brain.command);
    case "http":
      return httpBrain(options.brain.url);
  }
}

/** A message that wants no reply is only shown: nobody waits for what a brain would make of it. */
async function handleRequest(
  mind: Brain,
  request: Request,
  signal: AbortSignal,
): Promise<string | undefined> {
  const incoming = read(request);
  if (request.isOneWay) {
    await gate.enter(request.deadlineMs, signal);
    post({ type: "told", ...incoming });
    return undefined;
  }
  // A sender that was started again repeats what was on its way: it is answered again, not done again.
  const known = answers.get(incoming.id);
  if (known !== undefined) return await known;
  const answering = answer(mind, incoming, request.deadlineMs, signal);
  answers.set(incoming.id, answering);
  for (const id of answers.keys()) {
    if (answers.size <= MAX_REMEMBERED) break;
    answers.delete(id);
  }
  return await answering;
}

async function answer(
  mind: Brain,
  incoming: Incoming,
  deadlineMs: number | undefined,
  signal: AbortSignal,
): Promise<string> {
  await gate.enter(deadlineMs, signal);
  post({ type: "asked", needsAnswer: mind instanceof HumanBrain, deadlineMs, ...incoming });
  try {
    const text = await mind.answer({ ...incoming, deadlineMs }, signal);
    post({ type: "answered", id: incoming.id, text });
    return text;
  } catch (error) {
    post({ type: "unanswered", id: incoming.id, error: describeError(error) });
    throw error;
  }
}

function read(request: Request): Incoming {
  const { id, partition, offset, headers } = request;
  const bytes = headers[FROM_HEADER];
  const from = bytes === undefined ? "" : new TextDecoder().decode(bytes);
  return {
    id: id ?? `${partition}-${offset}`,
    // Anybody may write to a topic; this is nobody's name.
    from: nameFault(from) === undefined ? from : "(somebody)",
    text: request.text(),
    partition,
    offset,
  };
}
