// Every flow with every app, tokens in cookies and in headers.

import { after, before, describe, test } from "node:test";
import { Client } from "./client.js";
import { antiCsrfFlows, customHeaderFlows, flows, keyFlows, outageFlows, shortFlows } from "./flows.js";
import { APPS, startApp, startCore } from "./processes.js";

const API_KEY = "an-api-key-of-the-compat-tests";

/** Runs flows on an app and a server that live as long as they do. */
function suite(title, app, modes, { core: config, own, ...options }, list, extend = async () => ({})) {
  for (const mode of modes.filter((mode) => mode === "header" || app.cookies)) {
    describe(`${title}, ${mode}s`, () => {
      let core;
      let running;
      let more;
      before(async () => {
        core = own ? await startCore(config) : await shared(config);
        running = await startApp(app, core, options);
        more = await extend(core);
      });
      after(async () => {
        await running?.stop();
        await more?.stop?.();
        if (own) await core?.remove();
      });
      for (const [name, flow] of Object.entries(list)) {
        test(name, () => flow({ core, client: () => new Client(running.url, mode), ...more }));
      }
    });
  }
}

// One server for all that need the same: that apps don't disturb each other is part of the test.
const servers = new Map();
async function shared(config = {}) {
  const key = JSON.stringify(config);
  if (!servers.has(key)) servers.set(key, startCore(config));
  return servers.get(key);
}
after(async () => {
  for (const server of servers.values()) await (await server).remove();
});

const both = ["cookie", "header"];
for (const app of APPS) {
  describe(app.name, () => {
    suite("sessions", app, both, {}, flows);
    // Only cookies are sent by other sites' pages too: the SDKs ask nothing of tokens in headers.
    if (app.cookies) suite("anti-CSRF by token", app, ["cookie"], { antiCsrf: "VIA_TOKEN" }, antiCsrfFlows);
    if (app.cookies) suite("anti-CSRF by header", app, ["cookie"], { antiCsrf: "VIA_CUSTOM_HEADER" }, customHeaderFlows);
    suite("short tokens", app, ["header"], { core: { access_token_validity: 1 } }, shortFlows);
    suite("outages", app, ["header"], { own: true }, outageFlows);
    suite("API keys", app, ["header"], { core: { api_keys: API_KEY }, apiKey: API_KEY }, keyFlows, async (core) => {
      const other = await startApp(app, core, { apiKey: "another-key-of-the-compat-tests" });
      return { wrongKey: new Client(other.url, "header"), stop: () => other.stop() };
    });
  });
}
