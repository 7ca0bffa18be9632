// Keep the page true while jobs run; without this script its buttons are plain forms.

import { fillBar, isActive, show } from "./figures.js";
import { refresh } from "./fresh.js";
import { ask } from "./server.js";
import { listen } from "./socket.js";
import { TEXTS, count, fill } from "./texts.js";
import { localise } from "./times.js";

const STRANDED_AFTER = 3_000;
const LOOK_AGAIN = 5_000;
const AT_ONCE = 300; // the page's own numbers follow a change of state
const WHILE_RUNNING = 4_000; // and a change of progress

const newest = new Map(); // task_id -> the job with the greatest revision seen

function say(text) {
  document.getElementById("spoken").textContent = text;
}

function notice(text, level) {
  const line = Object.assign(document.createElement("p"), { className: `notice ${level}`, textContent: text });
  document.getElementById("notices").replaceChildren(line);
}

// The place shows its own job alone, or the mailbox's newest one. Raw bytes come later on jobs of their own: not shown here.
function belongs(place, job) {
  if (place.dataset.only) return place.dataset.only === job.task_id;
  if (place.dataset.live !== String(job.account) || job.sync_type === "backfill") return false;
  const current = newest.get(place.dataset.task);
  return !current || current.task_id === job.task_id || current.created_at <= job.created_at;
}

function heard(job) {
  const before = newest.get(job.task_id);
  if (before && before.revision >= job.revision) return;
  newest.set(job.task_id, job);
  let shown = false;
  for (const place of document.querySelectorAll("[data-live]")) {
    if (!belongs(place, job)) continue;
    place.dataset.task = job.task_id;
    show(place, job);
    announce(place, before, job);
    shown = true;
  }
  if (shown) refresh(before?.state === job.state ? WHILE_RUNNING : AT_ONCE);
}

function announce(place, before, job) {
  const email = place.dataset.email;
  if (isActive(job)) {
    if (!before) say(fill(TEXTS.started, { email }));
  } else if (before && isActive(before)) {
    say(fill(TEXTS[job.state.toLowerCase()], { email }));
  }
}

async function start(form, full) {
  const place = document.querySelector(`[data-live="${form.dataset.start}"]`);
  const before = newest.get(place.dataset.task);
  if (!before || !isActive(before)) fillBar(place, 0); // the last job's full bar must not pass for the new one's
  const answer = await ask("POST", `/api/sync/smart?account=${form.dataset.start}&force_full=${full}`);
  if (answer.body.job) {
    document.getElementById("notices").replaceChildren();
    heard(answer.body.job);
    setTimeout(watchForWorkers, STRANDED_AFTER);
  } else {
    if (before) show(place, before);
    explain(answer);
  }
}

async function cancel(form) {
  const answer = await ask("POST", `/api/jobs/${form.dataset.cancel}/cancel/`);
  if (answer.body.job) heard(answer.body.job);
  else explain(answer);
}

function explain({ status, body }) {
  notice(body.message || (status ? TEXTS.refused : TEXTS.unreachable), "error");
}

async function fetchBatch(button) {
  button.disabled = true;
  const answer = await ask("POST", `/api/sync/batch?batch_size=100&account=${button.dataset.batch}`);
  button.disabled = false;
  const { synced_count: synced, message } = answer.body;
  if (answer.ok) notice(synced ? fill(TEXTS.fetched, { n: count(synced) }) : message, "success");
  else explain(answer);
  refresh(AT_ONCE);
}

// A job that nobody holds: not begun, or between two slices (a request may have done one of them).
const WAITING = "[data-live][data-state=CREATED], [data-live][data-state=RUNNING][data-phase=next_slice]";

// While a job waits to be taken up, ask now and then whether anyone takes jobs.
async function watchForWorkers() {
  const waiting = [...document.querySelectorAll(WAITING)].map((place) => place.dataset.live);
  const notices = [...document.querySelectorAll("[data-stranded]")];
  if (!waiting.length) {
    for (const each of notices) each.hidden = true;
    return;
  }
  const { body } = await ask("GET", "/api/sync/status");
  for (const each of notices) {
    const account = (body.accounts ?? []).find(({ account: id }) => String(id) === each.dataset.stranded);
    each.hidden = !(account?.worker_available === false && waiting.includes(each.dataset.stranded));
  }
  setTimeout(watchForWorkers, LOOK_AGAIN);
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.start && !form.dataset.cancel) return;
  event.preventDefault();
  const button = event.submitter;
  button.disabled = true;
  await (form.dataset.start ? start(form, button.value === "1") : cancel(form));
  button.disabled = false;
  button.focus();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-batch]");
  if (button) fetchBatch(button);
});

for (const place of document.querySelectorAll("[data-live]")) {
  const written = place.querySelector("script[type='application/json']");
  if (!written) continue;
  const job = JSON.parse(written.textContent);
  newest.set(job.task_id, job);
  place.dataset.task = job.task_id;
  show(place, job);
}
localise();
if (document.querySelector("[data-live]")) {
  listen({
    heard,
    connected: (yes) => document.documentElement.toggleAttribute("data-offline", !yes),
    known: () => [...newest.values()].filter(isActive).map((job) => job.task_id),
  });
  if (document.querySelector(WAITING)) setTimeout(watchForWorkers, STRANDED_AFTER);
}
