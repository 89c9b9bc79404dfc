// The demo page. First the browser's side of the session protocol, whole; after it, only display.

// ---- The protocol ------------------------------------------------------------------------------------------
// The tokens travel in HttpOnly cookies that no script sees. Two headers of an answer are for the page: `front-token`
// (who is signed in and until when, or `remove`) and `anti-csrf` (to be sent back, which another site can't do).

// They are kept in cookies of this page's own, because all tabs see a cookie at once, and localStorage a little later.
const kept = {
  get: (name) => document.cookie.split("; ").find((one) => one.startsWith(`demo-${name}=`))?.slice(name.length + 6) ?? null,
  set: (name, value) => { document.cookie = `demo-${name}=${value}; Path=/; Max-Age=${value ? 31536000 : 0}; SameSite=Strict`; },
};
const otherTabs = new BroadcastChannel("doorward-demo");
const isSignedIn = () => kept.get("front-token") !== null;

function keep(headers) {
  const front = headers.get("front-token");
  const antiCsrf = headers.get("anti-csrf");
  if (front === "remove") {
    kept.set("front-token", "");
    kept.set("anti-csrf", "");
  } else {
    if (front) kept.set("front-token", front);
    if (antiCsrf) kept.set("anti-csrf", antiCsrf);
  }
  if (front) otherTabs.postMessage("changed");
}

async function send(method, path, body) {
  const headers = { rid: "anti-csrf", "st-auth-mode": "cookie" };
  const antiCsrf = kept.get("anti-csrf");
  if (antiCsrf) headers["anti-csrf"] = antiCsrf;
  if (body) headers["content-type"] = "application/json";
  const started = performance.now();
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  logAnswer(method, path, answer, performance.now() - started);
  keep(answer.headers);
  return answer;
}

// One refresh at a time over all tabs. Who waited finds another front-token than the one that failed, and doesn't
// refresh again. (Locks need https or localhost; without them two refreshes at once are no harm to the session.)
async function refresh(failed) {
  const work = async () => {
    if (kept.get("front-token") !== failed) return isSignedIn();
    return (await send("POST", "/auth/session/refresh")).ok;
  };
  return navigator.locks ? navigator.locks.request("doorward-refresh", work) : work();
}

// A call as the application makes it: on 401 refresh once, then ask once more.
async function call(method, path, body) {
  const front = kept.get("front-token");
  const answer = await send(method, path, body);
  if (answer.status !== 401 || !isSignedIn()) return answer;
  return (await refresh(front)) ? send(method, path, body) : answer;
}

// ---- What the page knows -----------------------------------------------------------------------------------

const $ = (id) => document.getElementById(id);
let session = null; // the last answer of /api/me
let aheadMs = 0; // the server's clock minus this browser's; it grows when the demo's clock is stepped
let turn = Promise.resolve(); // what this page does now, and after it what was asked for meanwhile
let follows = false; // another tab changed the session, and this one hasn't looked yet

const serverNow = () => Date.now() + aheadMs;

/** An element with text or children; `attributes` are set as they are. */
function el(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function duration(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (n) => String(n).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function inWords(ms) {
  const units = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];
  const parts = [];
  for (const [name, size] of units) {
    const count = Math.floor(ms / size);
    ms -= count * size;
    if (count) parts.push(`${count} ${name}${count === 1 ? "" : "s"}`);
  }
  return parts.slice(0, 2).join(" ") || "less than a second";
}

const clockTime = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });

function ago(ms) {
  const passed = serverNow() - ms;
  const text = passed < 60_000 ? "just now" : `${inWords(passed - (passed % 60_000))} ago`;
  return el("time", { datetime: new Date(ms).toISOString(), title: new Date(ms).toLocaleString() }, text);
}

