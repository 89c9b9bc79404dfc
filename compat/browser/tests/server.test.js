// supertokens-website in Chromium, supertokens-node on Express behind it, `doorward serve` behind that: nothing of ours
// but the server.

import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort, startCore, startProgram } from "../../sdk/flows/processes.js";
import { cookie, launchBrowser, makeAssets, openContext, openTab } from "./support.js";

const NODE_APP = fileURLToPath(new URL("../../sdk/node", import.meta.url));
const REFRESHES = 3;
const LIMIT_MS = 60_000;

let browser;
let assets;
before(async () => { [browser, assets] = await Promise.all([launchBrowser(), makeAssets()]); });
after(async () => {
  await browser?.close();
  await rm(assets, { recursive: true, force: true });
});

/** A group of tests on a server and an app of its own. */
function withServer(name, config, antiCsrf, tests) {
  describe(name, () => {
    let core;
    let app;
    let url;
    before(async () => {
      const port = await freePort();
      url = `http://localhost:${port}`;
      core = await startCore(config);
      const env = { PORT: String(port), CORE_URI: core.uri, ANTI_CSRF: antiCsrf, ASSETS: assets };
      app = await startProgram(["node", "src/browser.js"], NODE_APP, `${url}/me`, env);
    });
    after(async () => {
      await app?.stop();
      await core?.remove();
    });
    const signIn = async (t) => {
      const context = await openContext(t, browser);
      const tab = await openTab(context, url, url);
      assert.equal((await tab.login("ada", { role: "editor" })).status, 200);
      return { context, tab, open: () => openTab(context, url, url) };
    };
    const refreshes = async () => (await (await fetch(`${url}/test/counters`)).json()).refresh;
    const raw = (token) => fetch(`${url}/auth/session/refresh`, { method: "POST", headers: { cookie: `sRefreshToken=${token}`, rid: "session" } });
    tests({ signIn, refreshes, raw });
  });
}

withServer("a page on the server", {}, "NONE", ({ signIn, raw }) => {
  test("signs in, knows its payload, and signs out", async (t) => {
    const { context, tab } = await signIn(t);
    assert.equal((await cookie(context, "sAccessToken")).httpOnly, true);
    assert.deepEqual([await tab.userId(), (await tab.payload()).role], ["ada", "editor"]);
    assert.equal((await tab.get("/me")).status, 200);
    await tab.signOut();
    assert.equal(await tab.exists(), false);
    assert.equal((await tab.get("/me")).status, 401);
  });

  test("two tabs that present one refresh token at the same moment both go on", async (t) => {
    const { context, tab: one, open } = await signIn(t);
    const two = await open();
    const { body: { handle } } = await one.get("/me");
    for (let round = 0; round < REFRESHES; round += 1) {
      // Past the SDK's lock between tabs: each request waits until the other has set out too.
      let release;
      const both = new Promise((resolve) => { release = resolve; });
      let waiting = 0;
      await context.route("**/auth/session/refresh", async (route) => {
        waiting += 1;
        if (waiting === 2) release();
        await both;
        await route.continue();
      });
      const answers = await Promise.all([one, two].map((tab) => tab.plain("POST", "/auth/session/refresh")));
      await context.unroute("**/auth/session/refresh");
      assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
      for (const tab of [one, two]) {
        const { status, body } = await tab.get("/me");
        assert.deepEqual([status, body.handle], [200, handle]);
      }
    }
  });

  test("a stolen refresh token, two generations old, ends the session for both", async (t) => {
    const { context, tab } = await signIn(t);
    const { value: stolen } = await cookie(context, "sRefreshToken");
    for (let generation = 0; generation < 2; generation += 1) {
      assert.equal(await tab.refresh(), true);
      assert.equal((await tab.get("/me")).status, 200);
    }
    const thief = await raw(stolen);
    assert.deepEqual([thief.status, await thief.json()], [401, { message: "token theft detected" }]);
    assert.equal(await tab.refresh(), false);
    assert.equal(await tab.exists(), false);
  });
});

withServer("access tokens of a second, anti-CSRF by token", { access_token_validity: 1 }, "VIA_TOKEN", ({ signIn, refreshes }) => {
  test("two tabs go on, refreshed silently again and again, and may write", async (t) => {
    const { tab: one, open } = await signIn(t);
    const two = await open();
    const { body: { handle } } = await one.get("/me");
    const enough = (await refreshes()) + REFRESHES;
    const deadline = Date.now() + LIMIT_MS;
    while ((await refreshes()) < enough) {
      assert.ok(Date.now() < deadline, "it was never refreshed");
      for (const { status, body } of await Promise.all([one.get("/me"), two.get("/me")])) {
        assert.deepEqual([status, body.handle], [200, handle]);
      }
      assert.equal((await one.post("/write")).status, 200);
    }
  });
});
