// Words and numbers in the reader's language; the server wrote the words into the page.

export const TEXTS = JSON.parse(document.getElementById("texts").textContent);
export const LANGUAGE = document.documentElement.lang || "en";

const numbers = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });

export const fill = (template, values) => template.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
export const count = (number) => numbers.format(number);

export function span(seconds) {
  if (seconds < 60) return fill(TEXTS.seconds, { s: Math.max(1, Math.round(seconds)) });
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return fill(TEXTS.minutes, { m: minutes });
  return fill(minutes % 60 ? TEXTS.hours_minutes : TEXTS.hours, { h: Math.floor(minutes / 60), m: minutes % 60 });
}
