// Where each choice of the Sync menu is asked for.

const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const CALLS = {
  smart: () => "/api/sync/smart?force_full=false",
  full: () => "/api/sync/smart?force_full=true",
  today: () => `/api/sync/today?${zone()}`,
  week: () => `/api/sync/week?${zone()}`,
  batch: () => "/api/sync/batch?batch_size=100",
  check: () => "/api/sync/check?",
};

// A day begins where the reader lives: the browser knows where the settings do not.
function zone() {
  return document.documentElement.dataset.zone === "unset" && ZONE ? `tz=${encodeURIComponent(ZONE)}` : "";
}

export const isPlan = (name) => name === "failures" || Object.hasOwn(CALLS, name ?? "");

export function address(plan, account) {
  return plan === "failures" ? `/api/accounts/${account}/failures/retry/` : `${CALLS[plan]()}&account=${account}`;
}
