export { ApiClient, type Method, newKey, type Params, type RequestOptions, toQuery } from "./client.ts";
export { ApiError, type FieldError, type Problem } from "./errors.ts";
export { errorText, fieldText } from "./messages.ts";
export { api, type SessionState, session } from "./session.ts";
export * from "./types.ts";
