/** Webhooks as the API has them, and what of them is shown. */
import type { Priority, Status } from "tms/api";

export const PATH = "/api/webhooks";
export const EVENTS = ["created", "updated", "deleted"] as const;
export const DELIVERY_STATUSES = ["waiting", "delivered", "dead", "dropped"] as const;
export type WebhookEvent = (typeof EVENTS)[number];
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];
export type FilterUser = number | "me" | "none";

export interface WebhookFilter {
  status?: readonly Status[];
  priority?: readonly Priority[];
  assigned_to?: readonly FilterUser[];
  created_by?: readonly FilterUser[];
}

export interface WebhookFields {
  url: string;
  description: string;
  events: readonly WebhookEvent[];
  filter: WebhookFilter;
  is_active: boolean;
}

export interface Webhook extends WebhookFields {
  id: number;
  owner: { id: number; username: string; is_active: boolean };
  disabled_reason: "gone" | "failing" | null;
  failures: number;
  failing_since: string | null;
  last_error: string | null;
  paused_until: string | null;
  replaying: boolean;
}

export interface ShownSecret extends Webhook {
  secret: string;
}

export interface Delivery {
  id: number;
  type: string;
  event_id: number | null;
  task_id: number | null;
  status: DeliveryStatus;
  attempts: number;
  created_at: string;
  attempted_at: string | null;
  next_attempt_at: string | null;
  duration_ms: number | null;
  response_status: number | null;
  response_excerpt: string | null;
  error: string | null;
}

export interface DeliveryPage {
  results: readonly Delivery[];
  next: string | null;
}

export type State = "active" | "off" | "failing" | "gone" | "disabled" | "owner";
export type Tone = "good" | "warning" | "off";

/** The end of the key of its text, as in "webhooks.state.active". */
export function stateOf(webhook: Webhook): State {
  if (!webhook.owner.is_active) return "owner";
  if (webhook.disabled_reason === "gone") return "gone";
  if (webhook.disabled_reason === "failing") return "disabled";
  if (!webhook.is_active) return "off";
  return webhook.failures > 0 ? "failing" : "active";
}

export function toneOf(state: State): Tone {
  if (state === "active") return "good";
  return state === "off" || state === "owner" ? "off" : "warning";
}

/** What a request changes: the filter without empty lists. */
export function fieldsOf(values: WebhookFields): WebhookFields {
  const filled = Object.entries(values.filter).filter(([, list]) => list.length > 0);
  return { ...values, url: values.url.trim(), filter: Object.fromEntries(filled) as WebhookFilter };
}

/** A whole number from 0, or null. */
export function eventNumber(text: string): number | null {
  const number = Number(text.trim());
  return /^\d{1,15}$/.test(text.trim()) && Number.isSafeInteger(number) ? number : null;
}
