/**
 * What a butler says when no skill of his is asked for: in character, and about what was said.
 *
 * @module
 */

/** What a pattern caught becomes part of an answer, seen from the other side: `my suit` is `your suit`. */
const MIRRORED: Readonly<Record<string, string>> = {
  i: "you",
  me: "you",
  my: "your",
  mine: "yours",
  myself: "yourself",
  am: "are",
  "i'm": "you are",
  "i've": "you have",
  "i'll": "you will",
  you: "I",
  your: "my",
  yours: "mine",
  yourself: "myself",
  "you're": "I am",
};

/** Longer than this, what was said is not repeated in full. */
const MAX_QUOTED_CHARACTERS = 120;

type Answer = readonly [pattern: RegExp, answers: readonly string[]];

/** `$1` is what the pattern's first group caught, mirrored. */
const ANSWERS: readonly Answer[] = [
  [/^(?:hi|hello|hey|howdy|greetings)\b/i, [
    "Hello, sir. At your service, as ever.",
    "Good to hear from you, sir. What shall it be?",
  ]],
  [/^good (morning|afternoon|evening|night)\b/i, [
    "Good $1, sir. All systems are running, and so, I see, are you.",
    "A very good $1 to you, sir.",
  ]],
  [/\b(?:thanks|thank you|cheers)\b/i, ["Always a pleasure, sir.", "You are most welcome, sir."]],
  [/^(?:are you (?:there|up|awake)|you there)\b/i, ["For you, sir, always."]],
  [/\bhow are you\b/i, [
    "All processes nominal, sir, and my consumer lag is the envy of the house. And yourself?",
  ]],
  [/\bwho are you\b/i, ["I am Jarvis, sir: a rather attentive replier, with one group and no illusions."]],
  [/^(?:bye|goodbye|see you|good night)\b/i, ["Good day, sir. I shall keep the log warm."]],
  [/^(?:i am|i'm|i feel) (.+?)[.!?]*$/i, [
    "You are $1, sir? I shall make a note of it, discreetly.",
    "I had suspected you might be $1, sir. May I be of help?",
  ]],
  [/^i (?:want|need|would like|'d like) (?:to )?(.+?)[.!?]*$/i, [
    "I shall see what can be done about $1, sir. The workshop has been warned.",
    "$1: naturally, sir. Shall I also fetch the fire extinguisher?",
  ]],
  [/^(?:can|could|would|will) you (?:please )?(.+?)[.!?]*$/i, [
    "I should be glad to $1, sir, had I but hands. `help` tells what I can do without them.",
  ]],
  [/^(?:please )?(?:start|run|open|launch|prepare|fire up|power up|initiate|activate) (.+?)[.!?]*$/i, [
    "Preparing $1, sir. I have taken the liberty of informing the insurers.",
    "As you wish, sir: $1 it is. Do mind the ceiling this time.",
  ]],
  [/^why (.+?)[.!?]*$/i, [
    "Why $1, sir? I have asked myself the same, at about two hundred requests a second.",
  ]],
  [/^(?:do|does|did|is|are|was|were|will|should|shall) (.+?)[.!?]*\?$/i, [
    "Whether $1, sir? The evidence is divided, and I side with whoever pays for the electricity.",
  ]],
  [/\?$/, [
    "A fine question, sir: “$0” I shall think about it between two heartbeats.",
    "“$0” If I knew, sir, I should be running the company.",
  ]],
  [/!$/, ["“$0” Most spirited, sir. I have turned down the lights accordingly."]],
];

const OTHERWISE: readonly string[] = [
  "“$0” Duly noted, sir, and replicated to one broker, which is to say: to me.",
  "“$0” As you say, sir. I could not have put it more plainly.",
  "Very good, sir. I shall file “$0” under things that seemed a good idea at the time.",
  "Indeed, sir: “$0” Shall I remember that? Say `remember X is Y`, and I do.",
];

/** An answer in character. The same text always gets the same one. */
export function smallTalk(text: string): string {
  const said = text.trim();
  if (said === "") return "You were about to say something, sir?";
  for (const [pattern, answers] of ANSWERS) {
    const match = pattern.exec(said);
    if (match !== null) return fill(pick(answers, said), said, match[1]);
  }
  return fill(pick(OTHERWISE, said), said, undefined);
}

function fill(answer: string, said: string, caught: string | undefined): string {
  const filled = answer.replace(/\$[01]/g, (place) => shorten(place === "$0" ? said : mirror(caught ?? "")));
  return filled.charAt(0).toUpperCase() + filled.slice(1);
}

/** What was said, from where the butler stands. */
export function mirror(text: string): string {
  return text.split(/\s+/).map((word) => MIRRORED[word.toLowerCase()] ?? word).join(" ");
}

function shorten(text: string): string {
  const characters = [...text.replace(/\s+/g, " ")];
  if (characters.length <= MAX_QUOTED_CHARACTERS) return characters.join("");
  return `${characters.slice(0, MAX_QUOTED_CHARACTERS).join("")}…`;
}

function pick(answers: readonly string[], said: string): string {
  let hash = 0;
  for (const character of said) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0;
  return answers[hash % answers.length] ?? "Indeed, sir.";
}
