/*
 * What all pages for a room share: the language, and one way to ask the server.
 *
 * Every text stands in the page in both languages (class `room-said`, with `lang`); the style shows the one that
 * `html[data-language]` names. Whoever draws texts of its own listens for the event `spp:language` on the document.
 */

const root = document.documentElement;
const KEPT = "spp-workshop:language";

/** The server's base address, with a slash at both ends. */
export const base = root.dataset.base ?? "/";

/** The language that the page speaks now: "ja" or "en". */
export function language() {
  return root.dataset.language;
}

/** Speaks another language from now on, here and on the pages to come. */
export function speak(wanted) {
  const changed = wanted !== language();
  root.dataset.language = root.lang = wanted;
  document.title = document.querySelector("title").dataset[wanted] ?? document.title;
  for (const node of document.querySelectorAll("[data-speak]")) {
    node.setAttribute("aria-pressed", String(node.dataset.speak === wanted));
  }
  const label = wanted === "ja" ? "labelJa" : "labelEn";
  for (const node of document.querySelectorAll("[data-label-ja]")) node.setAttribute("aria-label", node.dataset[label]);
  if (changed) document.dispatchEvent(new CustomEvent("spp:language", { detail: wanted }));
}

function preferred() {
  try {
    const kept = localStorage.getItem(KEPT);
    if (kept === "ja" || kept === "en") return kept;
  } catch {
    // No storage here (a locked-down browser): the browser's own language decides each time.
  }
  return navigator.language.startsWith("ja") ? "ja" : "en";
}

/** A text ({ja, en}) as nodes: both languages, of which the page shows one. */
export function said(text) {
  const parts = document.createDocumentFragment();
  for (const spoken of ["ja", "en"]) {
    const part = document.createElement("span");
    part.className = "room-said";
    part.lang = spoken;
    part.textContent = text[spoken];
    parts.append(part);
  }
  return parts;
}

/** Shows what the server refused and why, in an element with role=alert; nothing hides it. */
export function showFaults(element, faults) {
  element.replaceChildren(...faults.map((fault) => {
    const line = document.createElement("p");
    line.append(said(fault.text));
    return line;
  }));
  element.hidden = !faults.length;
}

/** Reads data from the server; resolves {status, data}, rejects when it cannot be reached. */
export function get(path) {
  return ask(path, { method: "GET" });
}

/** Sends data to the server; resolves {status, data}, rejects when it cannot be reached. */
export function post(path, data = {}) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-XSRFToken": cookie("_xsrf") },
    body: JSON.stringify(data),
  });
}

async function ask(path, options) {
  const reply = await fetch(base + path, { credentials: "same-origin", cache: "no-store", redirect: "error", ...options });
  const json = reply.headers.get("Content-Type")?.includes("json");
  return { status: reply.status, data: json ? await reply.json() : null };
}

/** What this page may read of its cookies: the token against forgery. */
export function cookie(name) {
  const found = document.cookie.split("; ").find((pair) => pair.startsWith(`${name}=`));
  return found ? decodeURIComponent(found.slice(name.length + 1)) : "";
}

for (const button of document.querySelectorAll("[data-speak]")) {
  button.addEventListener("click", () => {
    speak(button.dataset.speak);
    try {
      localStorage.setItem(KEPT, button.dataset.speak);
    } catch {
      // It is spoken all the same, on this page.
    }
  });
}
speak(preferred());
