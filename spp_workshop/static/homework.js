/* Homework in Excel on a company's page: one file at a time, which stays in this page until it is stored. */

import workbooks from "./workbooks.js";
import { base, cookie, language } from "./room.js";

const ID = "1";

class Desk {
  constructor(asked) {
    this.asked = asked;
    this.file = null;
  }

  async put(file) {
    this.file = { name: file.name, bytes: await file.arrayBuffer(), password: "" };
    return ID;
  }

  look() { return this.toldOf("look"); }

  unlock(_, password) {
    this.file.password = password;
    return this.look();
  }

  store(_, overwrite) { return this.toldOf("store", overwrite.length > 0); }

  async copy() {
    const { data, bytes } = await this.asked(() => this.send("copy", false));
    return bytes ? { bytes, name: this.file.name.replace(/(\.\w+)?$/, "-2.xlsx") } : { faults: data.faults };
  }

  remove() {
    this.file = null;
    return { files: [] };
  }

  /** What the server says of the file, as `workbooks.js` shows it. */
  async toldOf(what, overwrite = false) {
    const { data } = await this.asked(() => this.send(what, overwrite));
    const { found, faults, stored } = data;
    return { files: [{ id: ID, name: this.file.name, found, faults, copy: Boolean(found), stored }] };
  }

  async send(what, overwrite) {
    const { name, password, bytes } = this.file;
    const head = `${JSON.stringify({ do: what, name, password, overwrite })}\n`;
    const reply = await fetch(`${base}spp/workbook`, {
      method: "POST", credentials: "same-origin", cache: "no-store", redirect: "error",
      headers: { "Content-Type": "application/octet-stream", "X-XSRFToken": cookie("_xsrf") },
      body: new Blob([head, bytes]),
    });
    const isData = reply.headers.get("Content-Type")?.includes("json");
    if (isData) return { status: reply.status, data: await reply.json() };
    return { status: reply.status, data: null, bytes: reply.ok ? await reply.arrayBuffer() : null };
  }
}

/** Draws the place for workbooks into `el`; `asked` sends and keeps the banners right, `stored` hears of answers. */
export function homework(el, asked, stored) {
  const held = JSON.parse(el.dataset.words);
  const listeners = new Set();
  document.addEventListener("spp:language", () => listeners.forEach((listener) => listener()));
  const model = {
    desk: new Desk(asked),
    stored,
    get: (name) => (name === "language" ? language() : held[name]),
    on: (event, listener) => event === "change:language" && listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  return workbooks.render({ model, el });
}
