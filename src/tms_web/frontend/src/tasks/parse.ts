/** Reads a task from one line: `Pay rent !high @bob tomorrow`. */
import type { Priority, PublicUser } from "tms/api";
import { DAY_PATTERN, readDay } from "./days.ts";

export interface ParseOptions {
  /** `YYYY-MM-DD`. */
  today: string;
  users: readonly PublicUser[];
  /** The id of the user, for `@me`. */
  me: number;
  /** Words, as they were typed, that the user wants to keep in the title. */
  ignored?: ReadonlySet<string>;
}

/** A part of the line that is not title. `text` is what was typed. */
export type Token = { start: number; end: number; text: string } & (
  | { kind: "priority"; value: Priority }
  | { kind: "assignee"; value: number }
  | { kind: "due"; value: string }
);

export interface ParsedTask {
  title: string;
  priority?: Priority;
  assigned_to?: number;
  due_date?: string;
  tokens: Token[];
}

const PRIORITY_WORDS: Record<string, Priority> = {
  low: "LOW",
  niedrig: "LOW",
  medium: "MEDIUM",
  normal: "MEDIUM",
  mittel: "MEDIUM",
  high: "HIGH",
  hoch: "HIGH",
  urgent: "URGENT",
  dringend: "URGENT",
};
const ME = ["me", "ich", "mich", "mir"];

/** Of several priorities, users or days the last one counts; the others are part of the title. */
export function parseTask(line: string, options: ParseOptions): ParsedTask {
  const isIgnored = (text: string) => options.ignored?.has(text) ?? false;
  const tokens: Token[] = [];
  for (const found of [priorities(line), assignees(line, options), days(line, options.today)]) {
    const last = found.filter(({ text }) => !isIgnored(text)).at(-1);
    if (last) tokens.push(last);
  }
  tokens.sort((one, other) => one.start - other.start);
  const parsed: ParsedTask = { title: without(line, tokens), tokens };
  for (const token of tokens) {
    if (token.kind === "priority") parsed.priority = token.value;
    else if (token.kind === "assignee") parsed.assigned_to = token.value;
    else parsed.due_date = token.value;
  }
  return parsed;
}

function priorities(line: string): Token[] {
  return [...line.matchAll(/(?<!\S)!(\p{L}+)(?!\S)/gu)].flatMap((match) => {
    const value = PRIORITY_WORDS[match[1]!.toLowerCase()];
    return value ? [{ kind: "priority" as const, value, ...placeOf(match) }] : [];
  });
}

function assignees(line: string, { users, me }: ParseOptions): Token[] {
  return [...line.matchAll(/(?<!\S)@(\S+)/gu)].flatMap((match) => {
    const value = userOf(match[1]!.toLowerCase(), users, me);
    return value === undefined ? [] : [{ kind: "assignee" as const, value, ...placeOf(match) }];
  });
}

function days(line: string, today: string): Token[] {
  return [...line.matchAll(DAY_PATTERN)].flatMap((match) => {
    const value = readDay(match[1]!, today);
    return value ? [{ kind: "due" as const, value, ...placeOf(match) }] : [];
  });
}

/** By user name, or by a first or last name that only one user has. */
function userOf(word: string, users: readonly PublicUser[], me: number): number | undefined {
  const byName = users.find(({ username }) => username.toLowerCase() === word);
  if (byName) return byName.id;
  if (ME.includes(word)) return me;
  const named = users.filter((one) => [one.first_name, one.last_name].some((name) => name.toLowerCase() === word));
  return named.length === 1 ? named[0]?.id : undefined;
}

function placeOf(match: RegExpExecArray) {
  return { start: match.index, end: match.index + match[0].length, text: match[0] };
}

function without(line: string, tokens: readonly Token[]): string {
  let title = "";
  let from = 0;
  for (const { start, end } of tokens) {
    title += `${line.slice(from, start)} `;
    from = end;
  }
  return (title + line.slice(from)).replace(/\s+/g, " ").trim();
}