/** A short name of a device, from its user agent. */
function deviceName(agent) {
  const browsers = [["Edg", "Edge"], ["OPR", "Opera"], ["Firefox", "Firefox"], ["FxiOS", "Firefox"], ["CriOS", "Chrome"],
    ["Chrome", "Chrome"], ["Safari", "Safari"], ["curl", "curl"]];
  const systems = [["iPhone", "iPhone"], ["iPad", "iPad"], ["Android", "Android"], ["Windows", "Windows"], ["Mac OS", "Mac"],
    ["CrOS", "ChromeOS"], ["Linux", "Linux"]];
  const find = (list) => list.find(([mark]) => agent.includes(mark))?.[1];
  const [browser, system] = [find(browsers), find(systems)];
  if (!browser) return agent ? agent.slice(0, 40) : "Unknown device";
  return system ? `${browser} on ${system}` : browser;
}

// ---- Display -----------------------------------------------------------------------------------------------

function logAnswer(method, path, answer, ms) {
  const front = answer.headers.get("front-token");
  const antiCsrf = answer.headers.get("anti-csrf");
  const changes = [];
  if (front === "remove") changes.push("session cookies cleared");
  else if (front) changes.push(/refresh|login/.test(path) ? "new access and refresh cookies" : "new access cookie");
  if (front) changes.push(`front-token${front === "remove" ? ": remove" : ""}`);
  if (antiCsrf && antiCsrf !== kept.get("anti-csrf")) changes.push(front === "remove" ? "anti-csrf removed" : "new anti-csrf");
  if (answer.status === 401 && !front) changes.push("try refresh token");
  const status = el("span", { class: answer.ok ? "status" : "status bad" }, `${answer.status} `, el("small", {}, `${Math.round(ms)} ms`));
  const entry = el("li", {},
    el("div", { class: "line" }, el("span", { class: "method" }, method), el("span", { class: "path" }, path), status));
  if (changes.length) entry.append(el("div", { class: "change" }, changes.join(" · ")));
  $("wire-list").prepend(entry);
  while ($("wire-list").children.length > 60) $("wire-list").lastChild.remove();
  $("wire").hidden = false;
}

/** What an action ended in, under the buttons; read out by screen readers. */
function show(tone, title, ...rest) {
  $("result").className = `result ${tone}`;
  const body = rest.map((part) => (typeof part === "string" ? el("p", {}, part) : part));
  $("result").replaceChildren(el("h3", {}, title), ...body);
  $("result").scrollIntoView({ block: "nearest" });
}

function notice(text, tone = "") {
  $("notice").className = `notice ${tone}`;
  $("notice").textContent = text;
  $("notice").hidden = !text;
}

