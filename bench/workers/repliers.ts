/**
 * The worker that replies: every request is answered with its own value.
 *
 * @module
 */
import { Replier } from "../../src/toolkit/replier.ts";
import type { ToRepliers } from "./protocol.ts";
import { serveCommands } from "./serve.ts";

const repliers: Replier[] = [];

serveCommands<ToRepliers>(async (command): Promise<undefined> => {
  switch (command.type) {
    case "start":
      repliers.push(
        ...await Promise.all(command.topics.map((topic) =>
          Replier.start({
            settings: command.settings,
            topic,
            groupId: topic,
            handler: ({ value }) => Promise.resolve(value),
          })
        )),
      );
      return undefined;
    case "stop":
      await Promise.all(repliers.map((replier) => replier.close()));
      return undefined;
  }
});
