// The unmodified supertokens-website, in Chromium, against the example app.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { cookie, launchBrowser, openContext, PAST_ACCESS_MS, PAST_REFRESH_MS, startApp } from "./support.js";

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser?.close());

/** A group of tests on one running app. `signIn` opens a tab of a fresh context and signs in. */
function withApp(name, options, tests) {
  describe(name, () => {
    let app;
    before(async () => { app = await startApp(options); });
    after(() => app?.stop());
    const signIn = async (t, { user = "ada", payload, ...settings } = {}) => {
      const context = await openContext(t, browser);
      const tab = await app.openTab(context, settings);
      assert.equal((await tab.login(user, payload)).status, 200);
      return { context, tab };
    };
    tests({ app: () => app, signIn });
  });
}

/** What a client without a browser would get. */
function rawRefresh(api, refreshToken) {
  return fetch(`${api}/auth/session/refresh`, { method: "POST", headers: { cookie: `sRefreshToken=${refreshToken}`, rid: "session" } });
}

async function assertSignedOut(context, tab) {
  assert.equal(await tab.exists(), false);
  assert.equal(await cookie(context, "sAccessToken"), undefined);
  assert.equal(await cookie(context, "sRefreshToken"), undefined);
  assert.equal((await tab.plain("GET", "/me")).status, 401);
}

