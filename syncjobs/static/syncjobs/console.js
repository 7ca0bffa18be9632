// Keep the rows of active jobs true in the admin's list: fetch the page again, exchange their cells.
"use strict";

(() => {
  const EVERY = 2000;
  const rows = (page) => page.querySelectorAll("#result_list tbody tr");
  const name = (row) => row.querySelector(".action-select")?.value ?? row.querySelector("th a")?.href;

  async function renew() {
    if (document.querySelector("#result_list [data-active]") && !document.hidden) {
      try {
        const answer = await fetch(location.href, { credentials: "same-origin", signal: AbortSignal.timeout(10000) });
        if (answer.ok && !answer.redirected) exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        // The next round asks again.
      }
    }
    setTimeout(renew, EVERY);
  }

  function exchange(page) {
    const fresh = new Map([...rows(page)].map((row) => [name(row), row]));
    for (const row of rows(document)) {
      const newer = fresh.get(name(row));
      if (!newer || newer.cells.length !== row.cells.length) continue;
      [...row.cells].forEach((cell, place) => {
        if (!cell.classList.contains("action-checkbox") && cell.innerHTML !== newer.cells[place].innerHTML && !cell.contains(document.activeElement)) cell.innerHTML = newer.cells[place].innerHTML;
      });
    }
  }

  document.addEventListener("DOMContentLoaded", () => setTimeout(renew, EVERY));
})();
