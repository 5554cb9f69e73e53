/**
 * `parley groups`: who consumes what, and how far behind they are.
 *
 * @module
 */
import { Command } from "commander";
import { untilAborted } from "../base/stop.ts";
import { printable } from "../demos/chat/printable.ts";
import type { Admin } from "../kafka/admin.ts";
import { addSettings, configOf, type Context, EXIT } from "./context.ts";
import { openHost } from "./host.ts";
import type { Io } from "./io.ts";
import { table } from "./table.ts";

const CLIENT_ID = "parley-groups";

/** See the module. */
export function groupsCommand({ io, end }: Context): Command {
  const command = new Command("groups")
    .description("Tell which groups there are, who is in them, and how far behind they are.")
    .option("--json", "JSON lines (also when piped)")
    .action(async (flags: { json?: boolean }) => {
      const config = configOf(command, CLIENT_ID);
      const onTrouble = (message: string) => io.stderr.write(`parley: ${message}\n`);
      await using host = await untilAborted(openHost(config, CLIENT_ID, { onTrouble }), io.signal);
      const { Admin } = await import("../kafka/admin.ts");
      await using admin = await Admin.connect(host.settings, io.signal);
      await untilAborted(listGroups(io, admin, flags), io.signal);
      end(EXIT.ok);
    });
  return addSettings(command);
}

async function listGroups({ stdout }: Io, admin: Admin, { json = !stdout.isTerminal }: { json?: boolean }) {
  const groupIds = (await admin.listGroups()).toSorted();
  const described = groupIds.length === 0 ? [] : await admin.describeGroups(groupIds);
  const rows = [];
  for (const { groupId, state, members } of described) {
    const lag = (await admin.groupLag(groupId)).reduce((sum, partition) => sum + partition.lag, 0n);
    rows.push({ group: groupId, state, members: members.map(({ clientId }) => clientId), lag: String(lag) });
  }
  if (json) return stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  stdout.write(
    table(
      ["GROUP", "STATE", "LAG", "MEMBERS"],
      // Anybody chooses the name of a group, and of a client.
      rows.map(({ group, state, lag, members }) => [
        printable(group),
        state,
        lag,
        printable(members.join(", ")),
      ]),
    ),
  );
}
