// What every SDK must be able to do on Doorward, however it is set up.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import { newUser, ok, refused, signedIn, turn } from "./steps.js";

const TOGETHER = 12;

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

  async "tokens travel where the client asked for them"(world) {
    const { client } = await signedIn(world);
    for (const step of [() => undefined, () => turn(client)]) {
      await step();
      const inCookies = ["sAccessToken", "sRefreshToken"].map((name) => client.cookies.has(name));
      const inHeaders = ["access", "refresh"].map((name) => name in client.tokens);
      const expected = client.mode === "cookie";
      assert.deepEqual([inCookies, inHeaders], [[expected, expected], [!expected, !expected]]);
    }
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
      // Each answer is the first to be used, as far as its tab knows.
      await Promise.all(tabs.map(async (tab) => assert.equal(ok(await tab.get("/session")).handle, session.handle)));
      for (const tab of tabs) assert.equal(ok(await tab.post("/session")).handle, session.handle);
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
    const { client, user, session } = await signedIn(world);
    const stored = async () => ok(await client.get(`/admin/session?handle=${session.handle}`)).payload.role?.v;
    assert.equal(await stored(), undefined);
    const claims = refused(await client.get("/role"), 403, /invalid claim/).claimValidationErrors;
    assert.deepEqual(claims.map(({ id, reason }) => [id, reason.expectedValue, reason.actualValue]), [["role", "admin", "user"]]);
    // The SDK fetched what wasn't there, and stored it.
    assert.equal(await stored(), "user");
    ok(await client.post("/role/refetch"));
    assert.equal(decodeJwt(client.accessToken).role.v, "user");
    // What is in the token counts until it is fetched again.
    ok(await client.post("/admin/role", { user, role: "admin" }));
    refused(await client.get("/role"), 403, /invalid claim/);
    ok(await client.post("/role/refetch"));
    assert.equal(ok(await client.get("/role")).payload.role.v, "admin");
    assert.equal(await stored(), "admin");
    ok(await client.refresh());
    assert.equal(ok(await client.get("/role")).payload.role.v, "admin");
  },

  async "publishes its OpenID configuration"(world) {
    const client = world.client();
    const discovery = ok(await client.get("/auth/.well-known/openid-configuration"));
    assert.equal(discovery.issuer, `${client.url}/auth`);
    assert.equal(discovery.jwks_uri, `${client.url}/auth/jwt/jwks.json`);
    const { keys } = ok(await client.get("/auth/jwt/jwks.json"));
    assert.deepEqual([...new Set(keys.map(({ kty, alg, use }) => `${kty} ${alg} ${use}`))], ["RSA RS256 sig"]);
    assert.deepEqual([...new Set(keys.map(({ kid }) => kid.slice(0, 2)))].sort(), ["d-", "s-"]);
  },

  async "makes JWTs that a foreign library verifies"(world) {
    const client = world.client();
    const discovery = ok(await client.get("/auth/.well-known/openid-configuration"));
    const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
    for (const useStatic of [true, false, undefined]) {
      const { jwt } = ok(await client.post("/jwt", { payload: { scope: "mail", deep: { a: [1] } }, validity: 600, useStatic }));
      const { payload, protectedHeader } = await jwtVerify(jwt, keys, { issuer: discovery.issuer, algorithms: ["RS256"] });
      assert.equal(payload.scope, "mail");
      assert.deepEqual(payload.deep, { a: [1] });
      assert.equal(payload.exp - payload.iat, 600);
      assert.match(protectedHeader.kid, useStatic === false ? /^d-/ : /^s-/);
    }
    // A session's access token is such a JWT too, and what it says can't be changed.
    const { client: user, session } = await signedIn(world);
    const { payload } = await jwtVerify(user.accessToken, keys, { issuer: discovery.issuer, algorithms: ["RS256"] });
    assert.deepEqual([payload.sub, payload.sessionHandle], [session.user, session.handle]);
    const [header, , signature] = user.accessToken.split(".");
    const claims = Buffer.from(JSON.stringify({ ...payload, sub: "another" })).toString("base64url");
    await assert.rejects(jwtVerify(`${header}.${claims}.${signature}`, keys), { code: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" });
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
