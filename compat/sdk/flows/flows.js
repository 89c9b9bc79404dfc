// What every SDK must be able to do on Doorward. Each flow has a user of its own; `world` starts what it needs.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";

const TOGETHER = 12;

const newUser = (name) => `${name}-${randomUUID()}`;

const ok = (answer) => {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

const refused = (answer, status, message) => {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (message) assert.match(JSON.stringify(answer.body), message);
};

async function signedIn(world, body = {}) {
  const client = world.client();
  const user = body.user ?? newUser("user");
  const session = ok(await client.post("/login", { ...body, user }));
  assert.equal(session.user, user);
  return { client, user, session };
}

/** Refreshes and uses what came of it, so that the successor becomes current. */
async function turn(client) {
  ok(await client.refresh());
  return ok(await client.get("/session"));
}

export const flows = {
  async "signs in and passes a guarded route"(world) {
    const { client, user, session } = await signedIn(world, { payload: { plan: "pro", nothing: null, big: 12345678901 } });
    const seen = ok(await client.get("/session"));
    assert.deepEqual([seen.handle, seen.user, seen.tenant], [session.handle, user, "public"]);
    assert.equal(seen.payload.plan, "pro");
    assert.equal(seen.payload.nothing, null);
    assert.equal(seen.payload.big, 12345678901);
    assert.equal(ok(await client.get("/optional")).user, user);
    ok(await client.get("/checked"));
  },

  async "refuses who isn't signed in"(world) {
    refused(await world.client().get("/session"), 401, /unauthorised/);
    assert.equal(ok(await world.client().get("/optional")).user, null);
    const { client } = await signedIn(world);
    const forged = client.copy();
    const [header, claims] = client.accessToken.split(".");
    const token = `${header}.${claims}.${"A".repeat(342)}`;
    forged.tokens.access = token;
    forged.cookies.set("sAccessToken", token);
    refused(await forged.get("/session"), 401, /try refresh token/);
  },

  async "refreshes, and the chain goes on"(world) {
    const { client, session } = await signedIn(world);
    const before = client.refreshToken;
    for (let turns = 0; turns < 4; turns += 1) assert.equal((await turn(client)).handle, session.handle);
    assert.notEqual(client.refreshToken, before);
    // After its first use, a token needs the server no more.
    assert.equal(decodeJwt(client.accessToken).parentRefreshTokenHash1, null);
  },

  async "many refreshes at once: every answer can be used, and none ends the session"(world) {
    const { client, session } = await signedIn(world);
    for (let round = 0; round < 3; round += 1) {
      const tabs = Array.from({ length: TOGETHER }, () => client.copy());
      const answers = await Promise.all(tabs.map((tab) => tab.refresh()));
      for (const answer of answers) assert.equal(answer.status, 200, JSON.stringify(answer.body));
      for (const tab of tabs) assert.equal(ok(await tab.get("/session")).handle, session.handle);
      await Promise.all(tabs.map(async (tab) => ok(await tab.get("/checked"))));
      for (const tab of tabs) ok(await tab.refresh());
      for (const tab of tabs) assert.equal(ok(await tab.get("/checked")).handle, session.handle);
      Object.assign(client, tabs[0]);
    }
  },

  async "a lost response costs nothing: the old token may come again"(world) {
    const { client, session } = await signedIn(world);
    ok(await client.copy().refresh());
    ok(await client.copy().refresh());
    assert.equal((await turn(client)).handle, session.handle);
  },

  async "an old token that comes again is theft, and ends the session"(world) {
    const { client, session } = await signedIn(world);
    const thief = client.copy();
    await turn(client);
    await turn(client);
    refused(await thief.refresh(), 401, /theft/);
    assert.equal(ok(await client.get(`/admin/session?handle=${session.handle}`)).found, false);
    refused(await client.get("/checked"), 401, /unauthorised/);
    refused(await client.refresh(), 401, /unauthorised/);
  },

  async "garbage in place of a refresh token is refused"(world) {
    const { client } = await signedIn(world);
    const forged = client.copy();
    forged.tokens.refresh = "AAAA.BBBB.V2";
    forged.cookies.set("sRefreshToken", "AAAA.BBBB.V2");
    refused(await forged.refresh(), 401, /unauthorised/);
    await turn(client);
  },

  async "signs out"(world) {
    const { client, session } = await signedIn(world);
    ok(await client.post("/logout"));
    assert.equal(ok(await client.get(`/admin/session?handle=${session.handle}`)).found, false);
    refused(await client.refresh(), 401, /unauthorised/);
  },

  async "lists and revokes one, many and all"(world) {
    const user = newUser("owner");
    const handles = [];
    for (let count = 0; count < 6; count += 1) handles.push((await signedIn(world, { user })).session.handle);
    const { client, session: other } = await signedIn(world);
    const list = async () => ok(await client.get(`/admin/sessions?user=${user}`)).handles.sort();
    assert.deepEqual(await list(), [...handles].sort());
    const [one, two, three, ...rest] = handles;
    assert.equal(ok(await client.post("/admin/revoke", { handle: one })).revoked, true);
    assert.equal(ok(await client.post("/admin/revoke", { handle: one })).revoked, false);
    assert.deepEqual(ok(await client.post("/admin/revoke-many", { handles: [one, two, three] })).handles.sort(), [two, three].sort());
    assert.deepEqual(await list(), [...rest].sort());
    assert.deepEqual(ok(await client.post("/admin/revoke-all", { user })).handles.sort(), [...rest].sort());
    assert.deepEqual(await list(), []);
    assert.equal(ok(await client.get(`/admin/session?handle=${other.handle}`)).found, true);
    ok(await client.get("/checked"));
  },

  async "keeps session data"(world) {
    const { client, session, user } = await signedIn(world, { data: { seen: ["a"], name: "Zoë ✓" } });
    assert.deepEqual(ok(await client.get("/data")).data, { seen: ["a"], name: "Zoë ✓" });
    ok(await client.post("/data", { data: { cart: 3 } }));
    assert.deepEqual(ok(await client.get("/data")).data, { cart: 3 });
    assert.equal(ok(await client.post("/admin/data", { handle: session.handle, data: { cart: 4 } })).updated, true);
    const info = ok(await client.get(`/admin/session?handle=${session.handle}`));
    assert.deepEqual(info.data, { cart: 4 });
    assert.deepEqual([info.user, info.tenant], [user, "public"]);
    assert.ok(info.created <= Date.now() + 1000 && info.expires > Date.now() + 99 * 24 * 3600 * 1000);
    assert.equal(ok(await client.post("/admin/data", { handle: randomUUID(), data: {} })).updated, false);
  },

  async "changes the access token's payload"(world) {
    const { client, session } = await signedIn(world, { payload: { plan: "free", keep: 1 } });
    const changed = ok(await client.post("/payload", { update: { plan: "pro" } })).payload;
    assert.deepEqual([changed.plan, changed.keep], ["pro", 1]);
    assert.equal(ok(await client.get("/session")).payload.plan, "pro");
    assert.equal(decodeJwt(client.accessToken).plan, "pro");
    // By handle: the token at hand stays, the next one has it; a check against the database brings it at once.
    const copy = client.copy();
    ok(await client.post("/admin/payload", { handle: session.handle, update: { plan: "team", keep: null } }));
    assert.equal(ok(await client.get("/session")).payload.plan, "pro");
    assert.equal(ok(await copy.get("/checked")).payload.plan, "team");
    assert.equal("keep" in (await turn(client)).payload, false);
  },

  async "a claim that fails is a 403, and passes once it is fetched again"(world) {
    const { client, user } = await signedIn(world);
    refused(await client.get("/role"), 403, /invalid claim/);
    ok(await client.post("/admin/role", { user, role: "admin" }));
    ok(await client.post("/role/refetch"));
    assert.equal(ok(await client.get("/role")).payload.role.v, "admin");
  },

  async "makes JWTs that a foreign library verifies"(world) {
    const client = world.client();
    const discovery = ok(await client.get("/auth/.well-known/openid-configuration"));
    assert.match(discovery.jwks_uri, /\/jwt\/jwks\.json$/);
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
    for (const useStatic of [true, false, undefined]) {
      const { jwt } = ok(await client.post("/jwt", { payload: { scope: "mail", deep: { a: [1] } }, validity: 600, useStatic }));
      const { payload, protectedHeader } = await jwtVerify(jwt, keys, { issuer: discovery.issuer, algorithms: ["RS256"] });
      assert.equal(payload.scope, "mail");
      assert.deepEqual(payload.deep, { a: [1] });
      assert.equal(payload.exp - payload.iat, 600);
      assert.match(protectedHeader.kid, useStatic === false ? /^d-/ : /^s-/);
    }
    // A session's access token is such a JWT too.
    const { client: user } = await signedIn(world);
    const { payload } = await jwtVerify(user.accessToken, keys, { algorithms: ["RS256"] });
    assert.equal(payload.iss, discovery.issuer);
  },

  async "keeps tenants apart"(world) {
    const tenant = `t${randomUUID().slice(0, 8)}`;
    const admin = world.client();
    assert.equal(ok(await admin.post("/admin/tenant", { tenant })).created, true);
    assert.equal(ok(await admin.post("/admin/tenant", { tenant })).created, false);
    const user = newUser("both");
    const { session: here } = await signedIn(world, { user });
    const { client, session: there } = await signedIn(world, { user, tenant });
    assert.equal(there.tenant, tenant);
    assert.ok(there.handle.endsWith(`_${tenant}`));
    assert.equal((await turn(client)).tenant, tenant);
    const list = async (query) => ok(await admin.get(`/admin/sessions?user=${user}${query}`)).handles.sort();
    assert.deepEqual(await list(`&tenant=${tenant}`), [there.handle]);
    assert.deepEqual(await list("&tenant=public"), [here.handle]);
    assert.deepEqual(await list(""), [here.handle, there.handle].sort());
    assert.deepEqual(ok(await admin.post("/admin/revoke-all", { user, tenant })).handles, [there.handle]);
    assert.deepEqual(await list(""), [here.handle]);
    refused(await admin.post("/login", { user, tenant: "nobody-made-this" }), 500, /Tenant/i);
  },
};

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

  "many refreshes at once: every answer can be used, and none ends the session":
    flows["many refreshes at once: every answer can be used, and none ends the session"],
};

