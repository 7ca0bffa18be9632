// Renew the parts of the page that the server words: fetch the page again, exchange what is marked data-fresh.

import { localise } from "./times.js";

let timer = 0;
let due = Infinity;

// Within `delay` milliseconds; several calls become one, at the earliest of their moments.
export function refresh(delay) {
  const moment = performance.now() + delay;
  if (moment >= due) return;
  clearTimeout(timer);
  due = moment;
  timer = setTimeout(exchange, delay);
}

async function exchange() {
  due = Infinity;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin", signal: AbortSignal.timeout(10_000) });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const old of document.querySelectorAll("[data-fresh]")) {
      const fresh = page.getElementById(old.id);
      if (fresh && fresh.innerHTML !== old.innerHTML && !old.contains(document.activeElement)) old.replaceWith(fresh);
    }
    localise();
  } catch {
    // The next change asks again.
  }
}
