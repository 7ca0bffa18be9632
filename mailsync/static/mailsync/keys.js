// Keys for mail, as in Gmail; typing in a field is never a command, and whoever wants none switches them off.

const OFF = "keys-off";
const LIST = "mail-list"; // of this tab: the list last shown, so that a message knows what is beside it
const dialog = document.getElementById("keys");
const wanted = document.getElementById("keys-wanted");

function kept(storage, name) {
  try {
    return JSON.parse(storage.getItem(name));
  } catch {
    return null; // a browser that keeps nothing, or something of another version
  }
}

function keep(storage, name, value) {
  try {
    storage.setItem(name, JSON.stringify(value));
  } catch {
    // Keys work without.
  }
}

const lines = [...document.querySelectorAll("[data-list] a")];
const back = document.querySelector("[data-key=u]");
if (document.querySelector("[data-list]")) keep(sessionStorage, LIST, { at: location.href, mails: lines.map(({ href }) => href) });
const list = kept(sessionStorage, LIST);
if (back && list?.at) back.href = list.at;

// The same message whatever else its address says.
function identity(href) {
  const { pathname, searchParams } = new URL(href);
  return pathname + searchParams.get("account");
}

const here = identity(location.href);

function move(step) {
  if (lines.length) {
    const at = lines.indexOf(document.activeElement);
    lines[at < 0 ? 0 : at + step]?.focus();
  } else if (back && list?.mails) {
    const at = list.mails.findIndex((href) => identity(href) === here);
    const beside = at < 0 ? undefined : list.mails[at + step];
    if (beside) location.assign(beside);
  }
}

function open() {
  if (lines.includes(document.activeElement)) document.activeElement.click();
}

function search() {
  const field = document.querySelector("[role=search] input");
  field?.focus();
  field?.select();
}

function follow(key) {
  document.querySelector(`[data-key=${key}]`)?.click();
}

const COMMANDS = {
  "/": search,
  "?": () => dialog.showModal(),
  j: () => move(1),
  k: () => move(-1),
  o: open,
  u: () => follow("u"),
  n: () => follow("n"),
  p: () => follow("p"),
};

document.addEventListener("keydown", (event) => {
  const { key, target, ctrlKey, altKey, metaKey, isComposing } = event;
  const command = Object.hasOwn(COMMANDS, key) && COMMANDS[key];
  if (!command || ctrlKey || altKey || metaKey || isComposing || dialog.open || kept(localStorage, OFF)) return;
  if (target.closest?.("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  command();
});

wanted.checked = !kept(localStorage, OFF);
wanted.addEventListener("change", () => keep(localStorage, OFF, !wanted.checked));
for (const opener of document.querySelectorAll("[data-keys]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}
