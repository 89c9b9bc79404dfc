// Starts what the tests drive: Chromium, the demo and the example app. Nothing here waits for time, only for conditions.

import { spawn } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { chromium } from "playwright-core";

const project = fileURLToPath(new URL("..", import.meta.url));
const START_LIMIT_MS = 60_000;
const STEP_LIMIT_MS = 15_000;

/** How far a step goes past the end of an access token. */
export const PAST_ACCESS_MS = 2 * 3600 * 1000;
/** ... and past the end of a refresh token. */
export const PAST_REFRESH_MS = 101 * 24 * 3600 * 1000;

export function launchBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A context of its own (cookies, storage), with short limits, closed when the test ends. */
export async function openContext(t, browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(STEP_LIMIT_MS);
  t.after(() => context.close());
  return context;
}

/** Runs the program that the variable names until it has printed all of `patterns`; returns what they captured. */
async function start(variable, args, patterns) {
  const program = process.env[variable];
  if (!program) throw new Error(`${variable} must name the program to test; ./dev test sets it`);
  const directory = await mkdtemp(join(tmpdir(), "doorward-browser-"));
  const child = spawn(program, args, { cwd: directory, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  const exited = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  let limit;
  const found = new Promise((resolve, reject) => {
    limit = setTimeout(() => reject(new Error(`${program} said too little in time:\n${said}`)), START_LIMIT_MS);
    const hear = (chunk) => {
      said += chunk;
      const matches = patterns.map((pattern) => pattern.exec(said));
      if (matches.every(Boolean)) resolve(matches.map((match) => match[1]));
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    exited.then((code) => reject(new Error(`${program} ended with ${code}:\n${said}`)));
  });
  try {
    return { captured: await found, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

/** The demo, with its store in memory. */
export async function startDemo() {
  const { captured: [url], stop } = await start("DOORWARD_BIN", ["demo", "--port", "0", "--memory"], [/(http:\/\/localhost:\d+)/]);
  return { url, stop };
}

/** A folder with this folder's page and the official kit, unmodified, as one script. */
export async function makeAssets() {
  const assets = await mkdtemp(join(tmpdir(), "doorward-assets-"));
  await build({
    entryPoints: [join(project, "node_modules/supertokens-website/index.js")],
    outfile: join(assets, "supertokens.js"),
    bundle: true,
    format: "iife",
    globalName: "supertokens",
    logLevel: "error",
  });
  for (const name of ["page.html", "page.js"]) await copyFile(join(project, name), join(assets, name));
  return assets;
}

/** The example app behind the page of this folder. `separateApi`: the API has a port, so an origin, of its own. */
export async function startApp({ antiCsrf, separateApi = false }) {
  const assets = await makeAssets();
  const args = ["--port", "0", ...(separateApi ? ["--api-port", "0"] : []), "--anti-csrf", antiCsrf, "--assets", assets];
  const app = await start("BROWSER_APP_BIN", args, [/page (http:\/\/localhost:\d+)\s/, /api (http:\/\/localhost:\d+)\s/]);
  const [pageUrl, api] = app.captured;

  return {
    pageUrl,
    api,
    async stop() {
      await app.stop();
      await rm(assets, { recursive: true, force: true });
    },
    /** Moves the app's clock on. */
    async step(ms) {
      const answer = await fetch(`${api}/test/step`, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ms }),
      });
      if (!answer.ok) throw new Error(`the clock didn't step: ${answer.status}`);
    },
    /** How many refreshes the app was asked for so far. */
    async refreshes() {
      return (await (await fetch(`${api}/test/counters`)).json()).refresh;
    },
    /** A tab with the SDK started in it. */
    openTab: (context, settings) => openTab(context, pageUrl, api, settings),
  };
}

/** A tab with the page in it, and the SDK started in that. */
export async function openTab(context, pageUrl, api, { tokenTransferMethod = "cookie" } = {}) {
  const page = await context.newPage();
  await page.goto(pageUrl);
  await page.evaluate((settings) => window.app.init(settings), { apiDomain: api, tokenTransferMethod });
  return tab(page);
}

/** The page's `window.app`, called from here: `tab.get("/me")` runs `app.get("/me")` in the page. */
function tab(page) {
  const events = () => page.evaluate(() => window.app.events);
  const known = { page, events };
  return new Proxy(known, {
    get: (target, name) => {
      if (name in target || typeof name !== "string" || name === "then") return target[name];
      return (...args) => page.evaluate(([call, given]) => window.app[call](...given), [name, args]);
    },
  });
}

/** The value of a cookie as the browser sends it; undefined when it has none. */
export async function cookie(context, name) {
  return (await context.cookies()).find((one) => one.name === name);
}
