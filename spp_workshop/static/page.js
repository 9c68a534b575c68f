/*
 * An exercise on a page: one step on the screen, its forms over HTTP, the own charts, and what became of the
 * connection. `form.js` draws the forms; here is the part of anywidget's model that it needs (`get, set,
 * save_changes, send, on, off`, events `change:NAME` and `msg:custom`), carried to the server and back.
 */

import form from "./form.js";
import { get, language, post, said, showFaults, speak } from "./room.js";

const exercise = document.querySelector("[data-exercise]");
const LOOK = 4000; // ms between two looks for what others wrote
const CALM = 60000; // the longest pause when nobody writes, or when the server cannot be reached
const AGAIN = [1000, 2000, 4000, 8000, 15000];
const SOON = 300; // ms after an own save until the charts are asked for

// --- The connection: what the person should know of it -------------------------------------------------------

const banners = new Map([...document.querySelectorAll("[data-banner]")].map((node) => [node.dataset.banner, node]));

function show(name, shown) {
  banners.get(name).hidden = !shown;
}

const connection = {
  lost: false,
  ended: false,

  /** A request came back, whatever its answer. */
  works() {
    if (!this.lost) return;
    this.lost = false;
    show("offline", false);
    show("back", true);
    setTimeout(() => show("back", false), 6000);
    // The forms send at once what they kept.
    dispatchEvent(new Event("online"));
    news.soon();
  },

  fails() {
    if (this.ended || this.lost) return;
    this.lost = true;
    show("back", false);
    show("offline", true);
  },

  /** The seat holds no more: nothing is asked until the person has joined again. */
  end() {
    this.ended = true;
    show("offline", false);
    show("ended", true);
  },
};

/** Asks the server, and keeps the banners right. Rejects when there was no answer from our server. */
async function asked(request) {
  if (connection.ended) throw new Error("the seat has ended");
  let reply;
  try {
    reply = await request();
  } catch (error) {
    connection.fails();
    throw error;
  }
  // A proxy in front of a server that is being restarted answers for it, and not in JSON.
  if (!reply.data && reply.status >= 400) {
    connection.fails();
    throw new Error("no answer from the server");
  }
  connection.works();
  if (reply.status === 401) connection.end();
  return reply;
}

// --- Models: what a form takes for its notebook -----------------------------------------------------------------

class Model {
  constructor(held) {
    this.held = { ...held, language: language() };
    this.listeners = new Set();
  }

  get(name) {
    return this.held[name];
  }

  set(name, value) {
    if (this.held[name] === value) return;
    this.held[name] = value;
    this.emit(`change:${name}`);
    if (name === "language") speak(value);
  }

  save_changes() {}

  on(event, listener) {
    this.listeners.add({ event, listener });
  }

  off(event, listener) {
    for (const one of this.listeners) if (one.event === event && one.listener === listener) this.listeners.delete(one);
  }

  emit(event, ...content) {
    for (const one of [...this.listeners]) if (one.event === event) one.listener(...content);
  }

  /** Resolves when the answer has been handed on; rejects when there is none, and the form tries again. */
  async send(message) {
    const { status, data } = await asked(() => post("spp/message", message));
    if (status === 403) sayFaults(data.faults);
    this.emit("msg:custom", { id: message.id, ...data });
    if (!READING.has(message.do) && !data.faults?.length) news.soon();
  }

  /** Somebody may have changed these answers. */
  hint() {
    const { subjects } = this.held.place;
    for (const { subject } of subjects) this.emit("msg:custom", { news: subject });
  }
}

const READING = new Set(["open", "history", "read"]);
const models = new Map(); // by worksheet: the forms that are open
const endings = []; // what ends them

function sayFaults(faults) {
  showFaults(banners.get("fault"), faults ?? []);
}

// --- Steps: one on the screen, its name in the address -----------------------------------------------------------

const steps = [...document.querySelectorAll("[data-step]")];
let current = null;
let started = null; // {who, revision, forms: {worksheet: {place, opened}}}

function stepOfAddress() {
  const name = decodeURIComponent(location.hash.slice(1));
  return steps.find((step) => step.id === name) ?? steps[0];
}

/** Opens the step of the address; `moved` when the person went there, who then hears its heading. */
function turn(moved) {
  const step = stepOfAddress();
  if (!step || step === current) return;
  current = step;
  const place = steps.indexOf(step);
  for (const one of steps) one.classList.toggle("room-current", one === step);
  for (const node of document.querySelectorAll("[data-way]")) node.hidden = node.dataset.way !== step.id;
  document.querySelectorAll("[data-way-dot]").forEach((dot, index) => dot.classList.toggle("room-done", index <= place));
  for (const link of document.querySelectorAll(".room-all a")) {
    if (link.hash === `#${step.id}`) link.setAttribute("aria-current", "step");
    else link.removeAttribute("aria-current");
  }
  document.querySelector(".room-all")?.removeAttribute("open");
  if (moved) {
    scrollTo({ top: 0, behavior: "instant" });
    step.querySelector("h2").focus({ preventScroll: true });
  }
  open(step);
  showHeld();
}

