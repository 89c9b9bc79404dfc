// What the tests call in the page. `supertokens` is the unmodified browser SDK, loaded as a script before this one.
(() => {
  const plainFetch = window.fetch.bind(window); // the SDK replaces window.fetch when it starts
  let api = "";
  const systemNow = Date.now.bind(Date);

  const answerOf = async (response) => {
    const text = await response.text();
    let body = text;
    try { body = JSON.parse(text); } catch { /* not JSON: the text itself */ }
    return { status: response.status, body };
  };
  const options = (method, body) => ({
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });

  window.app = {
    /** What the SDK reported, oldest first. */
    events: [],

    /** Starts the SDK. */
    init({ apiDomain, tokenTransferMethod }) {
      api = apiDomain;
      const sdk = window.supertokens;
      sdk.init({
        apiDomain,
        apiBasePath: "/auth",
        tokenTransferMethod,
        onHandleEvent: ({ action, sessionExpiredOrRevoked }) => window.app.events.push({ action, sessionExpiredOrRevoked }),
      });
    },

    /** Moves this page's clock; `ms` counts from the real time. */
    setClockAhead(ms) { Date.now = () => systemNow() + ms; },

    login: async (user, payload) => answerOf(await fetch(`${api}/login`, options("POST", { user, payload }))),
    get: async (path) => answerOf(await fetch(api + path)),
    post: async (path, body) => answerOf(await fetch(api + path, options("POST", body))),

    /** The same as a request of XMLHttpRequest. */
    xhr: (method, path) => new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, api + path);
      request.onload = () => resolve({ status: request.status, body: JSON.parse(request.responseText || "null") });
      request.onerror = () => reject(new Error("the request failed"));
      request.send();
    }),

    /** A request that the SDK doesn't see: cookies, and no header of the protocol. */
    plain: async (method, path) => answerOf(await plainFetch(api + path, { method, credentials: "include" })),

    /** What a page of another site can do without asking: submit a form, with the cookies that the browser adds. */
    submitForm(path) {
      const form = document.createElement("form");
      form.method = "post";
      form.action = api + path;
      document.body.append(form);
      form.submit();
    },

    exists: () => window.supertokens.doesSessionExist(),
    userId: () => window.supertokens.getUserId(),
    payload: () => window.supertokens.getAccessTokenPayloadSecurely(),
    accessToken: () => window.supertokens.getAccessToken(),
    refresh: () => window.supertokens.attemptRefreshingSession(),
    signOut: () => window.supertokens.signOut(),
  };
})();
