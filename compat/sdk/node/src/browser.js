// The app behind a page in a real browser: Express and the official SDK, with the page's files beside the API.

import express from "express";
import { errorHandler, middleware } from "supertokens-node/framework/express/index.js";
import { verifySession } from "supertokens-node/recipe/session/framework/express/index.js";
import { PORT, Session, describe, init, recipeUser } from "./init.js";

init("express");

let refreshes = 0;
const app = express();
app.use((req, _res, next) => {
  if (req.method === "POST" && req.path === "/auth/session/refresh") refreshes += 1;
  next();
});
app.use(middleware());
app.use(express.json());
app.use(express.static(process.env.ASSETS, { index: "page.html" }));

app.post("/login", async (req, res) => {
  const { user, payload = {} } = req.body;
  res.json(describe(await Session.createNewSession(req, res, "public", recipeUser(user), payload)));
});
app.get("/me", verifySession(), (req, res) => void res.json(describe(req.session)));
app.post("/write", verifySession(), (_req, res) => void res.json({ ok: true }));
app.get("/test/counters", (_req, res) => void res.json({ refresh: refreshes }));
app.use(errorHandler());

app.listen(Number(PORT), "localhost", () => console.log(`ready on ${PORT}`));