const heldAt = document.querySelector("[data-held]");

/** Whoever has gone on is led back to an answer that waits for another value or a decision. */
function showHeld() {
  const step = steps.find((one) => one !== current && one.querySelector('.spp-state[data-state="held"]'));
  show("held", Boolean(step));
  if (!step || heldAt.hash === `#${step.id}`) return;
  heldAt.href = `#${step.id}`;
  heldAt.replaceChildren(...[...step.querySelector("h2").childNodes].map((node) => node.cloneNode(true)));
}

new MutationObserver(showHeld).observe(exercise, { subtree: true, attributeFilter: ["data-state"] });

/** What the step shows: its forms and charts. */
function open(step) {
  if (!started) return;
  for (const place of step.querySelectorAll("[data-form]")) openForm(place);
  for (const image of step.querySelectorAll("[data-chart]")) drawChart(image);
}

/** Opens the forms of all screens that hold unsent answers: what was typed before a reload is sent from here too. */
function openWaiting() {
  for (const place of document.querySelectorAll("[data-form]")) {
    const { form: name } = place.dataset;
    const begins = `${KEPT}${started.forms[name]?.place.workshop}:${name}:`;
    if (!models.has(name) && unsent().some((key) => key.startsWith(begins))) openForm(place);
  }
}

/** Draws a form once; when its step is opened again, it looks for what others wrote. */
async function openForm(place) {
  const name = place.dataset.form;
  if (models.has(name)) return models.get(name)?.hint();
  if (!started.forms[name]) return;
  models.set(name, null); // on its way
  const sheet = await defined(place);
  const { place: whose, opened } = started.forms[name];
  const model = new Model({ form: sheet, place: whose, opened, switch: false });
  models.set(name, model);
  place.replaceChildren();
  endings.push(form.render({ model, el: place }));
}

const definitions = new Map(); // by address: the worksheet as its form needs it, or will

/** The worksheet of a form; asked for until it comes. */
function defined(place) {
  const { definition, form: name } = place.dataset;
  if (!definitions.has(definition)) definitions.set(definition, insist(() => fetched(definition)).then((data) => data[name]));
  return definitions.get(definition);
}

/** While the person is at the first step, the others' worksheets are fetched. */
async function fetchAhead() {
  for (const place of document.querySelectorAll("[data-form]")) await defined(place);
}

document.addEventListener("click", (event) => {
  const all = document.querySelector(".room-all[open]");
  if (all && !all.contains(event.target)) all.removeAttribute("open");
});
addEventListener("hashchange", () => turn(true));
// Alt and Page Down or Page Up turn the page, wherever the cursor is.
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") document.querySelector(".room-all[open]")?.removeAttribute("open");
  if (!event.altKey || event.isComposing) return;
  const way = { PageDown: "next", PageUp: "back" }[event.key];
  const link = way && current?.querySelector(`[data-turn="${way}"]`);
  if (!link) return;
  event.preventDefault();
  link.click();
}, true);

// --- Charts of the own answers -------------------------------------------------------------------------------------

const drawn = new WeakMap(); // image -> for which language and revision it was drawn

async function drawChart(image) {
  const wanted = `${language()} ${news.revision}`;
  if (drawn.get(image) === wanted) return;
  drawn.set(image, wanted);
  const figure = image.closest("figure");
  const failed = (shown) => {
    figure.querySelector("[data-chart-failed]").hidden = !shown;
    figure.querySelector("[data-chart-opening]").hidden = shown || image.alt !== "";
  };
  try {
    const query = new URLSearchParams({ language: language(), revision: news.revision });
    const { status, data } = await asked(() => get(`spp/chart/${image.dataset.chart}.json?${query}`));
    if (drawn.get(image) !== wanted) return; // overtaken by a newer one
    if (status !== 200) throw new Error("no chart");
    image.src = data.image;
    image.alt = data.alt;
    image.parentElement.hidden = false;
    const words = figure.querySelector("[data-chart-words]");
    words.hidden = false;
    words.querySelector("p").textContent = data.alt;
    failed(false);
  } catch {
    drawn.delete(image);
    failed(true);
  }
}

function drawCharts() {
  for (const image of current?.querySelectorAll("[data-chart]") ?? []) drawChart(image);
}

// --- News: what a colleague wrote on another device -----------------------------------------------------------------

