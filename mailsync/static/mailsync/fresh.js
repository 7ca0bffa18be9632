// Renew the parts of the page that the server words: fetch the page again, exchange what is marked data-fresh.

import { localise } from "./times.js";

const NOT_BEFORE = 1_000;

let waiting = 0;
let often = false;

// All marked parts; with `only: "often"` those that change while a job runs. Calls within a second become one.
export function refresh({ only = "" } = {}) {
  often = only === "often" && (often || !waiting);
  waiting ||= setTimeout(exchange, NOT_BEFORE);
}

async function exchange() {
  const selector = often ? "[data-fresh-often]" : "[data-fresh]";
  const address = location.href;
  try {
    const answer = await fetch(address, { credentials: "same-origin", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll(selector)) {
      const fresh = page.getElementById(old.id);
      if (fresh && !fresh.isEqualNode(old)) old.replaceWith(fresh);
    }
    localise();
  } catch {
    // The next change asks again.
  } finally {
    waiting = 0;
  }
}
