/** What a notification says: sentences with values that stand apart from the text around them, whatever their script. */
import type { InboxNotification, Priority, Status } from "tms/api";
import { formatDate, hasMessage, t } from "tms/i18n";

/** A message with `{placeholders}`, and what stands in their place. */
export interface Sentence {
  text: string;
  values: Record<string, string>;
}

export interface Part {
  text: string;
  isValue: boolean;
}

export type NameOf = (id: number) => string | undefined;
type Notified = Pick<InboxNotification, "kind" | "actor" | "changes">;

/** The sentence of a notification; where several fields were changed, one for each follows. */
export function sentencesOf(notification: Notified, name: NameOf): Sentence[] {
  const actor = actorOf(notification, name);
  const changes = Object.entries(notification.changes);
  const [first] = changes;
  if (notification.kind !== "updated" || !first) return [say(`notifications.event.${notification.kind}`, { actor })];
  if (changes.length === 1) return [say(keyOf("changed", first[0]), { actor, ...valuesOf(first, name) })];
  return [
    say("notifications.event.several", { actor }),
    ...changes.map((change) => say(keyOf("field", change[0]), valuesOf(change, name))),
  ];
}

/** The same in one sentence. */
export function shortSentenceOf(notification: Notified, name: NameOf): Sentence {
  const [first, ...more] = sentencesOf(notification, name);
  if (first && !more.length) return first;
  const text = t("notifications.event.fields", { count: more.length });
  return { text, values: { actor: actorOf(notification, name) } };
}

/** The name of who made the change. */
export function actorOf({ actor }: Pick<InboxNotification, "actor">, name: NameOf): string {
  if (!actor) return "TMS";
  return name(actor.id) ?? actor.username ?? t("notifications.formerUser");
}

/** The parts of a sentence in order; those with `isValue` are to be isolated from the direction of the text. */
export function partsOf({ text, values }: Sentence): Part[] {
  return text
    .split(/(\{\w+\})/)
    .filter(Boolean)
    .map((part) => {
      const value = /^\{\w+\}$/.test(part) ? values[part.slice(1, -1)] : undefined;
      return { text: value ?? part, isValue: value !== undefined };
    });
}

function say(key: string, values: Record<string, string>): Sentence {
  return { text: t(key), values };
}

function keyOf(form: "changed" | "field", field: string): string {
  const key = `notifications.${form}.${field}`;
  return hasMessage(key) ? key : `notifications.${form}.other`;
}

function valuesOf([field, [from, to]]: [string, unknown[]], name: NameOf): Record<string, string> {
  return { field, from: valueText(field, from, name), to: valueText(field, to, name) };
}

function valueText(field: string, value: unknown, name: NameOf): string {
  const isUser = field === "assigned_to" || field === "created_by";
  if (value === null || value === undefined || value === "") return t(`notifications.${isUser ? "nobody" : "none"}`);
  if (isUser) return name(Number(value)) ?? t("notifications.formerUser");
  switch (field) {
    case "status":
      return t(`status.${value as Status}`);
    case "priority":
      return t(`priority.${value as Priority}`);
    case "due_date":
      return formatDate(String(value));
    default:
      return String(value);
  }
}
