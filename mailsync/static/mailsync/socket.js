// Hear of jobs: over the socket, by polling while the socket is blocked or silent; a laptop that slept asks at once.

import { ask } from "./server.js";
import { LANGUAGE } from "./texts.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 30_000;
const POLL_EVERY = 3_000;
const LOOK_EVERY = 5_000;
const SILENCE = 12_000; // a job at work says something more often: the socket may be dead without having been closed
const ASLEEP = 20_000; // a timer of five seconds that comes so late
const NOT_LOGGED_IN = 4401;

// Calls heard(job) with every job, connected(bool) with every change, missed() after time that was missed; known() gives the
// task ids worth asking for.
export function listen({ heard, connected, missed, known }) {
  let delay = FIRST_DELAY;
  let poller = 0;
  let socket = null;
  let heardAt = Date.now();
  let looked = Date.now();
  let opened = false;

  function told(job) {
    heardAt = Date.now();
    heard(job);
  }

  async function askOnce() {
    const { body } = await ask("GET", "/api/sync/status");
    const current = (body.accounts ?? []).map((account) => account.task_id);
    for (const id of new Set([...current, ...known()].filter(Boolean))) {
      const { ok, body: job } = await ask("GET", `/api/jobs/${id}/`);
      if (ok) told(job);
    }
  }

  async function poll() {
    await askOnce();
    if (poller) poller = setTimeout(poll, POLL_EVERY);
  }

  // What ended unheard is in no snapshot of the socket once something newer has ended.
  async function catchUp() {
    heardAt = Date.now();
    await askOnce();
    missed();
  }

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const mine = new WebSocket(`${scheme}//${location.host}/ws/sync/?lang=${LANGUAGE}`);
    socket = mine;
    mine.onopen = () => {
      if (mine !== socket) return;
      delay = FIRST_DELAY;
      clearTimeout(poller);
      poller = 0;
      connected(true);
      if (opened) catchUp();
      opened = true;
    };
    mine.onmessage = (event) => {
      const said = JSON.parse(event.data);
      if (said.type === "job") told(said.job);
    };
    mine.onclose = ({ code }) => {
      if (mine !== socket || code === NOT_LOGGED_IN) return;
      connected(false);
      if (!poller) poller = setTimeout(poll, POLL_EVERY);
      setTimeout(connect, delay * (0.5 + Math.random())); // jitter: a restart must not call every browser back at once
      delay = Math.min(delay * 2, LONGEST_DELAY);
    };
  }

  // The close of a dead socket may take minutes: nobody waits for it.
  function begin() {
    const old = socket;
    if (old.readyState > WebSocket.OPEN) return; // it is being made anew already
    connect();
    old.close();
  }

  function look() {
    const slept = Date.now() - looked > ASLEEP;
    looked = Date.now();
    if (slept) begin();
    if (slept || (known().length && Date.now() - heardAt > SILENCE)) catchUp();
  }

  connect();
  setInterval(look, LOOK_EVERY);
  addEventListener("online", () => {
    begin();
    catchUp();
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
}
