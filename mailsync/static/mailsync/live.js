// Keep the page true while jobs run; without this script its buttons are plain forms.

import { fillBar, isActive, show } from "./figures.js";
import { refresh } from "./fresh.js";
import { closeMenus } from "./menus.js";
import { address, isPlan } from "./plans.js";
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
  let shown = Boolean(document.querySelector("[data-watch]"));
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

async function start(form, plan) {
  const place = document.querySelector(`[data-live="${form.dataset.start}"]`);
  const before = newest.get(place.dataset.task);
  if (!before || !isActive(before)) fillBar(place, 0); // the last job's full bar must not pass for the new one's
  const answer = await ask("POST", address(plan, form.dataset.start));
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

// What is done within the request: no job to watch, its answer is the news.
async function once(form, plan) {
  const answer = await ask(plan === "check" ? "GET" : "POST", address(plan, form.dataset.start));
  if (answer.ok) notice(outcome(answer.body), "success");
  else explain(answer);
  refresh(AT_ONCE);
}

function outcome({ synced_count: synced, new_count: lacking, message }) {
  if (lacking !== undefined) return lacking ? fill(TEXTS.new, { n: count(lacking) }) : TEXTS.nothing_new;
  return synced ? fill(TEXTS.fetched, { n: count(synced) }) : message;
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
  refresh(AT_ONCE); // its place among those that wait
  setTimeout(watchForWorkers, LOOK_AGAIN);
}

const DOINGS = { cancel, batch: once, check: once }; // every other plan starts a job

document.addEventListener("submit", async (event) => {
  const { target: form, submitter: button } = event;
  const plan = form.dataset.cancel ? "cancel" : button?.value;
  if (!form.dataset.cancel && !(form.dataset.start && isPlan(plan))) return;
  event.preventDefault();
  const menu = button.closest(".menu");
  menu?.removeAttribute("open");
  button.disabled = true;
  await (DOINGS[plan] ?? start)(form, plan);
  button.disabled = false;
  (menu?.querySelector("summary") ?? button).focus();
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
closeMenus();
if (document.querySelector("[data-live], [data-watch]")) {
  listen({
    heard,
    connected: (yes) => document.documentElement.toggleAttribute("data-offline", !yes),
    missed: () => refresh(AT_ONCE),
    known: () => [...newest.values()].filter(isActive).map((job) => job.task_id),
  });
  if (document.querySelector(WAITING)) setTimeout(watchForWorkers, STRANDED_AFTER);
}