/** With a custom header in place of a token. */
export const customHeaderFlows = {
  async "asks for the custom header"(world) {
    const { client } = await signedIn(world);
    assert.equal(client.antiCsrf, undefined);
    ok(await client.post("/session"));
    refused(await client.post("/session", {}, { headers: { rid: null } }), 401, /try refresh token/);
    ok(await client.get("/session", { headers: { rid: null } }));
    await turn(client);
  },
};

/** On a server whose access tokens live a second. */
export const shortFlows = {
  async "an access token that has ended asks for a refresh"(world) {
    const { client, session } = await signedIn(world);
    const deadline = Date.now() + 20_000;
    let answer = await client.get("/session");
    while (answer.status === 200 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      answer = await client.get("/session");
    }
    refused(answer, 401, /try refresh token/);
    ok(await client.refresh());
    assert.equal(ok(await client.get("/admin/session?handle=" + session.handle)).found, true);
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
    for (const answer of [await client.copy().refresh(), await client.copy().get("/checked"), await world.client().post("/login", { user: newUser("late") })]) {
      assert.ok(answer.status >= 500, `${answer.status} ${JSON.stringify(answer.body)}`);
    }
    await world.core.restart();
    assert.equal((await turn(client)).handle, session.handle);
    // Killed in the middle of work, not asked to stop.
    const busy = Array.from({ length: 6 }, () => client.copy()).map((tab) => tab.refresh().catch(() => ({ status: 599 })));
    await world.core.stop("SIGKILL");
    for (const answer of await Promise.all(busy)) assert.ok(answer.status === 200 || answer.status >= 500, `${answer.status}`);
    await world.core.restart();
    assert.equal((await turn(client)).handle, session.handle);
    ok(await client.get("/checked"));
  },
};

/** On a server that wants an API key. */
export const keyFlows = {
  async "the right key is let in, a wrong one is a 5xx for the app's users"(world) {
    ok(await world.client().post("/login", { user: newUser("key") }));
    const answer = await world.wrongKey.post("/login", { user: newUser("key") });
    assert.ok(answer.status >= 500, `${answer.status}`);
    assert.match(JSON.stringify(answer.body), /Invalid API key/);
  },
};