function facts(list, pairs) {
  list.replaceChildren(...pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

const MEANINGS = {
  sub: "the user", rsub: "the user as signed in with", tId: "the tenant", iss: "who issued it",
  sessionHandle: "names the session, in the store too",
  refreshTokenHash1: "the refresh token it belongs to, as a hash",
  parentRefreshTokenHash1: "the refresh token before that; null once the new one is in use",
  antiCsrfToken: "what the anti-csrf header must say",
};

function meaning(name, value) {
  if ((name === "iat" || name === "exp") && typeof value === "number") {
    return `${name === "iat" ? "issued" : "expires"} ${new Date(value * 1000).toLocaleString()}`;
  }
  return MEANINGS[name];
}

function drawToken() {
  const rows = Object.entries(session.payload).map(([name, value]) => {
    const row = el("div", {}, el("dt", {}, name), el("dd", {}, JSON.stringify(value)));
    const means = meaning(name, value);
    if (means) row.append(el("dd", { class: "means" }, means));
    return row;
  });
  $("claims").replaceChildren(...rows);
}

function drawClock() {
  if (!session) return;
  const left = session.expiresAt - serverNow();
  $("life").classList.toggle("expired", left <= 0);
  $("countdown").textContent = left > 0 ? `${duration(left)} left` : "expired; the next call refreshes it";
  $("life-bar").value = Math.max(0, left / (session.expiresAt - session.issuedAt));
  $("clock-note").hidden = Math.abs(aheadMs) < 60_000;
  $("clock-note").textContent = `The demo’s clock is ${inWords(Math.round(Math.abs(aheadMs) / 60_000) * 60_000)} ${aheadMs > 0 ? "ahead of" : "behind"} this browser’s.`;
}

function drawSession() {
  $("user").textContent = session.user;
  $("avatar").textContent = [...session.user][0] ?? "?";
  facts($("session-facts"), [
    ["Handle", el("code", {}, session.handle)],
    ["Tenant", session.tenant],
    ["Issued", `${clockTime(session.issuedAt)} on the demo’s clock`],
    ["Anti-CSRF", session.antiCsrf],
  ]);
  drawToken();
  drawClock();
}

function drawSessions(list) {
  const ordered = [...list].sort((a, b) => b.current - a.current || b.createdAt - a.createdAt);
  const rows = ordered.map((one) => {
    const end = one.current
      ? el("span", { class: "badge" }, "this one")
      : el("button", { type: "button", class: "small", "data-handle": one.handle, "aria-label": `Revoke ${deviceName(one.device)}` }, "Revoke");
    const when = el("span", { class: "when" }, "signed in ", ago(one.createdAt), " · ");
    when.append(...(one.refreshedAt === null ? ["not refreshed yet"] : ["refreshed ", ago(one.refreshedAt)]));
    return el("li", {}, el("b", { title: one.device }, deviceName(one.device)), when, end);
  });
  $("sessions").replaceChildren(...rows);
  $("revoke-others").hidden = list.length < 2;
  $("sessions-hint").hidden = list.length > 1;
}

function drawSignedOut() {
  session = null;
  $("signed-in").hidden = true;
  $("signed-out").hidden = false;
  $("state").textContent = "Signed out";
  $("state").classList.remove("in");
}

/** Asks who is signed in and draws the page that fits. */
async function load() {
  const answer = isSignedIn() ? await call("GET", "/api/me") : null;
  if (!answer?.ok) {
    if (session) notice("This session is over: it was revoked or it ran out.", "risk");
    return drawSignedOut();
  }
  session = await answer.json();
  aheadMs = session.now - Date.now();
  $("signed-out").hidden = true;
  $("signed-in").hidden = false;
  $("verdict").hidden = true;
  $("state").textContent = `Signed in as ${session.user}`;
  $("state").classList.add("in");
  drawSession();
  const sessions = await call("GET", "/api/sessions");
  if (sessions.ok) drawSessions((await sessions.json()).sessions);
}

// ---- What the buttons do -----------------------------------------------------------------------------------

/** The body of a good answer; anything else becomes an error whose text a person can read. */
async function bodyOf(answer) {
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new Error(`${answer.status}: ${body.message ?? "the server refused it"}`);
}

const actions = {
  async hello() {
    const before = kept.get("front-token");
    const { message } = await bodyOf(await call("POST", "/api/hello"));
    const refreshed = kept.get("front-token") !== before;
    await load();
    show("", message, refreshed
      ? "The access token had run out: 401, one refresh, and the same call again. Your users see nothing of it."
      : "The access token was checked without asking the store. Anti-CSRF: the header matched.");
  },
  async expire() {
    const { steppedMs } = await bodyOf(await call("POST", "/api/expire"));
    aheadMs += steppedMs;
    drawClock();
    show("warn", `The demo’s clock went ${inWords(steppedMs)} forward`,
      "The access token is past its end; the refresh token isn’t. Call the API now and watch the wire.");
  },
  async refresh() {
    const ok = await refresh(kept.get("front-token"));
    await load();
    if (ok) show("", "A new access token, and a new refresh token", "The old refresh token counts as used from the moment the new one is.");
  },
  async together() {
    const answer = await bodyOf(await send("POST", "/auth/session/refresh/together"));
    await load();
    const one = answer.distinct === 1;
    const tabs = answer.successors.map((hash, at) =>
      el("li", { title: hash, "aria-label": `tab ${at + 1}: ${hash}`, ...(hash === answer.successors[0] ? {} : { class: "other" }) }, hash.slice(0, 8)));
    show(one ? "" : "risk", one ? `All ${answer.presented} tabs got the same successor` : `${answer.distinct} different successors`,
      one ? "It is derived from the token they presented, not drawn; so the race can’t fork the session. Shown: the start of its hash, tab by tab."
        : "A race has forked the session.",
      el("ol", { class: "tabs" }, ...tabs));
  },
  async thief() {
    const { steps, verdict } = await bodyOf(await send("POST", "/auth/session/refresh/thief"));
    drawSignedOut();
    notice("");
    drawVerdict(steps, verdict);
  },
  async signout() {
    await bodyOf(await call("POST", "/auth/signout"));
    drawSignedOut();
    notice("Signed out. The session is deleted and its cookies are cleared.");
    $("welcome-title").focus();
  },
};

function drawVerdict(steps, verdict) {
  $("verdict-why").textContent = verdict.explanation;
  $("verdict-story").replaceChildren(...steps.map(({ who, did }) =>
    el("li", { class: who === "thief" ? "thief" : "you" }, el("span", { class: "actor" }, who), el("span", {}, did))));
  facts($("verdict-facts"), [
    ["Rule", `row ${verdict.row} of the lineage table`],
    ["Presented", verdict.presented],
    ["After rotation", inWords(verdict.sinceRotationMs)],
    ["Window", verdict.window === null ? "none was open" : `number ${verdict.window}`],
    ["Presentations", verdict.presentations === null ? "not counted" : String(verdict.presentations)],
  ]);
  $("verdict").hidden = false;
  $("verdict-title").focus();
  window.scrollTo({ top: 0 });
}

async function signIn(name) {
  const answer = name ? await send("POST", "/login", { name }) : null;
  const problem = $("signin-problem");
  problem.hidden = answer?.ok ?? false;
  if (!answer?.ok) {
    problem.textContent = (await answer?.json().catch(() => null))?.message ?? "A name, please; any will do.";
    return;
  }
  notice("");
  $("result").replaceChildren(el("p", { class: "quiet" }, "Press one of them; what happened appears here."));
  await load();
  $("user").focus();
}

/** Runs one thing after the other; a failure is told, never swallowed. A button that waits for its turn has no second. */
function once(button, work) {
  if (button?.getAttribute("aria-disabled")) return;
  button?.setAttribute("aria-disabled", "true");
  turn = turn.then(() => attempt(work)).then(() => button?.removeAttribute("aria-disabled"));
}

async function attempt(work) {
  try {
    await work();
  } catch (error) {
    const text = error instanceof TypeError ? "The server doesn’t answer. Is the demo still running?" : error.message;
    if (isSignedIn() && session) show("risk", "That didn’t work", text);
    else await load().catch(() => drawSignedOut()).then(() => notice(text, "risk"));
  }
}

/** Another tab signed in, signed out or refreshed: this one follows, when it is its turn. */
function follow() {
  if (follows) return;
  follows = true;
  once(null, () => { follows = false; return load(); });
}

$("tiles").addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (button) once(button, actions[button.dataset.action]);
});
$("signin").addEventListener("submit", (event) => {
  event.preventDefault();
  once($("signin").querySelector("button"), () => signIn($("name").value.trim()));
});
$("sessions").addEventListener("click", ({ target }) => {
  const handle = target.closest("button")?.dataset.handle;
  if (handle) once(target, async () => {
    await bodyOf(await call("POST", "/api/sessions/revoke", { handle }));
    await load();
    $("sessions-title").focus();
  });
});
$("revoke-others").addEventListener("click", ({ target }) => once(target, async () => {
  const { revoked } = await bodyOf(await call("POST", "/api/sessions/revoke-others"));
  await load();
  show("", `${revoked} other session${revoked === 1 ? "" : "s"} revoked`, "They end when their access tokens do, or at once where the check asks the store.");
  $("sessions-title").focus();
}));
$("clear-wire").addEventListener("click", () => $("wire-list").replaceChildren());
otherTabs.addEventListener("message", follow);
setInterval(drawClock, 1000);
once(null, load);
