/**
 * The chat as people have it: processes at terminals of their own.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Place, type Running } from "./processes.ts";
import { Screen } from "./screen.ts";

/** Python's pty module gives a process a terminal; Deno has nothing of the kind. */
const hasPython = await new Deno.Command("python3", {
  args: ["-c", "import pty"],
  stdout: "null",
  stderr: "null",
})
  .output().then(({ success }) => success, () => false);

const ENTER = "\r";
const UP = "\x1b[A";
const LEFT = "\x1b[D";
const CTRL_C = "\x03";
const CTRL_D = "\x04";

/** A person in front of a terminal. */
class Person {
  readonly process: Running;
  readonly screen: Screen;

  constructor(place: Place, args: readonly string[], { columns = 160, isJoining = false } = {}) {
    this.screen = new Screen(columns, { isJoining });
    this.process = place.startAtTerminal(args, { columns, rows: 24 });
    this.process.onStdout = (text) => this.screen.write(text);
  }

  type(text: string): Promise<void> {
    return this.process.type(text);
  }

  sees(pattern: RegExp): Promise<void> {
    return this.process.until(
      `${pattern} on the screen:\n${this.screen.text}`,
      () => pattern.test(this.screen.text),
    );
  }
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, fn, ignore: !hasPython });
}

test("parley chat: Tony and Jarvis talk at two terminals, in both directions", async () => {
  await using place = new Place();
  const tony = new Person(place, ["chat", "tony"]);
  await tony.sees(/You are tony, talking to jarvis\. Kafka: .* served from here/);
  const jarvis = new Person(place, ["chat", "jarvis"]);
  await jarvis.sees(/You are jarvis \(butler\), talking to tony\. Kafka: .* found there/);

  await tony.type(`what is the suit?${ENTER}`);
  await tony.sees(
    /tony> what is the suit\?\njarvis: I have nothing on the suit, sir\..* {2}\d+(\.\d+)? ms\ntony>/,
  );
  await jarvis.sees(/tony: what is the suit\?\njarvis: I have nothing on the suit/);

  await jarvis.type(`Tea or coffee, sir?${ENTER}`);
  await tony.sees(/jarvis: Tea or coffee, sir\? {2}\(the next line you type answers\)\ntony → jarvis>/);
  await tony.type(`Coffee${ENTER}`);
  await jarvis.sees(/tony: Coffee {2}[\d.]+ m?s\njarvis>/);
  await tony.sees(/tony → jarvis> Coffee\ntony>/);

  await tony.type(`/who${ENTER}`);
  await tony.sees(/jarvis +parley-chat-jarvis at 127\.0\.0\.1/);
  await tony.type(`/stats${ENTER}`);
  await tony.sees(/sent 1, answered 1, failed 0, late 0, lost 0\nround trip: p50 .* ms, p99 .* ms/);
  await tony.type(`/nonsense${ENTER}`);
  await tony.sees(/There is no \/nonsense: \/help tells/);

  await tony.type(CTRL_C);
  assert.equal(await tony.process.ended(), 0);
  // Tony served the broker: Jarvis takes it over.
  await jarvis.sees(/The broker went away; this process serves 127\.0\.0\.1:\d+ now/);
  await jarvis.type(CTRL_D);
  assert.equal(await jarvis.process.ended(), 0, jarvis.screen.text);
});

