import type { PageEntry } from "tms/module";

export interface Match {
  page: PageEntry;
  params: Record<string, string>;
}

/** The page of a path; where several fit, the one with fewer parameters. */
export function findPage(pages: readonly PageEntry[], path: string): Match | undefined {
  return pages
    .flatMap((page) => {
      const params = matchPath(page.path, path);
      return params ? [{ page, params }] : [];
    })
    .sort((one, other) => Object.keys(one.params).length - Object.keys(other.params).length)[0];
}

/** The parameters of a path that fits the pattern, or null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const parts = path.split("/");
  if (wanted.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    const name = wanted[index] as string;
    if (!name.startsWith(":")) {
      if (name !== part) return null;
      continue;
    }
    const value = decode(part);
    if (!value) return null;
    params[name.slice(1)] = value;
  }
  return params;
}

function decode(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null;
  }
}
