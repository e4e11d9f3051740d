/**
 * Builds the web client, or the web module of a package.
 *
 *     node build.mjs                                            the shell, to ../tms_web/static
 *     node build.mjs --source DIR --out DIR --name PACKAGE      a package's module; its entry is DIR/index.ts(x)
 *     … --force                                                 even if the sources have not changed
 *
 * Writes hashed ES modules and style sheets, each with `.br` and `.gz`, and manifest.json.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
/** The modules that the shell shares with every page: import specifier → entry. Each is a file of the import map. */
const SHARED = {
  preact: "preact",
  "preact/hooks": "preact/hooks",
  "preact/jsx-runtime": "preact/jsx-runtime",
  "@preact/signals": "@preact/signals",
  "tms/i18n": "src/i18n/index.ts",
  "tms/api": "src/api/index.ts",
  "tms/realtime": "src/realtime/index.ts",
  "tms/store": "src/store/index.ts",
  "tms/ui": "src/ui/index.ts",
  "tms/module": "src/module/index.ts",
  "tms/tasks": "src/tasks/index.ts",
};
const LOCALES = ["en", "de"];

const { values: options } = parseArgs({
  options: {
    source: { type: "string", default: join(HERE, "src") },
    out: { type: "string", default: join(HERE, "../tms_web/static") },
    name: { type: "string", default: "tms_web" },
    force: { type: "boolean", default: false },
  },
});
const source = resolve(options.source);
const out = resolve(options.out);

async function run() {
  const sources = await hashOfSources();
  if (!options.force && (await isUpToDate(sources))) {
    console.log(`${options.name}: up to date`);
    return;
  }
  const started = performance.now();
  const files = options.name === "tms_web" ? await buildShell() : await buildPackage();
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await Promise.all([...files.contents].map(([name, bytes]) => writeCompressed(name, bytes)));
  await writeFile(join(out, "manifest.json"), `${JSON.stringify({ sources, ...files.manifest }, null, 2)}\n`);
  console.log(`${options.name}: ${files.contents.size} files in ${Math.round(performance.now() - started)} ms`);
}

/** The shell and each shared module are built alone; they find each other by the import map. */
async function buildShell() {
  const result = { contents: new Map(), manifest: { entry: "", preloads: [], inline: "", styles: [], imports: {} } };
  const shared = Object.keys(SHARED);
  const outputs = new Map();
  await Promise.all(
    Object.entries(SHARED).map(async ([specifier, entry]) => {
      const name = specifier.replace("@", "").replace("/", "-");
      // Chunks of a module import it by its specifier; only a package from node_modules is resolved here.
      const external = entry.startsWith("src/") ? shared : shared.filter((one) => one !== specifier);
      // The namespace is re-exported so that a package from node_modules can be an entry.
      const contents = `export * from ${JSON.stringify(entry.startsWith("src/") ? `./${entry}` : entry)};`;
      const input = { stdin: { contents, resolveDir: HERE, sourcefile: `${name}.js` } };
      const built = await bundle({ ...input, entryNames: `${name}-[hash]` }, external);
      result.manifest.imports[specifier] = add(built, result.contents);
      collect(built, outputs);
    }),
  );
  const shell = await bundle({ entryPoints: { shell: join(source, "shell/main.tsx") } }, shared);
  result.manifest.entry = add(shell, result.contents);
  collect(shell, outputs);
  result.manifest.preloads = [...importsOf(result.manifest.entry, outputs, result.manifest.imports)];
  // A classic script: a function keeps its names to itself.
  const early = {
    entryPoints: { early: join(source, "shell/early.ts") },
    splitting: false,
    banner: { js: "(() => {" },
    footer: { js: "})();" },
  };
  result.manifest.inline = add(await bundle(early, shared), result.contents);
  result.manifest.styles = [add(await bundle(await styleSheets()), result.contents)];
  result.manifest.imports = Object.fromEntries(shared.map((one) => [one, result.manifest.imports[one]]));
  return result;
}

async function buildPackage() {
  const result = { contents: new Map(), manifest: { entry: "", styles: [] } };
  const entry = ["index.ts", "index.tsx", "index.js"].map((name) => join(source, name)).find(existsSync);
  if (!entry) throw new Error(`${source} has no index.ts, index.tsx or index.js`);
  const css = join(source, "index.css");
  if (existsSync(css)) {
    const built = await bundle({ entryPoints: { index: css } });
    result.manifest.styles = [add(built, result.contents)];
  }
  const input = { stdin: { contents: `export { default } from ${JSON.stringify(entry)};`, resolveDir: source } };
  const built = await bundle({ ...input, entryNames: "index-[hash]" }, Object.keys(SHARED), [
    pageStyles(result.contents),
  ]);
  result.manifest.entry = add(built, result.contents);
  return result;
}

/** All style sheets of the shell and its pages as one file; cascade layers decide, not the order. */
async function styleSheets() {
  const pages = (await files("**/*.css")).filter((path) => !path.startsWith("ui/"));
  const contents = ["ui/styles/index.css", ...pages].map((path) => `@import "./${path}";`).join("\n");
  return {
    stdin: { contents, resolveDir: source, loader: "css", sourcefile: "shell.css" },
    entryNames: "shell-[hash]",
  };
}

