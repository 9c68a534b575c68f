/*
 * The gate: a code becomes a seat, the notice is accepted, a seat is left.
 *
 * The code of a link stands in its fragment, which no browser sends; it is put into the field, and taken out of the
 * address bar, which others may see. Enter sends nothing: Japanese input methods use it. It leads to the next field.
 */

import { post, showFaults } from "./room.js";

const UNSENT = "spp-workshop:unsent:";
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// --- What is typed -------------------------------------------------------------------------------------------

/** Letters and digits of a code, in whatever width and case, or at the end of a pasted link. */
export function plain(typed) {
  return typed.normalize("NFKC").toUpperCase().split("#").at(-1).replace(/[^0-9A-Z]/g, "");
}

/** A code as it is printed: XXXXX-XXXXX. */
export function spelled(code) {
  return code.match(/.{1,5}/g)?.join("-") ?? "";
}

function number(typed) {
  const digits = typed.normalize("NFKC").trim();
  return /^[0-9]{1,2}$/.test(digits) ? Number(digits) : 0;
}

// --- What is wrong -------------------------------------------------------------------------------------------

function words(name) {
  const said = {};
  for (const node of all(`[data-say="${name}"] .room-said`)) said[node.lang] = node.textContent;
  return { text: said };
}

/** Shows the faults of a card: each at its field where it has one, and leads to the first. */
function show(card, faults) {
  const fields = all("[data-field]", card);
  const elsewhere = new Set(faults);
  let first = null;
  for (const field of fields) {
    const here = faults.filter((fault) => fault.field === field.dataset.field);
    for (const fault of here) elsewhere.delete(fault);
    showFaults(find(".room-error", field), here);
    for (const input of all("input", field)) {
      if (here.length) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    if (here.length) first ??= find("input:checked, input", field);
  }
  showFaults(find(`#${card.id}-problem`), [...elsewhere]);
  first?.focus();
}

// --- Asking the server ---------------------------------------------------------------------------------------

/** Sends, and goes where the server says; says why not otherwise. Resolves what was answered, or null. */
async function ask(card, path, data) {
  const buttons = all("button", card);
  card.setAttribute("aria-busy", "true");
  for (const button of buttons) button.disabled = true;
  let reply = null;
  try {
    reply = await post(path, data);
  } catch {
    // Told below: the server did not answer.
  }
  if (reply?.status === 200) {
    location.assign(reply.data.next);
    return reply;
  }
  card.removeAttribute("aria-busy");
  for (const button of buttons) button.disabled = false;
  show(card, reply ? reply.data?.faults ?? [words("trouble")] : [words("unreachable")]);
  if (reply?.data?.wait) wait(card, reply.data.wait);
  return reply;
}

/** Counts down the seconds until another code may be tried. */
function wait(card, seconds) {
  const button = find("[data-do=send]", card);
  const told = find(".room-wait", card);
  if (!told) return;
  const end = Date.now() + seconds * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = told.hidden = false;
    if (left <= 0) {
      told.hidden = true;
      show(card, []);
      return;
    }
    button.disabled = true;
    find("[data-seconds]", told).textContent = String(left);
    setTimeout(tick, 250);
  };
  tick();
}

// --- Where one joins -----------------------------------------------------------------------------------------

function visitor(card) {
  const place = find("[data-field=place] input:checked", card);
  const people = find("[data-field=people] input", card);
  const name = find("[data-field=name] input", card);
  return { place: place?.value ?? "", people: people ? number(people.value) : 1, name: name?.value ?? "" };
}

function send(card) {
  const data = visitor(card);
  const faults = [];
  const missing = (field, name) => faults.push({ field, ...words(name) });
  if (card.dataset.send === "code") {
    data.code = plain(find("#code").value);
    if (!data.code) missing("code", "no_code");
  } else {
    data.go_on = true;
  }
  if (find("[data-field=place]", card) && !data.place) missing("place", "no_place");
  if (find("[data-field=people]", card) && !data.people) missing("people", "no_people");
  if (faults.length) show(card, faults);
  else ask(card, "join", data);
}

function unsent() {
  try {
    return Object.keys(sessionStorage).filter((key) => key.startsWith(UNSENT));
  } catch {
    return [];
  }
}

let warned = false;

async function leave(card) {
  const kept = unsent();
  if (kept.length && !warned) {
    const warning = find("#unsent");
    if (warning) {
      warned = true;
      warning.hidden = false;
      return;
    }
  }
  const reply = await ask(card, "leave", {});
  // The next person at this device must not send what the last one typed.
  if (reply?.status === 200) for (const key of kept) sessionStorage.removeItem(key);
}

function fromLink() {
  const code = plain(location.hash);
  if (!code) return;
  history.replaceState(null, "", location.pathname);
  find("#code").value = spelled(code);
  find("#code-linked").hidden = false;
  show(find("#joining"), []);
  const seated = find("#seated");
  if (!seated) (find("#joining [data-field=place] input:checked") ?? find("#joining [data-field=place] input")).focus();
}

function step(button) {
  const input = find("input", button.parentElement);
  input.value = String(Math.min(99, Math.max(1, number(input.value) + Number(button.dataset.step))));
}

/** Enter leads on: to the next field of the card, and last to its button. */
function lead(event, card) {
  if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
  if (!event.target.matches("input")) return;
  event.preventDefault();
  const stops = [...all("input[type=text], input[type=radio]", card), find("[data-do=send]", card)];
  const own = event.target;
  // One of several choices stands for all of them.
  const next = stops.slice(stops.indexOf(own) + 1).find((stop) => !own.name || stop.name !== own.name || stop.type !== "radio");
  (next?.type === "radio" ? find(`input[name="${next.name}"]:checked`, card) ?? next : next)?.focus();
}

function other(button) {
  const card = find("#joining");
  card.hidden = !card.hidden;
  button.setAttribute("aria-expanded", String(!card.hidden));
  if (!card.hidden) find("#code").focus();
}

const DO = {
  agree: (card) => ask(card, "notice", { agree: true }),
  leave,
  other: (_card, button) => other(button),
  send,
};

for (const card of all(".room-card")) {
  for (const button of all("[data-do]", card)) {
    button.addEventListener("click", () => DO[button.dataset.do](card, button));
  }
  for (const button of all("[data-step]", card)) button.addEventListener("click", () => step(button));
  card.addEventListener("keydown", (event) => lead(event, card));
}

const code = find("#code");
if (code) {
  fromLink();
  addEventListener("hashchange", fromLink);
  code.addEventListener("change", () => { code.value = spelled(plain(code.value)) || code.value; });
  code.addEventListener("input", () => { find("#code-linked").hidden = true; });
}

// A page that comes back by the browser's own button is as it was left: busy. What is true now is on the server.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

