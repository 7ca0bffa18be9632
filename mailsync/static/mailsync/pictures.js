// Draw the charts whose numbers the server wrote into the page; without this script their tables are there.

import { LANGUAGE } from "./texts.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const whole = new Intl.NumberFormat(LANGUAGE);
const WRITE = { count: (value) => whole.format(value), percent: (value) => `${whole.format(value)} %`, bytes: size };
const charts = [];

function size(value) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];
  const place = Math.min(units.length - 1, Math.floor(Math.log(Math.max(value, 1)) / Math.log(1024)));
  const format = { style: "unit", unit: units[place], maximumFractionDigits: 1 };
  return new Intl.NumberFormat(LANGUAGE, format).format(value / 1024 ** place);
}

// Steps of 1, 2 or 5 of a unit, where numbers of bytes would make them crooked.
function stepOf(most) {
  const unit = 1024 ** Math.floor(Math.log(Math.max(most / 4, 1)) / Math.log(1024));
  const wanted = most / 4 / unit;
  return unit * ([1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step >= wanted) ?? 1000);
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const shorten = (text) => (text.length > 20 ? `${text.slice(0, 19)}…` : text);

function draw(place) {
  const { labels, series, across, unit } = JSON.parse(place.nextElementSibling.textContent);
  const write = WRITE[unit];
  const [words, numbers] = across ? ["y", "x"] : ["x", "y"];
  const step = unit === "bytes" ? stepOf(Math.max(...series[0].data)) : undefined;
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
          [words]: { stacked: true, grid: { display: false }, border: { color: colour("line") }, ticks: { color: colour("soft"), maxRotation: 0, autoSkip: !across, autoSkipPadding: 16, callback(value) { return shorten(this.getLabelForValue(value)); } } },
          [numbers]: { stacked: true, beginAtZero: true, grid: { color: colour("line") }, border: { display: false }, ticks: { color: colour("soft"), precision: unit === "count" ? 0 : undefined, stepSize: step, maxTicksLimit: 6, callback: write } },
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