async function bundle(settings, external = [], plugins = []) {
  return build({
    outdir: out,
    absWorkingDir: HERE,
    bundle: true,
    splitting: true,
    format: "esm",
    target: ["es2023", "chrome120", "firefox125", "safari17.4"],
    minify: true,
    legalComments: "none",
    charset: "utf8",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    nodePaths: [join(HERE, "node_modules")],
    tsconfigRaw: {},
    plugins: [catalogues, importMap(external), ...plugins],
    metafile: true,
    write: false,
    logLevel: "warning",
    ...settings,
  });
}

/** `catalogue:en` is every en.json below the sources, merged. */
const catalogues = {
  name: "catalogues",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^catalogue:/ }, ({ path }) => ({ path: path.slice(10), namespace: "catalogue" }));
    onLoad({ filter: /.*/, namespace: "catalogue" }, async ({ path: locale }) => {
      if (!LOCALES.includes(locale)) throw new Error(`No catalogue ${locale}`);
      const paths = await files(`**/${locale}.json`);
      const parts = await Promise.all(
        paths.map(async (path) => JSON.parse(await readFile(join(source, path), "utf8"))),
      );
      return { contents: JSON.stringify(Object.assign({}, ...parts)), loader: "json" };
    });
  },
};

/** Bundles the style sheet of `styles:page.css` to a file of its own, whose address the import is. */
function pageStyles(contents) {
  return {
    name: "page-styles",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^styles:/ }, ({ path }) => ({ path: path.slice(7), namespace: "styles" }));
      onLoad({ filter: /.*/, namespace: "styles" }, async ({ path }) => {
        const name = add(await bundle({ entryPoints: { [basename(path, ".css")]: join(source, path) } }), contents);
        return { contents: `export default new URL(${JSON.stringify(name)}, import.meta.url).href;` };
      });
    },
  };
}

/** Leaves exactly these specifiers to the import map; esbuild's `external` would take "preact" to mean "preact/hooks" too. */
function importMap(specifiers) {
  return {
    name: "import-map",
    setup({ onResolve }) {
      onResolve({ filter: /^(preact|@preact|tms)\b/ }, ({ path }) =>
        specifiers.includes(path) ? { path, external: true } : null,
      );
    },
  };
}

/** Adds the outputs to `contents`; returns the entry's file name. */
function add(built, contents) {
  for (const file of built.outputFiles) contents.set(basename(file.path), file.contents);
  const entries = Object.entries(built.metafile.outputs).filter(([, output]) => output.entryPoint);
  const main =
    entries.find(([, output]) => !output.entryPoint.startsWith("catalogue") && isFirst(output, built)) ?? entries[0];
  return basename(main[0]);
}

/** Dynamic imports are entry points too in the metafile; the first one is imported by no other output. */
function isFirst(output, built) {
  const imported = new Set(Object.values(built.metafile.outputs).flatMap((one) => one.imports.map(({ path }) => path)));
  return !Object.entries(built.metafile.outputs).some(([path, one]) => one === output && imported.has(path));
}

/** Adds the outputs of a build by their file names. */
function collect({ metafile }, outputs) {
  for (const [path, output] of Object.entries(metafile.outputs)) outputs.set(basename(path), output);
}

/** A built file and all that it needs to run; not what it loads when that is wanted. */
function importsOf(name, outputs, shared, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  for (const { path, kind } of outputs.get(name).imports)
    if (kind === "import-statement") importsOf(shared[path] ?? basename(path), outputs, shared, found);
  return found;
}

async function writeCompressed(name, bytes) {
  const path = join(out, name);
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
  await Promise.all([
    writeFile(path, bytes),
    promisify(brotliCompress)(bytes, { params }).then((packed) => writeFile(`${path}.br`, packed)),
    promisify(gzip)(bytes, { level: 9 }).then((packed) => writeFile(`${path}.gz`, packed)),
  ]);
}

async function files(pattern) {
  const found = await Array.fromAsync(
    glob(pattern, { cwd: source, exclude: (path) => /node_modules|tests/.test(path) }),
  );
  return found.sort();
}

async function hashOfSources() {
  const hash = createHash("sha256");
  const paths = (await files("**/*.{ts,tsx,js,css,json,svg}")).filter((path) => !path.endsWith("schema.d.ts"));
  for (const path of paths
    .map((one) => join(source, one))
    .concat(join(HERE, "build.mjs"), join(HERE, "package-lock.json"))) {
    hash
      .update(relative(HERE, path))
      .update("\0")
      .update(await readFile(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 32);
}

async function isUpToDate(sources) {
  const manifest = join(out, "manifest.json");
  if (!existsSync(manifest)) return false;
  const built = JSON.parse(await readFile(manifest, "utf8"));
  const named = [built.entry, ...built.styles, ...Object.values(built.imports ?? {})];
  return built.sources === sources && named.every((name) => existsSync(join(out, `${name}.br`)));
}

await run();
