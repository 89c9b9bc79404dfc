// What every SDK must be able to do on an app or a server that is set up in a certain way.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "./client.js";
import { flows } from "./flows.js";
import { faults, newUser, ok, refused, signedIn, turn, until } from "./steps.js";

const MANY = "many refreshes at once: every answer can be used, and none ends the session";

/** With anti-CSRF tokens: what changes something must repeat the token's value. */
export const antiCsrfFlows = {
  async "asks for the anti-CSRF token"(world) {
    const { client } = await signedIn(world);
    assert.ok(client.antiCsrf);
    ok(await client.post("/session"));
    ok(await client.get("/session", { headers: { "anti-csrf": null } }));
    refused(await client.post("/session", {}, { headers: { "anti-csrf": null } }), 401, /try refresh token/);
    refused(await client.post("/session", {}, { headers: { "anti-csrf": randomUUID() } }), 401, /try refresh token/);
    const before = client.antiCsrf;
    await turn(client);
    assert.notEqual(client.antiCsrf, before);
    ok(await client.post("/session"));
  },

  async "a refresh without the anti-CSRF token is refused, and nothing is lost"(world) {
    const { client } = await signedIn(world);
    refused(await client.copy().refresh({ headers: { "anti-csrf": null } }), 401, /unauthorised/);
    refused(await client.copy().refresh({ headers: { "anti-csrf": randomUUID() } }), 401, /unauthorised/);
    await turn(client);
  },

  [MANY]: flows[MANY],
};

/** With a custom header in place of a token. */
export const customHeaderFlows = {
  async "asks for the custom header"(world) {
    const { client } = await signedIn(world);
    assert.equal(client.antiCsrf, undefined);
    ok(await client.post("/session"));
    refused(await client.post("/session", {}, { headers: { rid: null } }), 401, /try refresh token/);
    ok(await client.get("/session", { headers: { rid: null } }));
    refused(await client.copy().refresh({ headers: { rid: null } }), 401, /unauthorised/);
    await turn(client);
  },

  [MANY]: flows[MANY],
};

/** Only cookies are sent by other sites' pages too: nothing is asked of tokens in headers, whatever is set. */
export const bearerFlows = {
  async "asks for neither with tokens in headers"(world) {
    const { client } = await signedIn(world);
    assert.equal(client.antiCsrf, undefined);
    const bare = { headers: { rid: null } };
    ok(await client.post("/session", {}, bare));
    ok(await client.refresh(bare));
    ok(await client.post("/session", {}, bare));
  },
};

/** With an answer to theft of the app's own. */
export const theftHandlerFlows = {
  async "the app is told whose session was stolen"(world) {
    const { client, session, user } = await signedIn(world);
    const thief = client.copy();
    await turn(client);
    await turn(client);
    const told = refused(await thief.refresh(), 401, /theft/);
    assert.deepEqual([told.handle, told.user], [session.handle, user]);
    refused(await client.refresh(), 401, /unauthorised/);
  },
};

/** On a server whose access tokens live a second. */
export const shortFlows = {
  async "an access token that has ended asks for a refresh"(world) {
    const { client, session } = await signedIn(world);
    let answer;
    await until("the access token ends", async () => (answer = await client.get("/session")).status !== 200);
    refused(answer, 401, /try refresh token/);
    refused(await client.get("/checked"), 401, /try refresh token/);
    ok(await client.refresh());
    assert.equal(ok(await client.get(`/admin/session?handle=${session.handle}`)).found, true);
  },
};

/** On a server whose sessions live three seconds. */
export const endedFlows = {
  async "a session that has ended is gone, and its refresh token is worth nothing"(world) {
    const { client, session, user } = await signedIn(world);
    const found = async () => ok(await client.get(`/admin/session?handle=${session.handle}`)).found;
    assert.equal(await found(), true);
    await until("the session ends", async () => !(await found()));
    assert.deepEqual(ok(await client.get(`/admin/sessions?user=${user}`)).handles, []);
    refused(await client.get("/session"), 401, /try refresh token/);
    refused(await client.refresh(), 401, /unauthorised/);
  },
};

/** On a server of the flow's own, which it may stop. */
export const outageFlows = {
  async "a server that is down is a 5xx, never a 401, and after its restart all goes on"(world) {
    const { client, session } = await signedIn(world);
    ok(await client.get("/session"));
    await world.core.stop();
    // What is signed is verified without the server.
    ok(await client.get("/session"));
    await faults(client, () => client.refresh());
    await faults(client, () => client.get("/checked"));
    await faults(client, () => client.post("/payload", { update: { plan: "pro" } }));
    await faults(client, () => client.post("/logout"));
    await faults(world.client(), (late) => late.post("/login", { user: newUser("late") }));
    await world.core.restart();
    assert.equal((await turn(client)).handle, session.handle);
    ok(await client.get("/checked"));
  },

  async "a server that is restarted in the middle of work ends no session"(world) {
    const workers = await Promise.all(Array.from({ length: 6 }, () => signedIn(world)));
    for (const worker of workers) Object.assign(worker, { good: 0, faults: 0 });
    let working = true; // until something is wrong, or all is done
    const step = async (worker, request) => {
      const { status, body } = await request();
      assert.ok(status === 200 || status >= 500, `${status} ${JSON.stringify(body)}`);
      if (status === 200) worker.good += 1;
      else worker.faults += 1;
    };
    const work = Promise.all(workers.map(async (worker) => {
      while (working) {
        await step(worker, () => worker.client.refresh());
        await step(worker, () => worker.client.get("/checked"));
      }
    }));
    const allWorked = () => {
      for (const worker of workers) worker.good = 0;
      return until("everybody works", () => !working || workers.every(({ good }) => good > 3));
    };
    const restarts = async () => {
      for (const signal of ["SIGKILL", "SIGTERM"]) {
        await allWorked();
        for (const worker of workers) worker.faults = 0;
        await world.core.stop(signal);
        await until("somebody sees that it is down", () => !working || workers.some(({ faults }) => faults > 0));
        await world.core.restart();
      }
      await allWorked();
    };
    const restarting = restarts();
    try {
      await Promise.race([work, restarting]);
    } finally {
      working = false;
      await Promise.allSettled([work, restarting]);
    }
    await work;
    for (const { client, session } of workers) assert.equal((await turn(client)).handle, session.handle);
  },
};

/** On a server that wants an API key. `wrongKeyUrl` is an app that has another one. */
export const keyFlows = {
  async "the right key is let in, a wrong one is a 5xx for the app's users, and ends nothing"(world) {
    const { client } = await signedIn(world);
    const elsewhere = new Client(world.wrongKeyUrl, client.mode);
    for (const request of [() => elsewhere.post("/login", { user: newUser("key") }), () => elsewhere.get("/admin/sessions?user=a")]) {
      assert.match(JSON.stringify((await faults(elsewhere, request)).body), /Invalid API key/);
    }
    const moved = client.copy();
    moved.url = world.wrongKeyUrl;
    await faults(moved, () => moved.refresh());
    await turn(client);
  },
};
