/** The commands of an element, as its author wrote them. */

/** What stands in front of a command where its reply is written below it. */
const PROMPT = /^(?:[\w.:\-[\]]*>) ?/;

/**
 * The commands of a text, one a line. Where a line begins with a prompt (`> ` or
 * `127.0.0.1:6379> `), only such lines are commands, and the others are replies for readers without
 * JavaScript. Lines that are empty or begin with `#` are left out.
 */
export function commandsOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.trim());
  const hasPrompts = lines.some((line) => PROMPT.test(line));
  return lines
    .filter((line) => !hasPrompts || PROMPT.test(line))
    .map((line) => (hasPrompts ? line.replace(PROMPT, "") : line))
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The milliseconds of a line `advance 5s`, or undefined for any other line. */
export function advanceOf(line: string): number | undefined {
  const match = /^advance\s+(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/i.exec(line);
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };
  const unit = units[match?.[2]?.toLowerCase() ?? ""];
  return unit === undefined ? undefined : Number(match?.[1]) * unit;
}

/** Where the playground runs these commands. */
export function playgroundLink(playground: string, commands: readonly string[]): string {
  return `${playground.replace(/#.*$/, "")}#/run/${encodeURIComponent(commands.join("\n"))}`;
}
