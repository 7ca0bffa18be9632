// Ask the API as this page's user.

const TIMEOUT = 40_000; // a batch in the request may take 30 s

function csrf() {
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

// Resolves to {ok, status, body}; status 0 when the server does not answer.
export async function ask(method, url) {
  const headers = { Accept: "application/json", "Accept-Language": document.documentElement.lang };
  if (method !== "GET") headers["X-CSRFToken"] = csrf();
  try {
    const answer = await fetch(url, { method, headers, credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT) });
    return { ok: answer.ok, status: answer.status, body: await answer.json().catch(() => ({})) };
  } catch {
    return { ok: false, status: 0, body: {} };
  }
}
