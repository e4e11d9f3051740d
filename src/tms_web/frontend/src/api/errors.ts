import type { FieldConflict, Task } from "./types.ts";

/** An error of one field, as in a problem document. `code` is machine-readable where the server gives one. */
export interface FieldError {
  in?: string;
  field?: string;
  message: string;
  code?: string;
  index?: number;
}

export interface Problem {
  title?: string;
  status?: number;
  detail?: string;
  code?: string;
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
