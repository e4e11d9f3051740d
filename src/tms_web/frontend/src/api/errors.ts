import type { FieldConflict, Task } from "./types.ts";

/** The variable parts of a message, by the names that its code has in the API's documentation. */
export type ErrorParams = Record<string, string | number | string[]>;

/** An error of one field, as in a problem document. */
export interface FieldError {
  in?: string;
  field?: string;
  /** The server's own sentence, in English. */
  message: string;
  /** Machine-readable; absent only in responses of others, such as proxies. */
  code?: string;
  params?: ErrorParams;
}

export interface Problem {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
  params?: ErrorParams;
  errors?: FieldError[];
  request_id?: string;
  /** The index of the operation that failed, of a bulk request. */
  index?: number;
  /** With 412: the task as it is now, and the fields that both sides changed. */
  current?: Task;
  conflicts?: Record<string, FieldConflict>;
}

/** A refused or failed request. `status` is 0 if there was no response: offline, or the server is away. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly problem: Problem;
  /** Milliseconds that the server asks to wait. */
  readonly retryAfter: number | undefined;

  constructor(status: number, problem: Problem = {}, retryAfter?: number, cause?: unknown) {
    super(problem.detail ?? (status ? `The server returned ${status}.` : "The server does not respond."), { cause });
    this.name = "ApiError";
    this.status = status;
    this.detail = this.message;
    this.code = problem.code ?? (status ? `http_${status}` : "offline");
    this.errors = problem.errors ?? [];
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  /** The errors by field name, to show next to the fields. */
  get byField(): Record<string, FieldError> {
    return Object.fromEntries(this.errors.flatMap((one) => (one.field ? [[one.field, one]] : [])));
  }
}
