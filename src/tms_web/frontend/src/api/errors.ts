import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
type Fault = Schemas["ProblemFault"];
type Document = Schemas["BulkProblem"] & Pick<Schemas["PreconditionFailed"], "current" | "conflicts">;

/** The variable parts of a message, by the names that its code has in the API's documentation. */
export type ErrorParams = Record<string, string | number | string[]>;

/** An error of one field, as in a problem document; the message is the server's own sentence, in English. */
export type FieldError = Pick<Fault, "message"> & Partial<Omit<Fault, "params">> & { params?: ErrorParams };

/** A problem document of any operation; responses of others, such as proxies, lack fields. */
export type Problem = Partial<Omit<Document, "type" | "params" | "errors">> & {
  params?: ErrorParams;
  errors?: FieldError[];
};

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
