/** Resolves the specifiers of the import map to the sources, as the build does. */

import { readdirSync, readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { transformSync } from "esbuild";

const SOURCES = new URL("../src/", import.meta.url);

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith("tms/")) return next(new URL(`${specifier.slice(4)}/index.ts`, SOURCES).href, context);
    if (specifier.startsWith("catalogue:")) return { url: specifier, format: "module", shortCircuit: true };
    // Sources of packages use the libraries of the shell.
    const isLibrary = !/^[./]|^[a-z]+:/.test(specifier);
    return next(specifier, isLibrary ? { ...context, parentURL: SOURCES.href } : context);
  },
  load(url, context, next) {
    // Node takes types away, but no JSX.
    if (url.endsWith(".tsx"))
      return { format: "module", source: compile(readFileSync(new URL(url), "utf8")), shortCircuit: true };
    if (!url.startsWith("catalogue:")) return next(url, context);
    const name = `${url.slice(10)}.json`;
    const paths = readdirSync(SOURCES, { recursive: true }).filter((path) => path.endsWith(name));
    const parts = paths.map((path) => JSON.parse(readFileSync(join(SOURCES.pathname, path), "utf8")));
    return {
      format: "module",
      source: `export default ${JSON.stringify(Object.assign({}, ...parts))}`,
      shortCircuit: true,
    };
  },
});

function compile(source) {
  return transformSync(source, { loader: "tsx", jsx: "automatic", jsxImportSource: "preact" }).code;
}
