// The app on Express 5: middleware, verifySession and errorHandler of the official SDK.

import express from "express";
import { errorHandler, middleware } from "supertokens-node/framework/express/index.js";
import { verifySession } from "supertokens-node/recipe/session/framework/express/index.js";
import { adminRoutes } from "./admin.js";
import { PORT, RoleClaim, Session, describe, init, recipeUser } from "./init.js";

init("express");

const app = express();
app.use(middleware());
app.use(express.json());

app.post("/login", async (req, res) => {
  const { user, payload = {}, data = {}, tenant = "public" } = req.body;
  const session = await Session.createNewSession(req, res, tenant, recipeUser(user), payload, data);
  res.json(describe(session));
});
app.all("/session", verifySession(), (req, res) => void res.json(describe(req.session)));
app.get("/checked", verifySession({ checkDatabase: true }), (req, res) => void res.json(describe(req.session)));
app.get("/optional", verifySession({ sessionRequired: false }), (req, res) => {
  res.json({ user: req.session?.getUserId() ?? null });
});
app.post("/logout", verifySession(), async (req, res) => {
  await req.session.revokeSession();
  res.json({});
});
app.post("/payload", verifySession(), async (req, res) => {
  await req.session.mergeIntoAccessTokenPayload(req.body.update);
  res.json(describe(req.session));
});
app.get("/data", verifySession(), async (req, res) => {
  res.json({ data: await req.session.getSessionDataFromDatabase() });
});
app.post("/data", verifySession(), async (req, res) => {
  await req.session.updateSessionDataInDatabase(req.body.data);
  res.json({});
});
const isAdmin = { overrideGlobalClaimValidators: (global) => [...global, RoleClaim.validators.hasValue("admin")] };
app.get("/role", verifySession(isAdmin), (req, res) => void res.json(describe(req.session)));
app.post("/role/refetch", verifySession(), async (req, res) => {
  await req.session.fetchAndSetClaim(RoleClaim);
  res.json({});
});

for (const [route, answer] of Object.entries(adminRoutes)) {
  const [method, path] = route.split(" ");
  app[method.toLowerCase()](path, async (req, res) => void res.json(await answer({ ...req.query, ...req.body })));
}

app.use(errorHandler());
// Express needs the four parameters to know that this is for errors.
app.use((error, _req, res, _next) => void res.status(500).json({ error: String(error.message ?? error) }));

app.listen(Number(PORT), "localhost", () => console.log(`ready on ${PORT}`));