withApp("cookies, no anti-CSRF", { antiCsrf: "none" }, ({ app, signIn }) => {
  test("sign in: HttpOnly cookies, and the SDK knows who it is", async (t) => {
    const { context, tab } = await signIn(t, { payload: { role: "editor", name: " łukasz 馬 / 马" } });
    const access = await cookie(context, "sAccessToken");
    const refresh = await cookie(context, "sRefreshToken");
    assert.deepEqual([access.httpOnly, access.path, access.sameSite, access.secure], [true, "/", "Lax", false]);
    assert.deepEqual([refresh.httpOnly, refresh.path, refresh.sameSite], [true, "/auth/session/refresh", "Lax"]);
    assert.equal(await tab.exists(), true);
    assert.equal(await tab.userId(), "ada");
    const payload = await tab.payload();
    assert.equal(payload.role, "editor");
    assert.equal(payload.name, " łukasz 馬 / 马");
    assert.equal(await tab.accessToken(), undefined, "the access token is hidden from scripts");
    assert.deepEqual((await tab.events()).map(({ action }) => action).filter((action) => action === "SESSION_CREATED"), ["SESSION_CREATED"]);
  });

  test("a guarded route answers fetch and XMLHttpRequest, and nobody without a session", async (t) => {
    const { tab } = await signIn(t);
    const byFetch = await tab.get("/me");
    assert.equal(byFetch.status, 200);
    assert.equal(byFetch.body.user, "ada");
    assert.deepEqual(await tab.xhr("GET", "/me"), byFetch);
    const stranger = await app().openTab(await openContext(t, browser));
    assert.equal((await stranger.get("/me")).status, 401);
  });

  for (const way of ["fetch", "XMLHttpRequest"]) {
    test(`expiry: ${way} is refreshed silently, once, and the session stays the same`, async (t) => {
      const { context, tab } = await signIn(t);
      const ask = () => (way === "fetch" ? tab.get("/me") : tab.xhr("GET", "/me"));
      const first = await ask();
      const old = await cookie(context, "sRefreshToken");
      const before = await app().refreshes();
      await app().step(PAST_ACCESS_MS);
      assert.deepEqual(await ask(), first);
      assert.equal(await app().refreshes(), before + 1);
      assert.notEqual((await cookie(context, "sRefreshToken")).value, old.value);
      assert.deepEqual(await ask(), first);
      assert.equal(await app().refreshes(), before + 1);
    });
  }

  test("five calls at once after expiry cost one refresh", async (t) => {
    const { tab } = await signIn(t);
    await app().step(PAST_ACCESS_MS);
    const before = await app().refreshes();
    const answers = await Promise.all(Array.from({ length: 5 }, () => tab.get("/me")));
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 200, 200]);
    assert.equal(await app().refreshes(), before + 1);
  });

  test("two tabs whose access token ran out at once both go on", async (t) => {
    const { context, tab: one } = await signIn(t);
    const two = await app().openTab(context);
    const { body: { handle } } = await one.get("/me");
    for (let round = 0; round < 3; round++) {
      await app().step(PAST_ACCESS_MS);
      for (const answer of await Promise.all([one.get("/me"), two.get("/me")])) {
        assert.deepEqual([answer.status, answer.body.handle], [200, handle]);
      }
    }
  });

  test("two tabs that present one refresh token at the same moment both go on", async (t) => {
    const { context, tab: one } = await signIn(t);
    const two = await app().openTab(context);
    const { body: { handle } } = await one.get("/me");
    for (let round = 0; round < 3; round++) {
      await app().step(PAST_ACCESS_MS);
      // Past the SDK's lock between tabs: each request waits until the other has set out too.
      let release;
      const both = new Promise((resolve) => { release = resolve; });
      let waiting = 0;
      await context.route("**/auth/session/refresh", async (route) => {
        if (++waiting === 2) release();
        await both;
        await route.continue();
      });
      const before = await app().refreshes();
      const answers = await Promise.all([one.plain("POST", "/auth/session/refresh"), two.plain("POST", "/auth/session/refresh")]);
      await context.unroute("**/auth/session/refresh");
      assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
      assert.equal(await app().refreshes(), before + 2);
      for (const tab of [one, two]) {
        const answer = await tab.get("/me");
        assert.deepEqual([answer.status, answer.body.handle], [200, handle]);
      }
    }
  });

  test("without anti-CSRF a plain request with cookies may write", async (t) => {
    const { tab } = await signIn(t);
    assert.equal((await tab.plain("POST", "/write")).status, 200); // what the two groups below must refuse
  });

  test("sign out: the cookies are gone and the SDK says so", async (t) => {
    const { context, tab } = await signIn(t);
    await tab.signOut();
    await assertSignedOut(context, tab);
    assert.ok((await tab.events()).some(({ action }) => action === "SIGN_OUT"));
  });

  test("sign out with an access token that ran out: refreshed, then signed out", async (t) => {
    const { context, tab } = await signIn(t);
    await app().step(PAST_ACCESS_MS);
    await tab.signOut();
    await assertSignedOut(context, tab);
  });

  test("a revoked session ends in the signed-out state at its next refresh", async (t) => {
    const { context, tab } = await signIn(t);
    assert.equal((await tab.post("/revoke-me")).status, 200);
    assert.notEqual(await cookie(context, "sRefreshToken"), undefined, "revoking by handle leaves the cookies");
    await app().step(PAST_ACCESS_MS);
    assert.equal((await tab.get("/me")).status, 401);
    await assertSignedOut(context, tab);
    assert.deepEqual((await tab.events()).at(-1), { action: "UNAUTHORISED", sessionExpiredOrRevoked: true });
  });

  test("a session past its refresh lifetime ends in the signed-out state", async (t) => {
    const { context, tab } = await signIn(t);
    await app().step(PAST_REFRESH_MS);
    assert.equal((await tab.get("/me")).status, 401);
    await assertSignedOut(context, tab);
  });

  test("theft: a refresh token two generations old ends the session for both", async (t) => {
    const { context, tab } = await signIn(t);
    const { value: stolen } = await cookie(context, "sRefreshToken");
    for (let generation = 0; generation < 2; generation++) {
      await app().step(PAST_ACCESS_MS);
      assert.equal((await tab.get("/me")).status, 200); // refreshes, and uses the new pair
    }
    const thief = await rawRefresh(app().api, stolen);
    assert.equal(thief.status, 401);
    assert.deepEqual(await thief.json(), { message: "token theft detected" });
    assert.equal(thief.headers.get("front-token"), "remove");

    await app().step(PAST_ACCESS_MS);
    assert.equal((await tab.get("/me")).status, 401);
    await assertSignedOut(context, tab);
    assert.deepEqual((await tab.events()).at(-1), { action: "UNAUTHORISED", sessionExpiredOrRevoked: true });
  });

  test("a thief who comes first is found as soon as the owner refreshes", async (t) => {
    const { context, tab } = await signIn(t);
    const { value: stolen } = await cookie(context, "sRefreshToken");
    let token = stolen;
    for (let generation = 0; generation < 2; generation++) {
      const answer = await rawRefresh(app().api, token);
      assert.equal(answer.status, 200);
      token = answer.headers.getSetCookie().map((line) => /^sRefreshToken=([^;]+)/.exec(line)?.[1]).find(Boolean);
      await app().step(PAST_ACCESS_MS); // past every window and grace
    }
    assert.equal((await rawRefresh(app().api, token)).status, 200); // two generations ahead of the owner by now
    assert.equal((await tab.get("/me")).status, 401);
    await assertSignedOut(context, tab);
    assert.equal((await rawRefresh(app().api, token)).status, 401, "the thief's branch has ended as well");
  });

  test("doesSessionExist: no before sign-in, yes after, refreshed by itself when the time is up, no after sign-out", async (t) => {
    const context = await openContext(t, browser);
    const tab = await app().openTab(context);
    assert.equal(await tab.exists(), false);
    await tab.login("ada");
    assert.equal(await tab.exists(), true);

    const before = await app().refreshes();
    await app().step(PAST_ACCESS_MS);
    await tab.setClockAhead(PAST_ACCESS_MS); // the browser's clock goes on as well: it knows by itself
    assert.equal(await tab.exists(), true);
    assert.equal(await app().refreshes(), before + 1);
    assert.equal((await tab.get("/me")).status, 200);
    assert.equal(await app().refreshes(), before + 1);

    await tab.signOut();
    const atTheEnd = await app().refreshes();
    assert.equal(await tab.exists(), false);
    assert.equal(await app().refreshes(), atTheEnd, "a browser that knows it is signed out doesn't ask");
  });

  test("attemptRefreshingSession refreshes before the time is up, too", async (t) => {
    const { context, tab } = await signIn(t);
    const old = (await cookie(context, "sRefreshToken")).value;
    assert.equal(await tab.refresh(), true);
    assert.notEqual((await cookie(context, "sRefreshToken")).value, old);
    assert.equal((await tab.get("/me")).status, 200);
  });
});

