/**
 * Writes src/api/schema.d.ts, the types of the API, from the description that the Python packages give.
 * TMS_PYTHON names the interpreter that has them; by default the checkout's .venv.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const HERE = dirname(fileURLToPath(import.meta.url));
const TARGET = join(HERE, "src/api/schema.d.ts");
const venv = join(HERE, "../../../.venv/bin/python");
const python = process.env.TMS_PYTHON ?? (existsSync(venv) ? venv : "python3");

const text = execFileSync(python, [join(HERE, "openapi.py")], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
const types = astToString(await openapiTS(JSON.parse(text), { alphabetize: true }));
const present = existsSync(TARGET) ? await readFile(TARGET, "utf8") : "";
if (present !== types) await writeFile(TARGET, types);
