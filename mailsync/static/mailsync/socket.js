// Hear of jobs: over the socket, by polling while the socket is blocked.

import { ask } from "./server.js";
import { LANGUAGE } from "./texts.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const POLL_EVERY = 3_000;
const NOT_LOGGED_IN = 4401;

// Calls heard(job) with every job, connected(bool) with every change; known() gives the task ids worth asking for.
export function listen({ heard, connected, known }) {
  let delay = FIRST_DELAY;
  let poller = 0;

  async function poll() {
    const { body } = await ask("GET", "/api/sync/status");
    const current = (body.accounts ?? []).map((account) => account.task_id);
    for (const id of new Set([...current, ...known()].filter(Boolean))) {
      const { ok, body: job } = await ask("GET", `/api/jobs/${id}/`);
      if (ok) heard(job);
    }
    if (poller) poller = setTimeout(poll, POLL_EVERY);
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/sync/?lang=${LANGUAGE}`);
    socket.onopen = () => {
      delay = FIRST_DELAY;
      clearTimeout(poller);
      poller = 0;
      connected(true);
    };
    socket.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "job") heard(said.job);
    };
    socket.onclose = ({ code }) => {
      if (code === NOT_LOGGED_IN) return;
      connected(false);
      if (!poller) poller = setTimeout(poll, POLL_EVERY);
      setTimeout(connect, delay * (0.5 + Math.random())); // jitter: a restart must not call every browser back at once
      delay = Math.min(delay * 2, LONGEST_DELAY);
    };
  }

  connect();
}
