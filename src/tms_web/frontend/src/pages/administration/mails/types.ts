/** The answers of `/api/admin/mails`. */

export const STATUSES = ["failed", "waiting", "held", "sent"] as const;
export type Status = (typeof STATUSES)[number];

export interface Mail {
  id: number;
  kind: string;
  recipient: { id: number; username: string; email: string | null };
  task_id: number | null;
  subject: string | null;
  status: string;
  attempts: number;
  error: string | null;
  created_at: string;
  sent_at: string | null;
  next_attempt_at: string | null;
}

export interface MailPage {
  results: Mail[];
  next: string | null;
  counts: { waiting: number; failed: number };
}
