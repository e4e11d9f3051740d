/** The query of a saved view, without what is only in the address. */

/** The part of the address that is saved; equal for equal views. */
export function savedQuery(query: URLSearchParams): string {
  const kept = [...query].filter(([name, value]) => name !== "saved" && value);
  return new URLSearchParams(kept).toString().replaceAll("%2C", ",");
}

export function isSameQuery(one: string, other: string): boolean {
  return normalised(one) === normalised(other);
}

function normalised(text: string): string {
  const params = new URLSearchParams(text);
  params.sort();
  return savedQuery(params);
}
