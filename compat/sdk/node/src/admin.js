// What needs no request's session: the calls by handle, user and tenant. Both Node apps serve the same.

import { Multitenancy, Session, roles } from "./init.js";

export const adminRoutes = {
  "GET /admin/sessions": async ({ user, tenant }) => ({
    handles: await Session.getAllSessionHandlesForUser(user, true, tenant),
  }),
  "GET /admin/session": async ({ handle }) => {
    const info = await Session.getSessionInformation(handle);
    if (!info) return { found: false };
    return {
      found: true, handle: info.sessionHandle, user: info.userId, tenant: info.tenantId, created: info.timeCreated,
      expires: info.expiry, payload: info.customClaimsInAccessTokenPayload, data: info.sessionDataInDatabase,
    };
  },
  "POST /admin/revoke": async ({ handle }) => ({ revoked: await Session.revokeSession(handle) }),
  "POST /admin/revoke-many": async ({ handles }) => ({ handles: await Session.revokeMultipleSessions(handles) }),
  "POST /admin/revoke-all": async ({ user, tenant }) => ({
    handles: await Session.revokeAllSessionsForUser(user, true, tenant),
  }),
  "POST /admin/payload": async ({ handle, update }) => ({
    updated: await Session.mergeIntoAccessTokenPayload(handle, update),
  }),
  "POST /admin/data": async ({ handle, data }) => ({ updated: await Session.updateSessionDataInDatabase(handle, data) }),
  "POST /admin/role": async ({ user, role }) => {
    roles.set(user, role);
    return {};
  },
  "POST /admin/tenant": async ({ tenant }) => {
    const { createdNew } = await Multitenancy.createOrUpdateTenant(tenant, {});
    return { created: createdNew };
  },
  "POST /jwt": async ({ payload, validity, useStatic }) => {
    const made = await Session.createJWT(payload, validity, useStatic);
    if (made.status !== "OK") throw new Error(made.status);
    return { jwt: made.jwt };
  },
};
