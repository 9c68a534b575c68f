/*
 * Where workbooks that came back are taken in: by the facilitator in a notebook, by a company on its own page.
 *
 * A carrier is anything with `get, on, off` (anywidget's model, or a page's shim). It holds
 *   words     what is said, by language                       (workbook.asking)
 *   language  "ja" or "en"
 *   role      "page" (a company), "keeper" (all companies) or "desk" (hands files on)
 *   largest   bytes of the largest file
 *   companies what may be chosen where a file does not say whose it is: [{key, name: {ja, en}}]
 * A page's shim has `desk`, which does what is asked: `put(file)` gives an id, then `look`, `store`, `unlock`,
 * `assign`, `copy`, `remove`. Without one, all of these are sent to the notebook's kernel, a file in parts. Every
 * answer tells of all files that are there. Answers of companies stand in messages and on the screen, and in no state
 * that a notebook keeps.
 */

const PART = 1_000_000; // bytes in one message: the server lets no larger ones through than twice that
const PATIENCE = 120_000; // ms for a dozen files
const URGENT = ["wrong", "conflict", "incomplete"];

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

/** The kernel of a notebook, which keeps the files and answers each message once. */
class Kernel {
  constructor(model) {
    this.model = model;
    this.waiting = new Map();
    this.count = 0;
    this.name = Math.random().toString(36).slice(2, 8);
    this.hear = (message, buffers) => {
      this.waiting.get(message.id)?.({ ...message, buffers });
      this.waiting.delete(message.id);
    };
    model.on("msg:custom", this.hear);
  }