test("parley chat: what arrives does not clobber what is being typed", async () => {
  await using place = new Place();
  const tony = new Person(place, ["chat", "tony"], { columns: 40 });
  await tony.sees(/\/help/);
  const typed = "this is a line that is longer than one row of the terminal";
  await tony.type(typed + LEFT.repeat(8));
  const column = typed.length - 34 - 8;
  await tony.process.until("the cursor", () => tony.screen.cursor.column === column);

  const tell = ["produce", "parley.chat.tony", "--key", "pepper", "--header", "parley-from=pepper"];
  const told = await place.run(tell, { input: "one\nthe second \x1b[2J is\nthree" });
  assert.equal(told.code, 0, told.stderr);
  const [row1, row2] = [typed.slice(0, 34), typed.slice(34)];
  const said = ["one", "the second \\\\x1b\\[2J is", "three"].map((text) =>
    `pepper: ${text} {2}\\(unasked\\)\n`
  );
  await tony.sees(new RegExp(`\n${said.join("")}tony> ${row1}\n${row2}$`));
  await tony.process.until("the cursor", () => tony.screen.cursor.column === column);

  await tony.type(`${ENTER}${UP}`);
  await tony.sees(new RegExp(`${row1}\n${row2}\n(.*\n)*tony> ${row1}\n${row2}$`));
  await tony.type(`\x15/quit${ENTER}`);
  assert.equal(await tony.process.ended(), 0);
});

for (const isJoining of [true, false]) {
  const drawn = isJoining ? "one" : "four people";
  test(`parley chat: families that are typed cost no line above them, each drawn as ${drawn}`, async () => {
    await using place = new Place();
    const tony = new Person(place, ["chat", "tony"], { columns: 40, isJoining });
    await tony.sees(/\/help/);
    await tony.type(`/to pepper${ENTER}`);
    await tony.sees(/You talk to pepper now\ntony>/);
    // Five that are drawn as one need one row; as four people each, two.
    const families = "👨‍👩‍👧‍👦".repeat(5);
    const typed = async (line: string) => {
      await tony.process.until(`'${line}'`, () => tony.screen.text.replaceAll("\n", "").endsWith(line));
    };
    await tony.type(families);
    await typed(`tony> ${families}`);
    for (const key of ["a", "b", LEFT, "c"]) await tony.type(key);
    await typed(`tony> ${families}acb`);

    const tell = ["produce", "parley.chat.tony", "--key", "jarvis", "--header", "parley-from=jarvis"];
    const told = await place.run(tell, { input: "one\ntwo" });
    assert.equal(told.code, 0, told.stderr);
    await typed(`jarvis: two  (unasked)tony> ${families}acb`);
    assert.match(
      tony.screen.text,
      /\/help\ntony> \/to pepper\n- You talk to pepper now\njarvis: one {2}\(unasked\)\njarvis: two {2}\(unasked\)\ntony> /,
    );
    const { line, column } = tony.screen.cursor;
    assert.ok(line.endsWith("acb"), line);

    await tony.type("d");
    await typed(`jarvis: two  (unasked)tony> ${families}acdb`);
    assert.equal(tony.screen.cursor.column, column + 1);
    await tony.type(ENTER);
    await typed(`jarvis: two  (unasked)tony> ${families}acdbtony>`);
    await tony.type(CTRL_C);
    assert.equal(await tony.process.ended(), 0);
  });
}

test("parley chat: a question that nobody answers is an error reply at its deadline", async () => {
  await using place = new Place();
  const tony = new Person(place, ["chat", "tony"]);
  await tony.sees(/\/help/);
  const asked = await place.run(["chat", "jarvis", "--say", "Sir?", "--timeout", "1s"]);
  assert.equal(asked.code, 1);
  assert.match(asked.stderr, /tony (could not answer: Nobody at the keyboard|did not answer within)/);
  await tony.sees(/jarvis got no answer: Nobody at the keyboard answered in time\ntony>/);
});

test("parley chat: colour is there on a terminal, and not with NO_COLOR", async () => {
  await using place = new Place();
  const plain = new Person(place, ["chat", "tony"]);
  await plain.sees(/\/help/);
  assert.ok(!plain.process.stdout.includes("\x1b[1m") && !plain.process.stdout.includes("\x1b[2m"));
  place.color = true;
  const coloured = new Person(place, ["chat", "pepper"]);
  await coloured.sees(/\/help/);
  assert.ok(coloured.process.stdout.includes("\x1b[2m"));
});
