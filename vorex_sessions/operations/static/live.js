// The page that shows live sessions: practise here, and see what all devices practise.

import { Line } from "/docs/own/live-line.js";

const BEAT_MS = 2000; // an app needs one in 20 s; here something is to move
const $ = (id) => document.getElementById(id);
let line = null;
let sessions = [];
let practice = null; // what this device practises

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const activeSeconds = () => Math.floor((practice.before + (practice.since ? Date.now() - practice.since : 0)) / 1000);

function ago(instant) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(instant)) / 1000));
  return seconds < 3 ? "just now" : seconds < 120 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

// ---- what the service says

function hear(message) {
  note("in", message);
  if (message.type === "line") showLine(message);
  if (message.sessions) showSessions(message.sessions);
  if (message.type === "ack") complain("");
  if (message.type === "ack" && message.session) {
    const id = message.session.session_result_id;
    const others = sessions.filter((one) => one.session_result_id !== id);
    showSessions([...others, message.session].sort((one, other) => (one.started_at < other.started_at ? -1 : 1)));
  }
  if (message.type === "saved") showSaved(message.session);
  if (message.type === "unlocked") message.achievements.forEach(showUnlocked);
  if (message.type === "problem") complain(message.problem.detail);
}

function showLine({ way, reason }) {
  $("connection").dataset.state = way;
  $("connection").textContent = { socket: "live, by socket", http: "by HTTP, until the socket is back", off: "not connected" }[way];
  for (const id of ["device", "all", "messages"]) $(id).hidden = way === "off";
  $("sign-in").hidden = way !== "off";
  if (way === "off") sessionStorage.removeItem("token");
  complain(way === "off" ? reason || "This token is no good." : "");
}

function complain(text) {
  $("complaint").textContent = text;
  $("complaint").hidden = !text;
}

function showSessions(now) {
  const cards = new Map([...$("sessions").children].map((card) => [card.dataset.id, card]));
  const isGone = practice && practice.isKnown && !now.some((one) => one.session_result_id === practice.id);
  if (isGone) endPractice(); // on another device
  sessions = now;
  $("none").hidden = now.length > 0;
  now.forEach((one) => {
    const id = one.session_result_id;
    if (practice && practice.id === id) practice.isKnown = true;
    const card = cards.get(id) || $("sessions").appendChild(newCard(id));
    cards.delete(id);
    update(card, one);
  });
  cards.forEach((card) => card.remove());
}

/** A card is changed in place: who is about to click must not lose the button. */
function newCard(id) {
  const find = () => sessions.find((one) => one.session_result_id === id);
  const card = element("li", {},
    element("div", { className: "top" }, element("strong"), element("span", { className: "state" }), element("span", { className: "number" })),
    element("div", { className: "facts" }),
    element("div", { className: "words" }),
    element("p", { className: "buttons" },
      element("button", { textContent: "Carry on here", onclick: () => resume(find()) }),
      element("button", { textContent: "Cancel", onclick: () => say("cancel", { session_result_id: id }) })));
  card.dataset.id = id;
  return card;
}

function update(card, one) {
  const part = (selector) => card.querySelector(selector);
  part("strong").textContent = one.session_type;
  part(".state").textContent = part(".state").dataset.state = one.state;
  part(".number").textContent = clock(one.active_seconds);
  part(".facts").textContent = facts(one);
  part(".words").replaceChildren(...one.vocabulary_learned.map((word) => element("span", { textContent: word })));
  part(".buttons").hidden = isMine(one);
  if (card.dataset.seq === String(one.seq)) return;
  card.dataset.seq = one.seq;
  card.classList.remove("moved");
  requestAnimationFrame(() => card.classList.add("moved"));
}

const isMine = (one) => practice !== null && practice.id === one.session_result_id;

function facts(one) {
  return [isMine(one) ? "this device" : "another device", one.language, plural(one.words_spoken, "word"), `heartbeat ${one.seq}, ${ago(one.heartbeat_at)}`].join(" · ");
}

function showSaved({ duration_seconds: seconds, words_spoken: words, achievements_unlocked: unlocked }) {
  $("unlocked").prepend(element("li", { className: "saved", textContent: `Saved: ${clock(seconds)} of practice, ${plural(words, "word")}.` }));
  unlocked.forEach(showUnlocked);
}

function showUnlocked({ key, title, description }) {
  if (document.querySelector(`[data-key="${CSS.escape(key)}"]`)) return;
  const made = element("li", {}, element("strong", { textContent: `Unlocked: ${title}. ` }), description);
  made.dataset.key = key;
  $("unlocked").prepend(made);
}

