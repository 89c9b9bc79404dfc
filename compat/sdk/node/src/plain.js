// The app without a framework: the functions of the official SDK that take and give tokens, and a bare HTTP server around
// them. How tokens travel, and what a request of another site's page lacks, are this app's own business.

import { createServer } from "node:http";
import { adminRoutes } from "./admin.js";
import { ANTI_CSRF, PORT, RoleClaim, Session, describe, init, recipeUser } from "./init.js";

init("custom");

const LONG_AGO = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";

const usesCookies = (req) => req.headers["st-auth-mode"] === "cookie";

/** The token that a request brings; nothing is "", which is no token. */
function token(req, cookie) {
  if (!usesCookies(req)) return req.headers.authorization?.replace(/^Bearer /, "") ?? "";
  const pairs = (req.headers.cookie ?? "").split("; ").map((pair) => pair.split(/=(.*)/s));
  return decodeURIComponent(pairs.find(([name]) => name === cookie)?.[1] ?? "");
}

const setCookie = (headers, name, value, rest) => {
  headers["set-cookie"] = [...(headers["set-cookie"] ?? []), `${name}=${encodeURIComponent(value)}; Path=/; HttpOnly; ${rest}`];
};

/** Sends the tokens that the request's session got, the way that the client asked for. */
function giveTokens(session, req, headers) {
  const tokens = session.getAllSessionTokensDangerously();
  if (!tokens.accessAndFrontTokenUpdated) return;
  headers["front-token"] = tokens.frontToken;
  if (tokens.antiCsrfToken) headers["anti-csrf"] = tokens.antiCsrfToken;
  if (usesCookies(req)) {
    setCookie(headers, "sAccessToken", tokens.accessToken, "SameSite=Lax");
    if (tokens.refreshToken) setCookie(headers, "sRefreshToken", tokens.refreshToken, "SameSite=Lax");
  } else {
    headers["st-access-token"] = tokens.accessToken;
    if (tokens.refreshToken) headers["st-refresh-token"] = tokens.refreshToken;
  }
}

function takeTokens(req, headers) {
  if (usesCookies(req)) for (const name of ["sAccessToken", "sRefreshToken"]) setCookie(headers, name, "", LONG_AGO);
}

/** The functions check no custom header: that is left to who has the request. */
function checkCustomHeader(req, type) {
  if (ANTI_CSRF === "VIA_CUSTOM_HEADER" && usesCookies(req) && req.headers.rid === undefined) {
    throw new Session.Error({ message: "the header rid is missing", type, payload: { clearTokens: false } });
  }
}

const guarded = (options, answer) => async (req, body, headers) => {
  if (req.method !== "GET") checkCustomHeader(req, Session.Error.TRY_REFRESH_TOKEN);
  // Only cookies are sent by other sites' pages too.
  const antiCsrfCheck = ANTI_CSRF === "VIA_TOKEN" && usesCookies(req) && req.method !== "GET";
  const session = await Session.getSessionWithoutRequestResponse(token(req, "sAccessToken"), req.headers["anti-csrf"], {
    antiCsrfCheck, ...options,
  });
  try {
    return await answer(session, body, req, headers);
  } finally {
    // Whatever came of it: a token that was minted is the one that the database knows.
    if (session) giveTokens(session, req, headers);
  }
};

const routes = {
  "POST /login": async (req, { user, payload = {}, data = {}, tenant = "public" }, headers) => {
    const session = await Session.createNewSessionWithoutRequestResponse(
      tenant, recipeUser(user), payload, data, !usesCookies(req));
    giveTokens(session, req, headers);
    return describe(session);
  },
  "POST /auth/session/refresh": async (req, _body, headers) => {
    checkCustomHeader(req, Session.Error.UNAUTHORISED);
    const session = await Session.refreshSessionWithoutRequestResponse(
      token(req, "sRefreshToken"), !usesCookies(req) || ANTI_CSRF === "VIA_CUSTOM_HEADER", req.headers["anti-csrf"]);
    giveTokens(session, req, headers);
    return {};
  },
  "GET /session": guarded({}, describe),
  "POST /session": guarded({}, describe),
  "GET /checked": guarded({ checkDatabase: true }, describe),
  "GET /optional": guarded({ sessionRequired: false }, (session) => ({ user: session?.getUserId() ?? null })),
  "POST /logout": guarded({}, async (session, _body, req, headers) => {
    await session.revokeSession();
    takeTokens(req, headers);
    return {};
  }),
  "POST /payload": guarded({}, async (session, { update }) => {
    await session.mergeIntoAccessTokenPayload(update);
    return describe(session);
  }),
  "GET /data": guarded({}, async (session) => ({ data: await session.getSessionDataFromDatabase() })),
  "POST /data": guarded({}, async (session, { data }) => {
    await session.updateSessionDataInDatabase(data);
    return {};
  }),
  "GET /role": guarded({}, async (session) => {
    await session.assertClaims([RoleClaim.validators.hasValue("admin")]);
    return describe(session);
  }),
  "POST /role/refetch": guarded({}, async (session) => {
    await session.fetchAndSetClaim(RoleClaim);
    return {};
  }),
  "GET /auth/jwt/jwks.json": async () => ({ keys: (await Session.getJWKS()).keys }),
  "GET /auth/.well-known/openid-configuration": async () => {
    const { status: _, ...configuration } = await Session.getOpenIdDiscoveryConfiguration();
    return configuration;
  },
};
for (const [route, answer] of Object.entries(adminRoutes)) routes[route] = (_req, body) => answer(body);

/** The status and body that the SDK's own handlers give for its errors. */
async function refusal(error, req, headers) {
  if (!Session.Error.isErrorFromSuperTokens(error)) return [500, { error: String(error.message ?? error) }];
  switch (error.type) {
    case Session.Error.TRY_REFRESH_TOKEN: return [401, { message: "try refresh token" }];
    case Session.Error.UNAUTHORISED:
      if (error.payload?.clearTokens !== false) takeTokens(req, headers);
      return [401, { message: "unauthorised" }];
    case Session.Error.INVALID_CLAIMS: return [403, { message: "invalid claim", claimValidationErrors: error.payload }];
    case Session.Error.TOKEN_THEFT_DETECTED: {
      const { sessionHandle: handle, userId: user } = error.payload;
      await Session.revokeSession(handle);
      takeTokens(req, headers);
      return [401, { message: "token theft detected", handle, user }];
    }
    default: return [500, { error: error.type }];
  }
}

async function serve(req, res) {
  const url = new URL(req.url, `http://localhost:${PORT}`);
  const answer = routes[`${req.method} ${url.pathname}`];
  if (!answer) return res.writeHead(404).end();
  let text = "";
  for await (const chunk of req) text += chunk;
  const headers = { "content-type": "application/json" };
  try {
    const input = { ...Object.fromEntries(url.searchParams), ...(text ? JSON.parse(text) : {}) };
    const result = await answer(req, input, headers);
    res.writeHead(200, headers).end(JSON.stringify(result));
  } catch (error) {
    const [status, body] = await refusal(error, req, headers);
    res.writeHead(status, headers).end(JSON.stringify(body));
  }
}

createServer(serve).listen(Number(PORT), "localhost", () => console.log(`ready on ${PORT}`));
