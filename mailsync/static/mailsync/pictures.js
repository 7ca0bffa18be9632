// Draw the charts whose numbers the server wrote into the page; without this script their tables are there.

import { LANGUAGE } from "./texts.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const whole = new Intl.NumberFormat(LANGUAGE);
const octets = new Intl.NumberFormat(LANGUAGE, { notation: "compact", style: "unit", unit: "byte", unitDisplay: "narrow" });
const WRITE = { count: (value) => whole.format(value), percent: (value) => `${whole.format(value)} %`, bytes: size };
const charts = [];

function size(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const place = Math.min(units.length - 1, Math.floor(Math.log(Math.max(value, 1)) / Math.log(1024)));
  if (!place) return octets.format(value);
  const format = { style: "unit", unit: units[place], maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, format).format(value / 1024 ** place);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const shorten = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

function draw(place) {
  const { labels, series, across, unit } = JSON.parse(place.nextElementSibling.textContent);
  const write = WRITE[unit];
  const [words, numbers] = across ? ["y", "x"] : ["x", "y"];
  place.hidden = false;
  place.classList.toggle("across", across);
  charts.push(
    new Chart(place.firstElementChild, {
      type: "bar",
      data: {
        labels,
        datasets: series.map(({ label, data, tone }) => ({ label, data, backgroundColor: colour(tone), maxBarThickness: 28, borderRadius: 2 })),
      },
      options: {
        indexAxis: words,
        animation: false,
        maintainAspectRatio: false,
        color: colour("ink"),
        font: { family: getComputedStyle(document.body).fontFamily },
        interaction: { mode: "index", axis: words, intersect: false },
        scales: {
          [words]: { stacked: true, grid: { display: false }, border: { color: colour("line") }, ticks: { color: colour("soft"), maxRotation: 0, autoSkipPadding: 16, callback(value) { return shorten(this.getLabelForValue(value)); } } },
          [numbers]: { stacked: true, beginAtZero: true, grid: { color: colour("line") }, border: { display: false }, ticks: { color: colour("soft"), precision: unit === "count" ? 0 : undefined, maxTicksLimit: 6, callback: write } },
        },
        plugins: {
          legend: { display: series.length > 1, position: "top", align: "start", labels: { color: colour("ink"), boxWidth: 12, boxHeight: 12 } },
          tooltip: { callbacks: { label: ({ dataset, raw }) => `${dataset.label}: ${write(raw)}` } },
        },
      },
    }),
  );
}

function drawAll() {
  while (charts.length) charts.pop().destroy();
  for (const place of document.querySelectorAll("[data-chart]")) draw(place);
}

Chart.defaults.font.size = 12;
if (still) Chart.defaults.transitions.active.animation.duration = 0;
drawAll();
dark.addEventListener("change", drawAll);
