// How both Node apps set the official SDK up. Nothing in here knows that Doorward answers.

import supertokens from "supertokens-node";
import Multitenancy from "supertokens-node/recipe/multitenancy/index.js";
import Session from "supertokens-node/recipe/session/index.js";
import { PrimitiveClaim } from "supertokens-node/recipe/session/claims.js";

export const { PORT, CORE_URI, API_KEY, ANTI_CSRF = "NONE", OWN_HANDLERS } = process.env;
export const ORIGIN = `http://localhost:${PORT}`;

/** Who is an admin, as an application's own database would say. */
export const roles = new Map();

export const RoleClaim = new PrimitiveClaim({ key: "role", fetchValue: (user) => roles.get(user) ?? "user" });

/** In place of the SDK's own answer to theft: it says whose session it was. */
async function onTokenTheftDetected(handle, user, _recipeUser, _req, res) {
  await Session.revokeSession(handle);
  res.setStatusCode(401);
  res.sendJSONResponse({ message: "token theft detected", handle, user });
}

export function init(framework) {
  supertokens.init({
    framework,
    telemetry: false,
    supertokens: { connectionURI: CORE_URI, apiKey: API_KEY },
    appInfo: { appName: "compat", apiDomain: ORIGIN, websiteDomain: ORIGIN },
    recipeList: [
      Session.init({ antiCsrf: ANTI_CSRF, ...(OWN_HANDLERS && { errorHandlers: { onTokenTheftDetected } }) }),
      Multitenancy.init(),
    ],
  });
}

/** What every app answers about a session. */
export const describe = (session) => ({
  handle: session.getHandle(),
  user: session.getUserId(),
  tenant: session.getTenantId(),
  payload: session.getAccessTokenPayload(),
});

export const recipeUser = (id) => supertokens.convertToRecipeUserId(id);
export { Multitenancy, Session, supertokens };
