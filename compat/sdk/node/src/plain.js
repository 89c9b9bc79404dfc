// The app without a framework: the functions of the official SDK that take and give tokens, and a bare HTTP server around
// them. Tokens travel in headers only.

import { createServer } from "node:http";
import { adminRoutes } from "./admin.js";
import { PORT, RoleClaim, Session, describe, init, recipeUser } from "./init.js";

init("custom");

const bearer = (req) => req.headers.authorization?.replace(/^Bearer /, "");
const antiCsrf = (req) => req.headers["anti-csrf"];

/** Sends the tokens that the request's session got, as an app without cookies would. */
function giveTokens(session, headers) {
  const tokens = session.getAllSessionTokensDangerously();
  if (!tokens.accessAndFrontTokenUpdated) return;
  headers["st-access-token"] = tokens.accessToken;
  headers["front-token"] = tokens.frontToken;
  if (tokens.refreshToken) headers["st-refresh-token"] = tokens.refreshToken;
  if (tokens.antiCsrfToken) headers["anti-csrf"] = tokens.antiCsrfToken;
}

const guarded = (options, answer) => async (req, body, headers) => {
  const session = await Session.getSessionWithoutRequestResponse(bearer(req) ?? "", antiCsrf(req), {
    antiCsrfCheck: req.method !== "GET", ...options,
  });
  const result = session ? await answer(session, body) : await answer(undefined, body);
  if (session) giveTokens(session, headers);
  return result;
};

const isAdmin = { overrideGlobalClaimValidators: (global) => [...global, RoleClaim.validators.hasValue("admin")] };

const routes = {
  "POST /login": async (_req, { user, payload = {}, data = {}, tenant = "public" }, headers) => {
    const session = await Session.createNewSessionWithoutRequestResponse(tenant, recipeUser(user), payload, data);
    giveTokens(session, headers);
    return describe(session);
  },
  "POST /auth/session/refresh": async (req, _body, headers) => {
    const session = await Session.refreshSessionWithoutRequestResponse(bearer(req) ?? "", false, antiCsrf(req));
    giveTokens(session, headers);
    return {};
  },
  "GET /session": guarded({}, describe),
  "POST /session": guarded({}, describe),
  "GET /checked": guarded({ checkDatabase: true }, describe),
  "GET /optional": guarded({ sessionRequired: false }, (session) => ({ user: session?.getUserId() ?? null })),
  "POST /logout": guarded({}, async (session) => {
    await session.revokeSession();
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
  "GET /role": guarded(isAdmin, describe),
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
async function refusal(error) {
  if (!Session.Error.isErrorFromSuperTokens(error)) return [500, { error: String(error.message ?? error) }];
  switch (error.type) {
    case Session.Error.TRY_REFRESH_TOKEN: return [401, { message: "try refresh token" }];
    case Session.Error.UNAUTHORISED: return [401, { message: "unauthorised" }];
    case Session.Error.INVALID_CLAIMS: return [403, { message: "invalid claim", claimValidationErrors: error.payload }];
    case Session.Error.TOKEN_THEFT_DETECTED:
      await Session.revokeSession(error.payload.sessionHandle);
      return [401, { message: "token theft detected" }];
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
    const [status, body] = await refusal(error);
    res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }
}

createServer(serve).listen(Number(PORT), "localhost", () => console.log(`ready on ${PORT}`));
