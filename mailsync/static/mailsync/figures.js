// Show one job in its place on the page: bar, numbers, reason of a wait.

import { TEXTS, count, fill, span } from "./texts.js";

const ACTIVE = new Set(["CREATED", "RUNNING"]);

export const isActive = (job) => ACTIVE.has(job.state);

export function counts({ stats }) {
  if (stats.total) return fill(TEXTS.counts, { done: count(stats.done), total: count(stats.total) });
  return stats.done ? fill(TEXTS.counted, { done: count(stats.done) }) : "";
}

export function rate(job) {
  return job.state === "RUNNING" && job.rate_per_minute ? fill(TEXTS.rate, { rate: count(job.rate_per_minute) }) : "";
}

export function eta(job) {
  return job.state === "RUNNING" && job.eta_seconds ? fill(TEXTS.eta, { span: span(job.eta_seconds) }) : "";
}

export function phase(job) {
  return isActive(job) ? TEXTS.phases[job.phase] ?? job.phase.replaceAll("_", " ") : TEXTS.states[job.state];
}

export function message(job) {
  if (job.error) return job.error.message;
  return isActive(job) && job.message.toLowerCase() !== phase(job).toLowerCase() ? job.message : "";
}

export function fillBar(place, percentage) {
  const bar = place.querySelector("[role=progressbar]");
  bar.setAttribute("aria-valuenow", String(percentage));
  bar.querySelector("rect").setAttribute("width", String(percentage));
}

export function show(place, job) {
  const part = (name) => place.querySelector(`[data-figure="${name}"]`);
  for (const [name, text] of Object.entries({ phase: phase(job), counts: counts(job), rate: rate(job), eta: eta(job), message: message(job) })) {
    if (part(name).textContent !== text) part(name).textContent = text;
  }
  fillBar(place, job.progress_percentage);
  place.dataset.state = job.state;
  place.dataset.phase = job.phase;
  part("link").href = `/jobs/${job.task_id}/`;
  part("cancel").action = `/jobs/${job.task_id}/cancel/`;
  part("cancel").dataset.cancel = job.task_id;
  part("cancel").hidden = !isActive(job);
  place.hidden = false;
}
