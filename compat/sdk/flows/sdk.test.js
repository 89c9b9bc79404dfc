// Every flow with every app, tokens in cookies and in headers.

import { after, before, describe, test } from "node:test";
import { Client } from "./client.js";
import { flows } from "./flows.js";
import {
  antiCsrfFlows, bearerFlows, customHeaderFlows, endedFlows, keyFlows, outageFlows, shortFlows, theftHandlerFlows,
} from "./settings.js";
import { APPS, startApp, startCore } from "./processes.js";

const FLOW_MS = 60_000;
const API_KEY = "an-api-key-of-the-compat-tests";

/** Runs flows on an app and a server that live as long as they do. */
function suite(title, app, modes, { core: config, own, ...options }, list, extend = async () => ({})) {
  describe(title, () => {
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
    for (const mode of modes) {
      describe(`tokens in ${mode}s`, () => {
        for (const [name, flow] of Object.entries(list)) {
          test(name, { timeout: FLOW_MS }, () => flow({ core, client: () => new Client(running.url, mode), ...more }));
        }
      });
    }
  });
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
const endsSoon = { access_token_validity: 1, refresh_token_validity: 0.05 };
for (const app of APPS) {
  describe(app.name, () => {
    suite("sessions", app, both, {}, flows);
    for (const [title, antiCsrf, list] of [["token", "VIA_TOKEN", antiCsrfFlows], ["header", "VIA_CUSTOM_HEADER", customHeaderFlows]]) {
      suite(`anti-CSRF by ${title}`, app, ["cookie"], { antiCsrf }, list);
      suite(`anti-CSRF by ${title}, not asked of bearers`, app, ["header"], { antiCsrf }, bearerFlows);
    }
    suite("handlers of its own", app, both, { ownHandlers: true }, theftHandlerFlows);
    suite("short tokens", app, both, { core: { access_token_validity: 1 } }, shortFlows);
    suite("short sessions", app, both, { core: endsSoon }, endedFlows);
    suite("outages", app, both, { own: true }, outageFlows);
    suite("API keys", app, both, { core: { api_keys: API_KEY }, apiKey: API_KEY }, keyFlows, async (core) => {
      const other = await startApp(app, core, { apiKey: "another-key-of-the-compat-tests" });
      return { wrongKeyUrl: other.url, stop: () => other.stop() };
    });
  });
}
