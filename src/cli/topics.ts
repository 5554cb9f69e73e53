/**
 * `parley topics`: lists topics; creates and deletes them.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { untilAborted } from "../base/stop.ts";
import type { Admin } from "../kafka/admin.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { header, partitionCount, topicName } from "./options.ts";
import { table } from "./table.ts";

const CLIENT_ID = "parley-topics";

/** See the module. */
export function topicsCommand({ io, end }: Context): Command {
  const topics = new Command("topics").description("Tell which topics there are; create and delete them.");
  const list = new Command("list")
    .description("The topics, with their partitions and records.")
    .option("--json", "JSON lines (also when piped)")
    .action(async (flags: { json?: boolean }) =>
      end(await withAdmin(io, list, (admin) => listTopics(io, admin, flags)))
    );
  const create = new Command("create")
    .description("Create a topic; one that is there is left as it is.")
    .addArgument(new Argument("<TOPIC>", "its name").argParser(topicName))
    .option("--partitions <N>", "into how many it is divided", partitionCount)
    .option("--config <KEY=VALUE>", "a setting such as cleanup.policy=compact; may be repeated", header)
    .action(async (topic: string, flags: { partitions?: number; config?: Record<string, string> }) =>
      end(
        await withAdmin(io, create, async (admin) => {
          const { partitions, config } = flags;
          await admin.createTopics([{
            topic,
            ...(partitions === undefined ? {} : { numPartitions: partitions }),
            ...(config === undefined ? {} : { config }),
          }]);
          io.stdout.write(`${topic} is there\n`);
        }),
      )
    );
  const remove = new Command("delete")
    .description("Delete a topic, with all that is in it.")
    .addArgument(new Argument("<TOPIC>", "its name").argParser(topicName))
    .action(async (topic: string) =>
      end(
        await withAdmin(io, remove, async (admin) => {
          await admin.deleteTopics([topic]);
          io.stdout.write(`${topic} is gone\n`);
        }),
      )
    );
  topics.addCommand(addSettings(list), { isDefault: true });
  return topics.addCommand(addSettings(create)).addCommand(addSettings(remove));
}

async function withAdmin(io: Io, command: Command, work: (admin: Admin) => Promise<void>): Promise<number> {
  const config = configOf(command, CLIENT_ID);
  const onTrouble = (message: string) => io.stderr.write(`parley: ${message}\n`);
  await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble }), io.signal);
  const { Admin } = await import("../kafka/admin.ts");
  await using admin = await Admin.connect(host.settings, io.signal);
  await untilAborted(work(admin), io.signal);
  return EXIT.ok;
}

async function listTopics({ stdout }: Io, admin: Admin, { json = !stdout.isTerminal }: { json?: boolean }) {
  const names = (await admin.listTopics()).toSorted();
  const topics = [];
  for (const topic of names) {
    const partitions = await admin.topicOffsets(topic);
    const records = partitions.reduce((sum, { earliest, latest }) => sum + latest - earliest, 0n);
    topics.push({ topic, partitions: partitions.length, records: String(records) });
  }
  if (json) stdout.write(topics.map((topic) => `${JSON.stringify(topic)}\n`).join(""));
  else {
    stdout.write(
      table(
        ["TOPIC", "PARTITIONS", "RECORDS"],
        topics.map((one) => [one.topic, one.partitions, one.records]),
      ),
    );
  }
}