for (const [antiCsrf, header] of [["token", "anti-csrf"], ["header", "rid"]]) {
  withApp(`anti-CSRF via ${antiCsrf}`, { antiCsrf }, ({ app, signIn }) => {
    test(`the SDK sends ${header}, and may write, before and after a refresh`, async (t) => {
      const { tab } = await signIn(t);
      const [request, answer] = await Promise.all([tab.page.waitForRequest("**/write"), tab.post("/write")]);
      assert.equal(answer.status, 200);
      assert.ok((await request.allHeaders())[header]);
      await app().step(PAST_ACCESS_MS);
      assert.deepEqual((await tab.post("/write")).body, { ok: true });
      assert.equal((await tab.xhr("POST", "/write")).status, 200);
    });

    test("a forged request that carries the cookies alone is refused, and the session lives on", async (t) => {
      const { context, tab } = await signIn(t);
      assert.equal((await tab.plain("GET", "/me")).status, 200); // the cookies do travel, and reading is free
      assert.equal((await tab.plain("POST", "/write")).status, 401);

      const forger = await app().openTab(context);
      const [request] = await Promise.all([forger.page.waitForRequest("**/write"), forger.submitForm("/write")]);
      assert.match((await request.allHeaders()).cookie, /sAccessToken=/);
      assert.equal((await request.response()).status(), 401);

      assert.equal((await tab.post("/write")).status, 200);
    });

    test("sign out works with the header, and a forged one signs nobody out", async (t) => {
      const { context, tab } = await signIn(t);
      assert.equal((await tab.plain("POST", "/auth/signout")).status, 401);
      assert.equal((await tab.get("/me")).status, 200);
      await tab.signOut();
      await assertSignedOut(context, tab);
    });
  });
}

for (const separateApi of [false, true]) {
  withApp(`header transfer, ${separateApi ? "API on another port" : "one origin"}`, { antiCsrf: "token", separateApi }, ({ app, signIn }) => {
    test("the tokens travel in headers: no cookie of ours, a bearer on each call, silent refresh, sign-out", async (t) => {
      const { context, tab } = await signIn(t, { tokenTransferMethod: "header" });
      const ours = async () => (await context.cookies()).filter(({ name, httpOnly }) => httpOnly || ["sAccessToken", "sRefreshToken"].includes(name));
      assert.deepEqual(await ours(), []);
      const token = await tab.accessToken();
      assert.equal(token.split(".").length, 3);
      const [request, first] = await Promise.all([tab.page.waitForRequest("**/me"), tab.get("/me")]);
      assert.equal((await request.allHeaders()).authorization, `Bearer ${token}`);
      assert.deepEqual([first.status, first.body.user], [200, "ada"]);
      assert.equal((await tab.post("/write")).status, 200); // no anti-CSRF with headers: a forger can't set them

      const before = await app().refreshes();
      await app().step(PAST_ACCESS_MS);
      assert.deepEqual(await tab.get("/me"), first);
      assert.equal(await app().refreshes(), before + 1);
      assert.notEqual(await tab.accessToken(), token);
      assert.deepEqual(await ours(), []);

      await tab.signOut();
      assert.equal(await tab.exists(), false);
      assert.equal((await tab.get("/me")).status, 401);
    });
  });
}

withApp("API on another port of localhost", { antiCsrf: "token", separateApi: true }, ({ app, signIn }) => {
  test("cookies cross the port with CORS: sign in, read, write, refresh, sign out", async (t) => {
    assert.notEqual(new URL(app().api).origin, new URL(app().pageUrl).origin);
    const { context, tab } = await signIn(t);
    const first = await tab.get("/me");
    assert.deepEqual([first.status, first.body.user], [200, "ada"]);
    assert.equal((await tab.post("/write")).status, 200);
    const before = await app().refreshes();
    await app().step(PAST_ACCESS_MS);
    assert.deepEqual(await tab.get("/me"), first);
    assert.equal(await app().refreshes(), before + 1);
    assert.equal((await tab.xhr("POST", "/write")).status, 200);
    await tab.signOut();
    await assertSignedOut(context, tab);
  });

  test("a page of a foreign origin may not read an answer", async () => {
    const answer = await fetch(`${app().api}/me`, { headers: { origin: "http://elsewhere.example" } });
    const allowed = answer.headers.get("access-control-allow-origin");
    assert.notEqual(allowed, "*");
    assert.notEqual(allowed, "http://elsewhere.example");
  });
});