const news = {
  revision: 0,
  pause: LOOK,
  timer: 0,

  later(pause = this.pause) {
    clearTimeout(this.timer);
    pause *= 0.8 + 0.4 * Math.random();
    if (!document.hidden && !connection.ended) this.timer = setTimeout(() => this.look(), pause);
  },

  /** After an own save: the charts follow it. */
  soon() {
    this.pause = LOOK;
    this.later(SOON);
  },

  async look() {
    try {
      const { status, data } = await asked(() => get(`spp/news?known=${this.revision}`));
      if (status === 200) this.hear(data.revision);
    } catch {
      this.pause = Math.min(this.pause * 1.5, connection.lost ? LOOK : CALM);
    }
    this.later();
  },

  hear(revision) {
    if (revision === this.revision) {
      this.pause = Math.min(this.pause * 1.2, CALM);
      return;
    }
    this.revision = revision;
    this.pause = LOOK;
    for (const place of current.querySelectorAll("[data-form]")) models.get(place.dataset.form)?.hint();
    drawCharts();
  },
};

document.addEventListener("visibilitychange", () => (document.hidden ? clearTimeout(news.timer) : news.later(0)));
addEventListener("offline", () => connection.fails());
addEventListener("online", () => connection.lost && news.later(0));

// --- Homework in Excel: fetched when somebody asks for it --------------------------------------------------------------

const excel = document.querySelector("[data-excel]");

let begun = null; // the place for workbooks is there, or on its way

function openExcel() {
  begun ??= beginExcel().catch(() => {
    begun = null;
    connection.fails();
  });
  return begun;
}

async function beginExcel() {
  const { homework } = await import("./homework.js");
  const style = document.createElement("link");
  Object.assign(style, { rel: "stylesheet", href: excel.dataset.style });
  document.head.append(style);
  endings.push(homework(excel.querySelector("[data-words]"), asked, () => news.soon()));
}

excel.addEventListener("toggle", () => excel.open && openExcel());

// A file that is dropped beside its place would take the page away, with all that is typed; it is meant for here.
addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
addEventListener("drop", (event) => {
  const { files } = event.dataTransfer;
  if (!files.length || event.defaultPrevented) return;
  event.preventDefault();
  takeFile(files);
});

/** Opens the place for workbooks, and puts the file there as if it had been chosen. */
async function takeFile(files) {
  excel.open = true;
  await openExcel();
  const input = excel.querySelector("input[type=file]");
  if (!input) return;
  excel.scrollIntoView({ block: "center" });
  input.files = files;
  input.dispatchEvent(new Event("change"));
}

// --- Language, and who is here ---------------------------------------------------------------------------------------

document.addEventListener("spp:language", ({ detail }) => {
  for (const model of models.values()) model?.set("language", detail);
  drawCharts();
});

function showWho() {
  const { company, name, people } = started.who;
  const place = document.querySelector("[data-who]");
  const strong = document.createElement("strong");
  strong.append(said(company));
  place.replaceChildren(strong);
  if (name) {
    const person = document.createElement("bdi");
    person.textContent = name;
    place.append(" · ", person);
  }
  if (people > 1) {
    const count = (spoken) => exercise.dataset[`count${spoken}`].replace("{count}", people);
    place.append(" · ", said({ ja: count("Ja"), en: count("En") }));
  }
  place.hidden = false;
  document.querySelector("[data-leave]").hidden = false;
}

const KEPT = "spp-workshop:unsent:";
const unsent = () => Object.keys(sessionStorage).filter((key) => key.startsWith(KEPT));

document.querySelector("[data-leave]").addEventListener("click", async () => {
  const question = exercise.dataset[language() === "ja" ? "unsentJa" : "unsentEn"];
  if (unsent().length && !confirm(question)) return;
  try {
    const { status, data } = await asked(() => post("leave"));
    if (status !== 200) return sayFaults(data.faults);
    // The forms send no more, and the next person at this device finds nothing of ours.
    connection.ended = true;
    endings.forEach((end) => end());
    unsent().forEach((key) => sessionStorage.removeItem(key));
    location.assign(data.next);
  } catch {
    // The banner says that there is no connection.
  }
});

// --- Beginning ----------------------------------------------------------------------------------------------------------

async function fetched(address) {
  const reply = await fetch(address);
  const json = reply.headers.get("Content-Type")?.includes("json");
  return { status: reply.status, data: json ? await reply.json() : null };
}

/** Asks until it is given; says why when it is refused. */
async function insist(request) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const { status, data } = await asked(request);
      if (status === 200) return data;
      if (!connection.ended) sayFaults(data?.faults);
    } catch {
      // The banner says it.
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN[Math.min(attempt, AGAIN.length - 1)]));
  }
}

async function begin() {
  turn(false);
  for (const place of current.querySelectorAll("[data-form]")) defined(place);
  started = await insist(() => fetched(exercise.dataset.start));
  sayFaults([]);
  news.revision = started.revision;
  showWho();
  open(current);
  openWaiting();
  document.body.dataset.ready = "true";
  news.later();
  // Not all of a room in the same moment.
  setTimeout(fetchAhead, 1000 + 4000 * Math.random());
}

// A page that comes back by the browser's own button shows what stood on it, to whoever sits here now: what may be
// seen is on the server.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.body.replaceChildren();
  location.reload();
});

begin();