function note(direction, { type, ...members }) {
  if (type === "line" || type === "pong") return;
  const text = JSON.stringify(members, (name, value) => (name === "token" ? "…" : value));
  $("log").prepend(element("li", {}, element("time", { textContent: new Date().toLocaleTimeString() }),
    element("span", { className: direction, textContent: `${direction === "in" ? "←" : "→"} ${type}` }), text.slice(0, 300)));
  while ($("log").children.length > 100) $("log").lastChild.remove();
}

// ---- what this device does

async function say(type, members) {
  note("out", { type, ...members });
  const wasOpen = line.isOpen;
  const answer = await line.ask(type, members);
  if (!wasOpen) hear(answer); // by the socket it was heard already
  if (type === "cancel") await line.refresh();
  return answer;
}

function begin(session, totals = {}) {
  practice = { id: crypto.randomUUID(), seq: 0, started_at: new Date().toISOString(), words: 0, vocabulary: [], before: 0, ...session, ...totals, since: Date.now() };
  showPractice();
  updateAll();
  void beat();
}

function resume(one) {
  const { session_result_id: id, session_type, language, started_at, seq } = one;
  begin({ session_type, language }, {
    id, started_at, seq, words: one.words_spoken, vocabulary: one.vocabulary_learned, before: one.active_seconds * 1000,
  });
}

function totals() {
  const { session_type, language, words, vocabulary } = practice;
  return { session_type, ...(language && { language }), words_spoken: words, vocabulary_learned: vocabulary };
}

async function beat() {
  const { id, started_at } = practice;
  const known = sessions.find((one) => one.session_result_id === id);
  practice.seq = Math.max(practice.seq, known ? known.seq : 0) + 1; // above another device's
  const members = { session_result_id: id, started_at, seq: practice.seq, active_seconds: activeSeconds(), ...totals() };
  const { problem } = await say("heartbeat", members);
  if (problem && practice && (problem.status === 409 || problem.status === 410)) endPractice();
}

async function finish() {
  pause(); // no heartbeat follows
  const session = { session_result_id: practice.id, duration_seconds: activeSeconds(), ...totals() };
  const answer = await say("finish", { session });
  if (answer.type === "saved") endPractice();
  else if (practice) goOn();
  if (!line.isOpen) await line.refresh();
}

function endPractice() {
  practice = null;
  showPractice();
  updateAll();
}

function updateAll() {
  for (const card of $("sessions").children) {
    const one = sessions.find(({ session_result_id: id }) => id === card.dataset.id);
    if (one) update(card, one);
  }
}

function showPractice() {
  $("begin").hidden = practice !== null;
  $("practice").hidden = practice === null;
  if (!practice) return;
  $("clock").textContent = clock(activeSeconds());
  $("counts").textContent = `${practice.session_type} · ${plural(practice.words, "word")}`;
  $("pause").textContent = practice.since ? "Pause" : "Go on";
}

function pause() {
  practice.before = activeSeconds() * 1000;
  practice.since = 0;
  showPractice();
}

function goOn() {
  practice.since = Date.now();
  showPractice();
}

function connect(token) {
  if (!/^[\w.-]+$/.test(token)) return complain("This is no access token.");
  sessionStorage.setItem("token", token); // of this tab, and of a window that it opens
  if (line) location.reload(); // one line a page
  else line = new Line(token, hear);
}

function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    work(Object.fromEntries(new FormData(form)));
  });
}

onSubmit(document.querySelector("#sign-in form"), ({ token }) => connect(token.trim()));
onSubmit($("begin"), ({ session_type, language }) => begin({ session_type, language: language.trim() }));
onSubmit($("learn"), ({ word }) => {
  if (word.trim()) practice.vocabulary = [...practice.vocabulary, word.trim()];
  $("learn").reset();
  void beat();
});
$("pause").addEventListener("click", () => {
  practice.since ? pause() : goOn();
  void beat();
});
$("finish").addEventListener("click", finish);
$("cancel").addEventListener("click", async () => {
  await say("cancel", { session_result_id: practice.id });
  endPractice();
});
setInterval(() => practice && practice.since && void beat(), BEAT_MS);
setInterval(() => {
  if (!practice || !practice.since) return;
  practice.words += Math.floor(Math.random() * 3); // as if the learner spoke
  showPractice();
}, 700);
setInterval(updateAll, 1000);
const token = sessionStorage.getItem("token");
if (token) connect(token);
