// Show times in the browser's zone where the user has chosen none.

import { LANGUAGE } from "./texts.js";

const SHAPES = {
  exact: { dateStyle: "medium", timeStyle: "short" },
  clock: { timeStyle: "medium" },
  today: { hour: "2-digit", minute: "2-digit" },
  day: { month: "short", day: "numeric" },
  year: { dateStyle: "medium" },
};

function shape(kind, moment, now) {
  if (kind !== "brief") return kind;
  if (moment.toDateString() === now.toDateString()) return "today";
  return moment.getFullYear() === now.getFullYear() ? "day" : "year";
}

export function localise() {
  if (document.documentElement.dataset.zone !== "unset") return;
  for (const tag of document.querySelectorAll("time[data-when]")) {
    const moment = new Date(tag.dateTime);
    const kind = shape(tag.dataset.when, moment, new Date());
    tag.textContent = new Intl.DateTimeFormat(LANGUAGE, { hourCycle: "h23", ...SHAPES[kind] }).format(moment);
    tag.title = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "full", timeStyle: "long" }).format(moment);
  }
}
