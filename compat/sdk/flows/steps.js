// Steps that many flows take. Each flow has a user of its own; `world` has what it needs.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

export const newUser = (name) => `${name}-${randomUUID()}`;

export const ok = (answer) => {
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};

export const refused = (answer, status, message) => {
  assert.equal(answer.status, status, JSON.stringify(answer.body));
  if (message) assert.match(JSON.stringify(answer.body), message);
  return answer.body;
};

/** A fault of ours says nothing of the session: the client must not be told to sign in, and keeps its tokens. */
export async function faults(client, request) {
  const held = [client.accessToken, client.refreshToken];
  const answer = await request(client);
  assert.ok(answer.status >= 500, `${answer.status} ${JSON.stringify(answer.body)}`);
  assert.deepEqual([client.accessToken, client.refreshToken], held);
  return answer;
}

export async function signedIn(world, body = {}) {
  const client = world.client();
  const user = body.user ?? newUser("user");
  const session = ok(await client.post("/login", { ...body, user }));
  assert.equal(session.user, user);
  return { client, user, session };
}

/** Refreshes and uses what came of it, so that the successor becomes current. */
export async function turn(client) {
  ok(await client.refresh());
  return ok(await client.get("/session"));
}

/** Asks again and again until it is so. */
export async function until(what, isSo) {
  const deadline = Date.now() + 30_000;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
