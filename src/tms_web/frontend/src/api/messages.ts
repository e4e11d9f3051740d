/** Errors of the API in the user's language: by code, or the server's own sentence where the code is unknown. */
import { hasMessage, t } from "tms/i18n";
import { ApiError, type FieldError } from "./errors.ts";

/** A sentence for any error. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t("error.unexpected");
  const seconds = Math.max(1, Math.ceil((error.retryAfter ?? 0) / 1000));
  if (error.status === 429) return t("error.http_429", { count: seconds });
  if (hasMessage(`error.${error.code}`)) return t(`error.${error.code}`);
  const [first] = error.errors;
  if (first) return first.field ? `${first.field}: ${fieldText(first)}` : fieldText(first);
  const byStatus = `error.http_${error.status}`;
  return error.problem.detail ?? (hasMessage(byStatus) ? t(byStatus) : t("error.unexpected"));
}

/** The message of one field. */
export function fieldText(error: FieldError): string {
  const key = `error.field.${error.code}`;
  return error.code && hasMessage(key) ? t(key) : error.message;
}
