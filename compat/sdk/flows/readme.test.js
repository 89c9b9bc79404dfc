// The README's apps, as they stand there, on a fresh server.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Client } from "./client.js";
import { APPS, freePort, startCore, startProgram } from "./processes.js";

const run = promisify(execFile);
const readme = await readFile(fileURLToPath(new URL("../../../README.md", import.meta.url)), "utf8");

/** The first program of a language, with ports that are free here. */
function program(language, core, port) {
  const [, text] = readme.match(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``));
  return text.replaceAll("http://localhost:3567", core.uri).replaceAll("3001", String(port));
}

let core;
let folder;
before(async () => {
  core = await startCore();
  folder = await mkdtemp(join(tmpdir(), "doorward-readme-"));
});
after(async () => {
  await core?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Runs what stands under "Try it", line by line. Each line says behind `#` what it prints. */
async function typeIt(port) {
  const [, lines] = readme.match(/Try it:\n\n```sh\n([\s\S]*?)```/);
  const jar = await mkdtemp(join(folder, "jar-"));
  for (const line of lines.trim().split("\n")) {
    const [command, expected] = line.split(/\s+# /);
    const { stdout } = await run("bash", ["-c", command.replaceAll("3001", String(port))], { cwd: jar });
    const printed = stdout.trim();
    const said = printed.startsWith('"') ? JSON.parse(printed) : printed;
    assert.ok(said && expected.startsWith(said), `${command} printed ${printed}`);
  }
}

async function tryIt(port) {
  await typeIt(port);
  const client = new Client(`http://localhost:${port}`, "cookie");
  const user = async () => String((await client.get("/me")).body).trim();
  assert.match(String((await client.post("/login/ada")).body), /hello ada/);
  assert.equal(await user(), "ada");
  assert.equal((await client.refresh()).status, 200);
  assert.equal(await user(), "ada");
  await core.stop();
  await core.restart();
  assert.equal((await client.refresh()).status, 200);
  assert.equal(await user(), "ada");
  assert.deepEqual((await client.post("/auth/signout")).body, { status: "OK" });
  assert.equal((await client.get("/me")).status, 401);
}

test("the Express app", async (t) => {
  const [{ cwd }] = APPS;
  const port = await freePort();
  // Beside the packages that it imports.
  const file = join(cwd, "readme-app.mjs");
  await writeFile(file, program("js", core, port));
  const app = await startProgram(["node", file], cwd, `http://localhost:${port}/me`);
  t.after(async () => {
    await app.stop();
    await rm(file);
  });
  await tryIt(port);
});

test("the FastAPI app", async (t) => {
  const port = await freePort();
  await writeFile(join(folder, "app.py"), program("python", core, port));
  const command = [process.env.COMPAT_PYTHON, "-m", "uvicorn", "app:app", "--port", String(port), "--log-level", "warning"];
  const app = await startProgram(command, folder, `http://localhost:${port}/me`);
  t.after(() => app.stop());
  await tryIt(port);
});
