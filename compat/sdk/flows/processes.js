// Starts the server and the apps, and ends them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));
const { DOORWARD_BIN, COMPAT_PYTHON, COMPAT_GO_APP } = process.env;

/** The apps, one per official SDK and way of using it. */
export const APPS = [
  { name: "supertokens-node on Express", command: ["node", "src/express.js"], cwd: join(here, "node") },
  { name: "supertokens-node without a framework", command: ["node", "src/plain.js"], cwd: join(here, "node") },
  { name: "supertokens-python on FastAPI", command: [COMPAT_PYTHON, "app.py"], cwd: join(here, "python") },
  { name: "supertokens-golang on net/http", command: [COMPAT_GO_APP], cwd: join(here, "go") },
];

const START_MS = 60_000;

/** A port that nobody listens on now. The SDKs must know theirs before they start. */
export async function freePort() {
  const server = createServer();
  server.listen(0, "localhost");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

async function start(command, { cwd, env, ready }) {
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const ended = once(child, "exit");
  const deadline = Date.now() + START_MS;
  while (!(await ready())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${command.join(" ")} did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    output: () => output,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await ended;
    },
  };
}

const answers = (url) => fetch(url).then((response) => response.status < 500, () => false);

/** Starts `doorward serve` on a fresh database. `config` holds lines of its configuration file. */
export async function startCore(config = {}) {
  const folder = await mkdtemp(join(tmpdir(), "doorward-compat-"));
  const port = await freePort();
  const file = join(folder, "config.yaml");
  const lines = Object.entries({ core_config_version: 0, port, ...config });
  await writeFile(file, lines.map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`).join(""));
  const uri = `http://localhost:${port}`;
  const run = () => start([DOORWARD_BIN, "serve", "--config", file, "--data", join(folder, "data")],
    { cwd: folder, env: {}, ready: () => answers(`${uri}/hello`) });
  let process = await run();
  return {
    uri,
    output: () => process.output(),
    stop: (signal) => process.stop(signal),
    restart: async () => void (process = await run()),
    async remove() {
      await process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts an app on a server. */
export async function startApp(app, core, { antiCsrf = "NONE", apiKey, ownHandlers } = {}) {
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const env = {
    PORT: String(port), CORE_URI: core.uri, ANTI_CSRF: antiCsrf,
    ...(apiKey && { API_KEY: apiKey }), ...(ownHandlers && { OWN_HANDLERS: "yes" }),
  };
  const process = await start(app.command, { cwd: app.cwd, env, ready: () => answers(`${url}/session`) });
  return { url, stop: () => process.stop("SIGKILL"), output: process.output };
}

/** Starts any program, and waits until it answers. */
export async function startProgram(command, cwd, url, env = {}) {
  const process = await start(command, { cwd, env, ready: () => answers(url) });
  return { stop: () => process.stop("SIGKILL") };
}