  ask(message, buffers = []) {
    const id = `${this.name}.${++this.count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE);
      this.waiting.set(id, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      this.model.send({ ...message, id }, undefined, buffers);
    });
  }

  async put(file) {
    const name = `${this.name}.${++this.count}`;
    const bytes = await file.arrayBuffer();
    for (let at = 0; at === 0 || at < bytes.byteLength; at += PART) {
      await this.ask({ do: "part", file: name, name: file.name, at }, [bytes.slice(at, at + PART)]);
    }
    return name;
  }

  look() { return this.ask({ do: "look" }); }
  store(files, overwrite) { return this.ask({ do: "store", files, overwrite }); }
  unlock(file, password) { return this.ask({ do: "unlock", file, password }); }
  assign(file, company) { return this.ask({ do: "assign", file, company }); }
  remove(file) { return this.ask({ do: "remove", file }); }

  async copy(file) {
    const reply = await this.ask({ do: "copy", file });
    return reply.buffers?.length ? { name: reply.name, bytes: reply.buffers[0] } : reply;
  }

  close() { this.model.off("msg:custom", this.hear); }
}

class Books {
  constructor(model, el) {
    this.model = model;
    this.desk = model.desk ?? new Kernel(model);
    this.role = model.get("role");
    this.told = { files: [] };
    this.faults = []; // sentences about files that were not even sent
    this.busy = "";
    this.overwrite = new Set(); // the files whose answers hold where both were changed
    this.opened = new Map(); // which parts somebody has opened or closed, by file and sheet
    this.el = el;
    this.heard = () => this.draw();
    model.on("change:language", this.heard);
  }

  get language() { return this.model.get("language"); }

  say(key, values = {}) {
    const wording = this.model.get("words")[this.language][key];
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), wording);
  }

  pick(text) { return text ? text[this.language] : ""; }

  start() {
    const input = h("input", { type: "file", class: "spp-books-input", accept: ".xlsx,.xlsm,.xlsb,.xls,.ods,.csv", multiple: this.role !== "page",
      onchange: () => { this.take([...input.files]); input.value = ""; } });
    this.choose = h("span", { class: "spp-books-button" });
    this.beside = h("span", { class: "spp-books-soft" });
    this.kinds = h("span", { class: "spp-books-soft spp-books-small" });
    // The whole place is the label of the file chooser: one may click it, drop on it, or reach it with the keyboard.
    this.place = h("label", { class: "spp-books-place" }, input, this.choose, this.beside, this.kinds);
    for (const name of ["dragover", "dragenter"]) this.place.addEventListener(name, (event) => this.hover(event, true));
    for (const name of ["dragleave", "drop"]) this.place.addEventListener(name, (event) => this.hover(event, false));
    this.place.addEventListener("drop", (event) => this.take([...event.dataTransfer.files]));
    this.intro = h("p", { class: "spp-books-intro" });
    this.blank = this.model.get("blank") && h("a", { class: "spp-books-button spp-books-quiet", download: "homework.xlsx" });
    this.state = h("p", { class: "spp-books-state", role: "status" });
    this.alert = h("div", { role: "alert", class: "spp-books-faults" });
    this.list = h("div", { class: "spp-books-files" });
    const inside = h("div", { class: "spp-books-inside" }, this.intro, this.blank || null, this.place, this.state, this.alert, this.list);
    this.summary = this.role === "page" ? null : h("summary");
    this.root = this.summary ? h("details", { class: "spp-books" }, this.summary, inside) : h("div", { class: "spp-books" }, inside);
    // JupyterLab's shortcuts must not hear what is pressed here.
    this.root.addEventListener("keydown", (event) => event.stopPropagation());
    this.root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
    this.root.addEventListener("toggle", () => this.root.open && this.role === "keeper" && this.do(() => this.desk.look()));
    this.el.append(this.root);
    this.draw();
  }

  stop() {
    this.model.off("change:language", this.heard);
    this.desk.close?.();
    this.root.remove();
  }

  hover(event, over) {
    event.preventDefault();
    this.place.classList.toggle("spp-books-over", over);
  }

  /** Files that somebody has chosen or dropped: each is put on the desk, and all of them are looked at. */
  async take(files) {
    if (!files.length || this.busy) return;
    this.faults = [];
    const largest = this.model.get("largest");
    const fit = files.filter((file) => file.size <= largest);
    for (const file of files) if (!fit.includes(file)) this.faults.push(() => `${file.name}: ${this.say("too_large")}`);
    // A page is about one file at a time: the next takes its place.
    if (this.role === "page" && fit.length) this.told = { files: [] };
    await this.do(async () => {
      for (const file of this.role === "page" ? fit.slice(0, 1) : fit) {
        this.work(() => this.say("reading", { file: file.name }));
        await this.desk.put(file);
      }
      return fit.length ? this.desk.look() : this.told;
    });
    this.list.querySelector("h4")?.focus();
  }

  work(says) {
    this.busy = says;
    this.draw();
  }

  /** Asks, and shows what is answered; what cannot be reached is said. */
  async do(ask, says = () => "") {
    if (says()) this.faults = [];
    this.work(this.busy || says || (() => ""));
    try {
      const reply = await ask();
      if (reply.faults?.length) this.faults = reply.faults.map((fault) => () => this.pick(fault.text));
      if (reply.files) this.told = reply;
    } catch {
      this.faults = [() => this.say("no_reply")];
    }
    this.work("");
  }

  // Showing

  draw() {
    const page = this.role === "page";
    this.root.lang = this.language;
    if (this.summary) this.summary.textContent = this.say("only_for_you");
    this.intro.textContent = this.say(`intro_${this.role}`);
    if (this.blank) {
      this.blank.textContent = this.say("blank");
      this.blank.href = `${this.model.get("blank")}?language=${this.language}`;
    }
    this.choose.textContent = this.say(page ? "choose_page" : "choose_keeper");
    this.beside.textContent = this.say("drop");
    this.kinds.textContent = this.say("kinds");
    this.state.textContent = this.busy ? this.busy() : "";
    this.root.toggleAttribute("aria-busy", Boolean(this.busy));
    this.alert.replaceChildren(...this.faults.map((says) => h("p", { class: "spp-books-fault" }, says())));
    const { files, waiting = [], refused = [] } = this.told;
    const storable = files.filter(({ found, stored }) => !stored && this.worth(found));
    const all = this.role === "keeper" && storable.length > 1
      ? this.button("store_all", {}, () => this.store(files.map(({ id }) => id))) : null;
    this.list.replaceChildren(...files.map((file) => this.file(file)), ...(all ? [h("p", {}, all)] : []),
      ...this.notes("waiting_title", waiting), ...this.notes("refused_title", refused));
  }

  worth(found) {
    return found && (found.storable || found.finished || found.conflicts);
  }

  notes(title, lines) {
    if (!lines.length) return [];
    const said = lines.map((line) => h("li", {}, this.pick(line)));
    return [h("details", { class: "spp-books-notes" }, h("summary", {}, `${this.say(title)} (${lines.length})`), h("ul", {}, ...said))];
  }

  file(file) {
    const { id, name, found, faults = [] } = file;
    const head = h("h4", { tabindex: "-1" }, name);
    if (found && this.role !== "page") head.append(h("span", { class: "spp-books-whose" }, this.pick(found.company)));
    const said = faults.map((fault) => h("p", { class: "spp-books-fault", role: "alert" }, this.pick(fault.text)));
    const rule = faults[0]?.rule;
    const asked = rule === "password" || rule === "wrong_password" ? this.asksPassword(id)
      : rule === "whose" && this.model.get("companies")?.length ? this.asksCompany(id) : null;
    const away = this.button("remove", {}, () => this.do(() => this.desk.remove(id)), "spp-books-link");
    const body = found ? this.found(file) : [h("p", { class: "spp-books-act" }, away)];
    return h("article", { class: "spp-books-file", "data-file": id }, head, ...said, asked, ...body);
  }

  found(file) {
    const { id, found, stored, handed, at } = file;
    const counts = h("ul", { class: "spp-books-counts" }, ...found.counts.map(({ state, count }) =>
      h("li", { "data-state": state }, `${this.states(state)} ${count}`)));
    const open = found.sheets.some(({ urgent }) => urgent);
    const says = handed ? "handed_on" : stored ? (open ? "still_open" : "stored_all")
      : this.worth(found) ? "nothing_stored" : "nothing_new";
    const told = stored ? `${this.say("stored", { count: stored.count })} ${this.say(says)}` : this.say(says);
    const parts = [h("p", { class: "spp-books-told", "data-stored": Boolean(stored || handed) }, told)];
    if (!stored && found.counts.length) parts.push(counts);
    parts.push(...found.sheets.map((sheet) => this.sheet(file, sheet)).filter(Boolean));
    if (found.more) parts.push(h("p", { class: "spp-books-soft" }, this.say("more", { count: found.more })));
    parts.push(...this.acts(file));
    if (at) parts.push(h("p", { class: "spp-books-soft spp-books-small" }, this.say("copy_at", { file: at })));
    return parts;
  }

  /** What is to be done with a file: first what stores it. */
  acts({ id, found, stored, handed, copy }) {
    const acts = [];
    const done = handed || (stored && !found.conflicts);
    if (found.conflicts && this.role !== "desk") {
      const box = h("input", { type: "checkbox", disabled: Boolean(this.busy), onchange: () => { this.overwrite[box.checked ? "add" : "delete"](id); this.draw(); this.focus(id, "input[type=checkbox]"); } });
      box.checked = this.overwrite.has(id);
      acts.push(h("label", { class: "spp-books-choice" }, box, h("span", {}, this.say("overwrite", { count: found.conflicts }))));
    }
    const row = h("p", { class: "spp-books-act" });
    const count = (stored ? 0 : found.storable) + (this.overwrite.has(id) ? found.conflicts : 0);
    if (this.role === "desk" && !done) row.append(this.button("hand_on", {}, () => this.store([id])));
    else if (!done && count) row.append(this.button("store", { count }, () => this.store([id])));
    else if (!done && !stored && found.finished) row.append(this.button("store_finished", {}, () => this.store([id])));
    if (copy && found.sheets.length) row.append(this.button("copy", {}, () => this.copy(id), "spp-books-quiet", this.say("copy_help")));
    row.append(this.button("remove", {}, () => this.do(() => this.desk.remove(id)), "spp-books-link"));
    return [...acts, row];
  }

  async store(files) {
    await this.do(() => this.desk.store(files, files.filter((id) => this.overwrite.has(id))), () => this.say("storing"));
    for (const id of files) this.overwrite.delete(id);
    this.draw();
    this.model.stored?.();
    this.focus(files[0], "h4");
  }

  /** Puts the cursor on the first of these that the file shows now. */
  focus(id, ...places) {
    const file = this.list.querySelector(`[data-file="${CSS.escape(id)}"]`);
    places.map((place) => file?.querySelector(place)).find(Boolean)?.focus();
  }

  async copy(id) {
    await this.do(async () => {
      const { name, bytes, faults } = await this.desk.copy(id);
      if (!bytes) return { faults };
      const address = URL.createObjectURL(new Blob([bytes], { type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" }));
      h("a", { href: address, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
      return {};
    }, () => "…");
  }

  /** One sheet: what somebody has to look at stands open, the rest is folded up. */
  sheet({ id, stored }, { title, lines }) {
    const left = stored ? lines.filter(({ state }) => URGENT.includes(state)) : lines;
    if (!left.length) return null;
    const urgent = left.filter(({ state }) => URGENT.includes(state));
    const key = `${id} ${title}`;
    const details = h("details", { class: "spp-books-sheet", ontoggle: () => this.opened.set(key, details.open) },
      h("summary", {}, h("span", {}, title), h("span", { class: "spp-books-soft" }, ` ${left.length}`)),
      h("ul", {}, ...[...urgent, ...left.filter((line) => !urgent.includes(line))].map((line) => this.line(line))));
    details.open = this.opened.get(key) ?? urgent.length > 0;
    return details;
  }

  line({ cell, state, question, reason, given, stored }) {
    const said = (key, value) => h("div", {}, h("dt", {}, this.say(key)), h("dd", {}, h("bdi", {}, this.pick(value) || this.say("none"))));
    const values = [given && said("given", given), (stored || state === "conflict" && given) && said("stored_now", stored)].filter(Boolean);
    return h("li", { "data-state": state },
      h("p", { class: "spp-books-line" }, h("span", { class: "spp-books-chip", "data-state": state }, this.states(state)),
        cell ? h("span", { class: "spp-books-cell" }, cell) : null, h("span", {}, this.pick(question))),
      this.pick(reason) ? h("p", { class: "spp-books-reason" }, this.pick(reason)) : null,
      values.length ? h("dl", {}, ...values) : null);
  }

  states(state) {
    return this.pick(this.model.get("states")[state]);
  }

  asksPassword(id) {
    const input = h("input", { type: "password", autocomplete: "off", name: "password", disabled: Boolean(this.busy) });
    const give = (event) => {
      event.preventDefault();
      const password = input.value;
      input.value = "";
      this.do(() => this.desk.unlock(id, password), () => "…").then(() => this.focus(id, "input[type=password]", "h4"));
    };
    return h("form", { class: "spp-books-ask", onsubmit: give }, h("label", {}, h("span", {}, this.say("password")), input),
      h("button", { type: "submit", class: "spp-books-button", disabled: Boolean(this.busy) }, this.say("open")));
  }

  asksCompany(id) {
    const options = this.model.get("companies").map(({ key, name }) => h("option", { value: key }, this.pick(name)));
    const select = h("select", { disabled: Boolean(this.busy), onchange: () => select.value && this.do(() => this.desk.assign(id, select.value), () => "…") },
      h("option", { value: "" }, this.say("choose")), ...options);
    return h("p", { class: "spp-books-ask" }, h("label", {}, h("span", {}, this.say("whose")), select));
  }

  button(key, values, act, look = "", title = "") {
    return h("button", { type: "button", class: `spp-books-button ${look}`, disabled: Boolean(this.busy), title, onclick: act }, this.say(key, values));
  }
}

function render({ model, el }) {
  const books = new Books(model, el);
  books.start();
  return () => books.stop();
}

export default { render };
