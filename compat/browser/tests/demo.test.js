// The demo page, every button of it, as a person uses it: with a mouse, with a keyboard, on a phone, in the dark.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { cookie, launchBrowser, openContext, startDemo } from "./support.js";

// Without motion: what is looked at is at rest.
const DESKTOP = { viewport: { width: 1280, height: 1040 }, reducedMotion: "reduce" };
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, reducedMotion: "reduce" };
const IMAGES = process.env.UPDATE_SCREENSHOTS === "1" ? fileURLToPath(new URL("../../../docs/images/", import.meta.url)) : null;

let browser;
let demo;
before(async () => {
  [browser, demo] = await Promise.all([launchBrowser(), startDemo()]);
  if (IMAGES) await mkdir(IMAGES, { recursive: true });
});
after(async () => {
  await browser?.close();
  await demo?.stop();
});

/** A tab with the page in it. Whatever the browser complains of while the test runs fails it at its end. */
async function openPage(t, context, expected = /status of 401/) {
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error}`));
  page.on("console", (message) => {
    // The browser writes a line for every 401; they are what starts a refresh.
    if (["error", "warning"].includes(message.type()) && !expected.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== demo.url) complaints.push(`a request to ${request.url()}`);
  });
  await page.exposeFunction("reportViolation", (what) => complaints.push(`CSP: ${what}`));
  await page.addInitScript(() => document.addEventListener("securitypolicyviolation",
    (event) => window.reportViolation(`${event.violatedDirective} ${event.blockedURI}`)));
  t.after(() => assert.deepEqual(complaints, []));
  await page.goto(demo.url);
  await page.locator("#signed-in, #signed-out").and(page.locator(":visible")).waitFor();
  return page;
}

async function signIn(page, name) {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator("#sessions li").first().waitFor();
}

/** A fresh context, a page in it, signed in. Each test has a user of its own, so that the lists of sessions are apart. */
async function signedIn(t, name, options = DESKTOP) {
  const context = await openContext(t, browser, options);
  const page = await openPage(t, context);
  await signIn(page, name);
  return { context, page };
}

const action = (page, name) => page.locator(`#tiles [data-action="${name}"]`);
const result = (page, text) => page.locator("#result").getByRole("heading", { name: text });
const claim = (page, name) => page.locator("#claims > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator("dd").first().innerText();

/** The wire log, oldest first: "POST /api/hello 200". */
async function wire(page) {
  const lines = await page.locator("#wire-list .line").evaluateAll((all) =>
    all.map((line) => [...line.children].slice(0, 3).map((part) => part.firstChild.textContent.trim()).join(" ")));
  return lines.reverse();
}

async function picture(page, name) {
  if (!IMAGES) return;
  await page.evaluate(() => window.scrollTo(0, 0));
  await page.mouse.move(0, 0);
  await page.screenshot({ path: `${IMAGES}${name}.png` });
}

test("the page comes with a strict policy and nothing inline", async () => {
  const answer = await fetch(demo.url);
  const policy = answer.headers.get("content-security-policy");
  assert.match(policy, /default-src '(self|none)'/);
  assert.doesNotMatch(policy, /unsafe|data:|\*/);
  const html = await answer.text();
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  for (const path of ["/demo.css", "/demo.js", "/icon.svg"]) assert.equal((await fetch(demo.url + path)).status, 200);
});

/** Runs in the page: the luminance of the paper, and each visible text whose contrast is under 4.5. */
function contrasts() {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color.length === 3 || color[3] === 1) return luminance(color);
    }
    return 1;
  };
  const faint = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.textContent.trim());
    if (!own || !node.checkVisibility() || node.closest(".skip, noscript")) continue;
    const [text, ground] = [luminance(parse(getComputedStyle(node).color)), behind(node)];
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${node.className || node.tagName}: ${node.textContent.trim().slice(0, 40)}`);
  }
  return [luminance(parse(getComputedStyle(document.body).backgroundColor)), faint];
}

/** Other devices of the same user, for the list to show. */
async function signInElsewhere(name) {
  const agents = ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"];
  for (const agent of agents) {
    const body = JSON.stringify({ name });
    await fetch(`${demo.url}/login`, { method: "POST", headers: { "content-type": "application/json", "user-agent": agent }, body });
  }
}

for (const colorScheme of ["light", "dark"]) {
  test(`${colorScheme}: the colours follow the system, and every text is legible`, async (t) => {
    const name = { light: "ada", dark: "grace" }[colorScheme];
    await signInElsewhere(name);
    const { page } = await signedIn(t, name, { ...DESKTOP, colorScheme });
    const assertLegible = async () => {
      await page.mouse.move(0, 0); // off the buttons, which change under the pointer
      const [paper, faint] = await page.evaluate(contrasts);
      assert.equal(paper < 0.5, colorScheme === "dark");
      assert.deepEqual(faint, [], "texts under 4.5 : 1");
    };
    await action(page, "expire").click();
    await result(page, /forward/).waitFor();
    await assertLegible();
    await action(page, "hello").click();
    await result(page, new RegExp(name)).waitFor();
    await action(page, "together").click();
    await result(page, /same successor/).waitFor();
    await assertLegible();
    await picture(page, `demo-${colorScheme}`);
    await action(page, "thief").click();
    await page.locator("#verdict-title").waitFor();
    await assertLegible();
    await picture(page, `demo-verdict-${colorScheme}`);
    const fresh = await openPage(t, await openContext(t, browser, { ...DESKTOP, colorScheme }));
    await fresh.setViewportSize({ width: 1280, height: 720 });
    await picture(fresh, `demo-sign-in-${colorScheme}`);
  });
}

test("sign in with a name: user, handle, token with a countdown, this session in the list", async (t) => {
  const { context, page } = await signedIn(t, "margaret");
  assert.equal(await page.locator("#user").innerText(), "margaret");
  assert.equal(await page.locator("#state").innerText(), "Signed in as margaret");
  assert.match(await page.locator("#countdown").innerText(), /^\d+(:\d\d)+ left$/);
  assert.equal(await claim(page, "sub"), '"margaret"');
  const handle = JSON.parse(await claim(page, "sessionHandle"));
  assert.ok((await page.locator("#session-facts").innerText()).includes(handle));
  assert.match(await page.locator("#sessions li").innerText(), /Chrome on .*this one/s);
  assert.equal((await cookie(context, "sAccessToken")).httpOnly, true);
  assert.deepEqual((await wire(page)).slice(0, 2), ["POST /login 200", "GET /api/me 200"]);

  const shown = await page.locator("#countdown").innerText();
  await page.waitForFunction((text) => document.getElementById("countdown").textContent !== text, shown); // it runs

  await page.reload();
  await page.locator("#sessions li").first().waitFor();
  assert.equal(await page.locator("#user").innerText(), "margaret");
});

test("a blank name is refused in words; markup in a name stays text", async (t) => {
  const page = await openPage(t, await openContext(t, browser, DESKTOP));
  await page.getByLabel("Your name").fill("   ");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  const name = '<img src=x onerror="alert(1)">';
  await signIn(page, name);
  assert.equal(await page.locator("#user").innerText(), name);
});

test("call the API", async (t) => {
  const { page } = await signedIn(t, "hedy");
  await action(page, "hello").click();
  await result(page, /hedy/).waitFor();
  assert.ok((await wire(page)).includes("POST /api/hello 200"));
});

test("expire the access token now; the next call refreshes silently", async (t) => {
  const { page } = await signedIn(t, "katherine");
  await action(page, "expire").click();
  await result(page, /clock went .* forward/).waitFor();
  assert.match(await page.locator("#countdown").innerText(), /^expired/);
  assert.equal(await page.locator("#clock-note").isVisible(), true);
  await page.getByRole("button", { name: "Clear", exact: true }).click();

  await action(page, "hello").click();
  await result(page, /katherine/).waitFor();
  assert.deepEqual((await wire(page)).slice(0, 3), ["POST /api/hello 401", "POST /auth/session/refresh 200", "POST /api/hello 200"]);
  assert.match(await page.locator("#countdown").innerText(), / left$/);
});

test("refresh: a new token of the same session", async (t) => {
  const { context, page } = await signedIn(t, "mary");
  const [hash, handle] = [await claim(page, "refreshTokenHash1"), await claim(page, "sessionHandle")];
  const old = await cookie(context, "sRefreshToken");
  await action(page, "refresh").click();
  await result(page, /new access token/i).waitFor();
  assert.notEqual(await claim(page, "refreshTokenHash1"), hash);
  assert.equal(await claim(page, "sessionHandle"), handle);
  assert.notEqual((await cookie(context, "sRefreshToken")).value, old.value);
  await page.locator("#sessions li", { hasText: "refreshed just now" }).waitFor();
});

test("20 tabs refresh at once: one successor, and the session goes on", async (t) => {
  const { page } = await signedIn(t, "barbara");
  await action(page, "together").click();
  await result(page, "All 20 tabs got the same successor").waitFor();
  const hashes = await page.locator(".tabs li").evaluateAll((tabs) => tabs.map((one) => one.title));
  assert.equal(hashes.length, 20);
  assert.equal(new Set(hashes).size, 1);
  assert.ok(hashes[0].length >= 8);
  for (const name of ["expire", "hello"]) await action(page, name).click();
  await result(page, /barbara/).waitFor();
});

test("a thief uses an old token: verdict, evidence, signed out, and in again", async (t) => {
  const { context, page } = await signedIn(t, "joan");
  await action(page, "thief").click();
  await page.getByRole("heading", { name: /session has ended/i }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "verdict-title");
  assert.match(await page.locator("#verdict-facts").innerText(), /row 5/);
  assert.ok((await page.locator("#verdict-why").innerText()).length > 20);
  const actors = await page.locator("#verdict-story .actor").allInnerTexts();
  assert.ok(actors.includes("thief") && actors.includes("you"));
  assert.equal(await page.locator("#state").innerText(), "Signed out");
  assert.equal(await page.locator("#signed-in").isVisible(), false);
  assert.equal(await cookie(context, "sAccessToken"), undefined);
  assert.equal(await cookie(context, "sRefreshToken"), undefined);

  await signIn(page, "joan");
  assert.equal(await page.locator("#verdict").isVisible(), false);
  assert.equal(await page.locator("#sessions li").count(), 1, "the stolen session is not in the list");
});

test("sign out", async (t) => {
  const { context, page } = await signedIn(t, "radia");
  await action(page, "signout").click();
  await page.getByRole("status").getByText("Signed out").waitFor();
  assert.equal(await cookie(context, "sAccessToken"), undefined);
  assert.equal(await cookie(context, "sRefreshToken"), undefined);
  await page.reload();
  await page.getByLabel("Your name").waitFor();
});

test("sign out after the access token ran out", async (t) => {
  const { context, page } = await signedIn(t, "frances");
  await action(page, "expire").click();
  await result(page, /forward/).waitFor();
  await action(page, "signout").click();
  await page.getByRole("status").getByText("Signed out").waitFor();
  assert.equal(await cookie(context, "sRefreshToken"), undefined);
});

test("my sessions: revoke one, revoke all others", async (t) => {
  const { page } = await signedIn(t, "anita");
  const phone = await signedIn(t, "anita", { ...PHONE, userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1" });
  const tablet = await signedIn(t, "anita", { ...DESKTOP, userAgent: "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0" });
  await page.reload();
  await page.getByRole("button", { name: "Revoke Safari on iPhone" }).click();
  await page.getByText("Safari on iPhone").waitFor({ state: "detached" });
  assert.equal(await page.locator("#sessions li").count(), 2);

  await action(phone.page, "refresh").click();
  await phone.page.getByRole("status").getByText("This session is over").waitFor();
  assert.equal(await phone.page.locator("#signed-out").isVisible(), true);

  await page.getByRole("button", { name: "Revoke all others" }).click();
  await result(page, "1 other session revoked").waitFor();
  assert.match(await page.locator("#sessions").innerText(), /^Chrome on .*this one$/s);
  await action(tablet.page, "refresh").click();
  await tablet.page.getByRole("status").getByText("This session is over").waitFor();

  await action(page, "hello").click();
  await result(page, /anita/).waitFor();
});

test("two tabs of one browser follow each other", async (t) => {
  const { context, page: one } = await signedIn(t, "lynn");
  const two = await openPage(t, context);
  await two.locator("#sessions li").first().waitFor();
  await action(one, "expire").click();
  await result(one, /forward/).waitFor();
  await Promise.all([action(one, "hello").click(), action(two, "hello").click()]);
  await Promise.all([result(one, /lynn/).waitFor(), result(two, /lynn/).waitFor()]);
  await action(two, "signout").click();
  await one.getByRole("heading", { name: "A session you can look into" }).waitFor();
  await one.bringToFront();
  await signIn(one, "lynn");
  await two.locator("#sessions li").first().waitFor();
});

test("everything by keyboard, with the focus in sight", async (t) => {
  const page = await openPage(t, await openContext(t, browser, DESKTOP));
  const focused = () => page.evaluate(() => {
    const { activeElement: at } = document;
    return { id: at.id, text: at.textContent.trim(), outline: getComputedStyle(at).outlineStyle };
  });
  const press = async (key) => { await page.keyboard.press(key); return focused(); };
  assert.equal((await press("Tab")).text, "Skip to the content");
  assert.equal((await press("Enter")).id, "main");
  assert.deepEqual(await press("Tab"), { id: "name", text: "", outline: "solid" });
  await page.keyboard.type("ada");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "user"); // where a screen reader goes on

  const labels = [];
  for (let stop = 0; stop < 6; stop++) {
    const { text, outline } = await press("Tab");
    labels.push(text);
    assert.equal(outline, "solid", `the focus on ${text} is seen`);
  }
  const expected = ["Call the API", "Expire the access token now", "Refresh", "20 tabs refresh at once", "A thief uses an old token", "Sign out"];
  labels.forEach((label, at) => assert.ok(label.startsWith(expected[at]), label));
  for (let back = 0; back < 2; back++) await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space"); // 20 tabs
  await result(page, /same successor/).waitFor();
  assert.ok((await focused()).text.startsWith("20 tabs"), "the focus stays where it was");
  assert.equal(await page.locator("#result").getAttribute("aria-live"), "polite");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter"); // the thief
  await page.waitForFunction(() => document.activeElement.id === "verdict-title");
});

test("on a phone: nothing is cut off or too small for a finger", async (t) => {
  const context = await openContext(t, browser, { ...PHONE, deviceScaleFactor: 2 });
  const page = await openPage(t, context);
  const assertFits = async (where) => {
    const { wide, small } = await page.evaluate(() => ({
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      small: [...document.querySelectorAll("button, input")].filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < 24)
        .map((one) => one.textContent),
    }));
    assert.equal(wide, 0, `${where}: no sideways scrolling`);
    assert.deepEqual(small, [], where);
  };
  await assertFits("signed out");
  await signIn(page, "a-rather-long-name-without-any-space-in-it-to-break-the-line-at@example.org");
  await assertFits("signed in");
  await action(page, "together").tap();
  await result(page, /same successor/).waitFor();
  await assertFits("20 tabs");
  await action(page, "thief").tap();
  await page.locator("#verdict-title").waitFor();
  await assertFits("verdict");
  await signIn(page, "ada");
  await action(page, "hello").tap();
  await result(page, /ada/).waitFor();
  await picture(page, "demo-phone");
});

test("a failure of the server is told in words, and ends nothing", async (t) => {
  const context = await openContext(t, browser, DESKTOP);
  const page = await openPage(t, context, /status of 503/);
  await signIn(page, "ida");
  await context.route("**/api/**", (route) => route.fulfill({ status: 503, json: { message: "the store is unavailable" } }));
  await action(page, "hello").click();
  await result(page, "That didn’t work").waitFor();
  assert.match(await page.locator("#result").innerText(), /503: the store is unavailable/);
  await context.unroute("**/api/**");
  await action(page, "hello").click();
  await result(page, /ida/).waitFor();
});
