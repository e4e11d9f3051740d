/** Errors of the API in the user's language: `error.CODE`, or the server's own sentence where the code is unknown. */
import { hasMessage, t } from "tms/i18n";
import { ApiError, type ErrorParams, type FieldError } from "./errors.ts";

/** A sentence for any error. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t("error.unexpected");
  const [first] = error.errors;
  // The sentences of the other codes stand for themselves.
  if (first && error.code === "invalid") return first.field ? `${first.field}: ${fieldText(first)}` : fieldText(first);
  const seconds = error.retryAfter && Math.max(1, Math.ceil(error.retryAfter / 1000));
  const params = { ...(seconds && { seconds }), ...error.problem.params };
  const known = translated(error.code, params) ?? error.problem.detail;
  return known ?? translated(`http_${error.status}`, params) ?? t("error.unexpected");
}

/** The message of one field. */
export function fieldText(error: FieldError): string {
  return translated(error.code, error.params) ?? error.message;
}

/** The bound of the message, if it has one, selects the plural form. */
function translated(code: string | undefined, params: ErrorParams = {}): string | undefined {
  const key = `error.${code}`;
  if (!code || !hasMessage(key)) return undefined;
  const texts = Object.entries(params).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]);
  const count = params.maximum ?? params.minimum ?? params.seconds ?? params.minutes;
  return t(key, { ...Object.fromEntries(texts), ...(typeof count === "number" && { count }) });
}
