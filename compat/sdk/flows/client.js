// A browser or a mobile app, as far as sessions are concerned: it keeps what it is given and sends it back.

/** Tokens travel in cookies, or in headers. */
export class Client {
  constructor(url, mode) {
    this.url = url;
    this.mode = mode;
    this.cookies = new Map();
    this.tokens = {};
    this.antiCsrf = undefined;
  }

  /** One that holds the same, and goes its own way from now on. */
  copy() {
    const copy = new Client(this.url, this.mode);
    copy.cookies = new Map(this.cookies);
    copy.tokens = { ...this.tokens };
    copy.antiCsrf = this.antiCsrf;
    return copy;
  }

  get accessToken() {
    return this.mode === "cookie" ? this.cookies.get("sAccessToken") : this.tokens.access;
  }

  get refreshToken() {
    return this.mode === "cookie" ? this.cookies.get("sRefreshToken") : this.tokens.refresh;
  }

  async send(method, path, { body, headers = {}, bearer = this.tokens.access } = {}) {
    const sent = { "st-auth-mode": this.mode, rid: "session", ...headers };
    if (this.mode === "cookie") sent.cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    else if (bearer) sent.authorization = `Bearer ${bearer}`;
    if (this.antiCsrf && !("anti-csrf" in sent)) sent["anti-csrf"] = this.antiCsrf;
    for (const [name, value] of Object.entries(sent)) if (value === null) delete sent[name];
    if (body !== undefined) sent["content-type"] = "application/json";
    const response = await fetch(this.url + path, { method, headers: sent, body: body && JSON.stringify(body) });
    const text = await response.text();
    this.keep(response);
    return { status: response.status, headers: response.headers, body: text ? parsed(text) : undefined };
  }

  keep({ headers }) {
    for (const line of headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(";");
      const [name, value] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
      const isOver = attributes.some((attribute) => /^\s*expires=thu, 01 jan 1970/i.test(attribute)) || value === "";
      if (isOver) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    const take = (header, keep) => headers.get(header) !== null && keep(headers.get(header) || undefined);
    take("st-access-token", (token) => (this.tokens.access = token));
    take("st-refresh-token", (token) => (this.tokens.refresh = token));
    take("anti-csrf", (token) => (this.antiCsrf = token));
  }

  get(path, options) {
    return this.send("GET", path, options);
  }

  post(path, body = {}, options) {
    return this.send("POST", path, { body, ...options });
  }

  /** Asks for new tokens as an official browser kit does. */
  refresh(options) {
    return this.post("/auth/session/refresh", {}, { bearer: this.tokens.refresh, ...options });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
