/*
 * One form for a worksheet, in a notebook and on a page.
 *
 * A carrier is anything with `get, set, save_changes, send, on, off` (anywidget's model, or a page's shim). It holds
 *   form      the worksheet in both languages            (forms.definition)
 *   place     whose answers these are, or may be         (forms.place)
 *   language  "ja" or "en"
 *   opened    the first answer to `open`, where the carrier has it already (optional)
 *   switch    false where the page around has a language switch of its own (optional)
 * Everything else is asked: `send({id, do, ...})`, answered by `msg:custom` with the same id. `forms.reply` decides
 * on the other side; here it is only drawn. What a person typed is shown as text, never as markup, and is kept
 * until it is known to be stored.
 */

const PAUSE = 400; // ms without typing after which text is saved
const PATIENCE = 5000; // ms after which an unanswered save is shown as not saved yet
const RETRIES = [2000, 4000, 8000, 15000, 30000];
const OFFER = 30000; // ms for which something can be undone from the status line
const FEW = 7; // up to so many choices stand open as radio buttons
const SLOW = 1500; // ms after which it is said that a save is still under way
const TOGETHER = 20; // so many new rows go out in one message
const SHOWN = 30; // so many pasted rows are shown before they are added

// --- Small things ------------------------------------------------------------------------------------------

const empty = (value) => value == null || value === "" || (Array.isArray(value) && !value.length);
const same = (a, b) => (empty(a) && empty(b)) || JSON.stringify(a) === JSON.stringify(b);
const plain = (text) => text.normalize("NFKC").replaceAll(",", "").trim();

function random(length) {
  const letters = "abcdefghijkmnpqrstuvwxyz23456789";
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => letters[byte & 31]).join("");
}

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

// --- Words: every text on the form can be said again in the other language, without touching what is typed ---

class Words {
  constructor(texts, language) {
    this.texts = texts;
    this.language = language;
    this.spoken = new WeakMap();
  }

  say(key, values = {}) {
    const wording = this.texts[this.language][key];
    return Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, () => value), wording);
  }

  pick(text) {
    return text ? text[this.language] : "";
  }

  /** A text node that knows how to say itself; `wording` is a key, a bilingual text or a function. */
  text(wording, values) {
    const say = typeof wording === "function" ? wording
      : typeof wording === "string" ? () => this.say(wording, values)
      : () => this.pick(wording);
    const node = document.createTextNode(say());
    this.spoken.set(node, () => { node.data = say(); });
    return node;
  }

  /** Names an element for a screen reader. */
  label(element, key, attribute = "aria-label") {
    const say = () => element.setAttribute(attribute, this.say(key));
    this.spoken.set(element, say);
    say();
    return element;
  }

  speak(root, language) {
    this.language = language;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = root; node; node = walker.nextNode()) this.spoken.get(node)?.();
  }

  /** 14:03, with the day where it is not today. */
  time(moment) {
    const at = new Date(moment);
    const today = at.toDateString() === new Date().toDateString();
    const japanese = this.language === "ja";
    const day = today ? {} : { month: japanese ? "numeric" : "short", day: "numeric" };
    return at.toLocaleString(japanese ? "ja-JP" : "en-GB", { ...day, hour: "2-digit", minute: "2-digit" });
  }

  date(iso) {
    const at = new Date(`${iso}T00:00`);
    if (Number.isNaN(at.getTime())) return iso;
    return at.toLocaleDateString(this.language === "ja" ? "ja-JP" : "en-GB",
      { year: "numeric", month: "long", day: "numeric", weekday: "short" });
  }
}

// --- Carrier: a question goes out, its answer comes back ------------------------------------------------------

class Carrier {
  constructor(model, news) {
    this.model = model;
    this.waiting = new Map();
    this.name = random(6);
    this.count = 0;
    this.hear = (message) => {
      if (message.news) return news(message.news);
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    };
    model.on("msg:custom", this.hear);
  }

  /** Resolves with the answer; rejects when none comes in time. An answer that comes too late is still heard. */
  ask(message, heard = () => {}) {
    const id = `${this.name}.${++this.count}`;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE);
      this.waiting.set(id, (reply) => {
        clearTimeout(timer);
        heard(reply);
        resolve(reply);
      });
      // A page's shim returns a promise; a notebook's model may throw when its kernel is gone.
      Promise.resolve().then(() => this.model.send({ ...message, id })).catch(reject);
    });
  }

  close() {
    this.model.off("msg:custom", this.hear);
  }
}

// --- Unsent: what is not stored yet survives a reload of the page and a new form in it -----------------------

class Unsent {
  constructor(key) {
    this.key = `spp-workshop:unsent:${key}`;
    this.written = [];
  }

  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.key)) ?? {};
    } catch {
      return {};
    }
  }

  /** What an earlier form of this page could not send; from now on it is ours to send, and to forget. */
  take() {
    const kept = this.read();
    this.written = Object.entries(kept).flatMap(([id, { unsent }]) => Object.keys(unsent).map((name) => [id, name]));
    return kept;
  }

  /** The order into which somebody put the rows, while it is not stored; null when there is none. */
  get order() {
    try {
      return JSON.parse(sessionStorage.getItem(`${this.key}:order`));
    } catch {
      return null;
    }
  }

  set order(rows) {
    try {
      if (rows) sessionStorage.setItem(`${this.key}:order`, JSON.stringify(rows));
      else sessionStorage.removeItem(`${this.key}:order`);
    } catch {
      // No storage here: the order still waits in memory.
    }
  }

  /** Writes the rows that hold unsent answers; what another form of the same page keeps stays. */
  write(rows) {
    const kept = this.read();
    for (const [id, name] of this.written) delete kept[id]?.unsent[name];
    this.written = [];
    for (const row of rows) {
      for (const [name, value] of row.unsent) {
        kept[row.id] ??= { source: row.source, base: row.base, unsent: {} };
        kept[row.id].unsent[name] = value;
        this.written.push([row.id, name]);
      }
    }
    for (const [id, { unsent }] of Object.entries(kept)) if (!Object.keys(unsent).length) delete kept[id];
    try {
      if (Object.keys(kept).length) sessionStorage.setItem(this.key, JSON.stringify(kept));
      else sessionStorage.removeItem(this.key);
    } catch {
      // No storage here (a locked-down browser): the answers still wait in memory.
    }
  }
}

// --- Row: what is stored, what is typed and not stored yet, and what stands between the two ------------------

class Row {
  constructor(id, source = "") {
    Object.assign(this, { id, source, revision: 0, status: "", answers: {}, carried: {}, at: "", problems: [] });
    this.base = 0; // the revision that the person sees while typing
    this.unsent = new Map();
    this.sent = new Map(); // what went out and may have been stored without our hearing of it
    this.refused = new Map();
    this.conflicts = new Map();
    this.pressed = false; // somebody wanted to submit
    this.saving = null; // the save that is under way
    this.tries = 0;
  }

  /** Takes over what is stored; what is typed stays. */
  adopt({ row, ...stored }) {
    if (stored.revision < this.revision) return; // an answer that was overtaken
    Object.assign(this, stored);
    if (!this.unsent.size) this.base = this.revision;
  }

  get(name) {
    return this.unsent.has(name) ? this.unsent.get(name) : this.answers[name];
  }

  change(name, value) {
    if (!this.unsent.size) this.base = this.revision;
    this.unsent.set(name, empty(value) ? null : value);
    this.refused.delete(name);
    if (!this.saving && !this.conflicts.has(name) && same(value, this.answers[name])) this.unsent.delete(name);
  }

  /** The answers that can go out now: a refused one waits for another value, a conflict for a decision. */
  changes() {
    return Object.fromEntries([...this.unsent].filter(([name]) => !this.refused.has(name) && !this.conflicts.has(name)));
  }

  sending(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (!this.sent.has(name)) this.sent.set(name, []);
      this.sent.get(name).push(value);
    }
  }

  /** What became of the changes that went out. */
  settle(changes, { row, refused, conflicts }) {
    const before = this.answers;
    if (row) this.adopt(row);
    for (const [name, value] of Object.entries(changes)) {
      const unchanged = same(this.unsent.get(name), value);
      if (name in refused) unchanged && this.refused.set(name, refused[name]);
      else if (name in conflicts) this.contest(name, conflicts[name]);
      else if (unchanged) this.unsent.delete(name);
    }
    // Typed while the save was under way, and changed by somebody else meanwhile.
    for (const name of this.unsent.keys()) {
      if (!(name in changes) && !same(before[name], this.answers[name])) this.contest(name, this.answers[name]);
    }
    this.base = this.revision;
    this.sent.clear();
  }

  /** Somebody else's answer to the same field; our own earlier answer, heard of late, is none. */
  contest(name, theirs) {
    const ours = this.sent.get(name)?.some((value) => same(value, theirs));
    if (!ours && !same(this.unsent.get(name), theirs)) this.conflicts.set(name, theirs ?? null);
  }

  keepMine(name) {
    this.conflicts.delete(name);
  }

  takeTheirs(name) {
    const mine = this.unsent.get(name);
    this.conflicts.delete(name);
    this.unsent.delete(name);
    return mine;
  }

  holds(relevant) {
    const passes = ({ field, code }) => {
      const value = this.get(field);
      return Array.isArray(value) ? value.includes(code) : value === code;
    };
    return !relevant || relevant.some((tests) => tests.every(passes));
  }
}

// --- Controls: one per kind of question; `show` puts a value in, `give` is called with a new one --------------

function textControl(form, field, give) {
  const input = h(field.appearance === "multiline" ? "textarea" : "input", {
    class: "spp-input", dir: "auto", autocomplete: "off", rows: field.appearance === "multiline" ? 3 : null,
  });
  return typing(input, give);
}

function numberControl(form, field, give) {
  const inputmode = field.kind === "integer" ? "numeric" : "decimal";
  return typing(h("input", { class: "spp-input spp-short", inputmode, autocomplete: "off" }), give);
}

function dateControl(form, field, give) {
  const input = h("input", { class: "spp-input spp-short", type: "date", max: "9999-12-31" });
  const spelled = h("span", { class: "spp-spelled" });
  const holds = (value) => empty(value) || /^\d{4}-\d{2}-\d{2}$/.test(value);
  let foreign = false; // pasted, and no date: leaving the field does not clear it
  // While a year is being typed the browser gives 0002-01-01: that is no answer yet.
  const control = typing(input, (value, now) => !(foreign && !value) && (now || !value.startsWith("0")) && give(value, now));
  const show = (value) => {
    foreign = !holds(value);
    control.show(foreign ? "" : value);
    spelled.replaceChildren(value && !foreign ? form.words.text(() => form.words.date(value)) : "");
  };
  return { node: h("div", { class: "spp-date" }, input, spelled), input, show, holds };
}

/** A field that is typed into: saved when typing pauses or the field is left, never on Enter, never half-composed. */
function typing(input, give) {
  let composing = false;
  const shown = () => (input.type === "text" && input.inputMode ? plain(input.value) : input.value.trim());
  input.addEventListener("compositionstart", () => { composing = true; });
  input.addEventListener("compositionend", () => { composing = false; give(input.value); });
  input.addEventListener("input", (event) => {
    if (!composing && !event.isComposing) give(input.value);
  });
  input.addEventListener("blur", () => give(input.value, true));
  return {
    node: input,
    input,
    show(value) {
      const text = empty(value) ? "" : String(value);
      const here = input.getRootNode().activeElement === input;
      // The store trims and reads "１２" as 12: that must not move the cursor of the person who types.
      if (composing || input.value === text || (here && shown() === text.trim())) return;
      input.value = text;
    },
  };
}

function acknowledgeControl(form, field, give) {
  const input = h("input", { type: "checkbox", onchange: () => give(input.checked, true) });
  const label = h("label", { class: "spp-choice" }, input, h("span", {}, form.words.text(field.label)));
  const holds = (value) => empty(value) || typeof value === "boolean";
  return { label, input, holds, show: (value) => { input.checked = value === true; } };
}

function selectOneControl(form, field, give) {
  const choices = form.choices(field);
  const open = field.appearance === "likert" || (field.appearance !== "minimal" && choices.length <= FEW);
  return (open ? radioControl : dropdownControl)(form, field, give, choices);
}

function dropdownControl(form, field, give, choices) {
  const { words } = form;
  const hint = h("p", { class: "spp-chosen" });
  const option = (choice) => h("option", { value: choice.name }, words.text(choice.label));
  const holds = offers(choices);
  const select = h("select", { class: "spp-input", onchange: () => give(select.value || null, true) },
    h("option", { value: "" }, words.text("choose")), ...choices.map(option));
  const show = (value) => {
    for (const choice of choices) {
      const shown = !choice.retired || choice.name === value;
      const offered = select.querySelector(`option[value="${choice.name}"]`);
      offered.hidden = offered.disabled = !shown;
    }
    select.value = holds(value) ? value ?? "" : "";
    const chosen = choices.find((choice) => choice.name === value);
    hint.replaceChildren(chosen?.hint ? words.text(chosen.hint) : "");
  };
  return { node: h("div", {}, select, hint), input: select, show, holds };
}

function radioControl(form, field, give, choices) {
  const name = form.id();
  const inputs = choices.map((choice) => h("input", { type: "radio", name, value: choice.name,
    onchange: () => give(choice.name, true) }));
  const clear = h("button", { type: "button", class: "spp-link spp-clear", onclick: () => give(null, true) },
    form.words.text("clear"));
  // Yes, no, unknown stand side by side; what needs explaining stands one below the other.
  const brief = choices.length <= 4 && choices.every((choice) => !choice.hint && choice.label.ja.length <= 12);
  const layout = field.appearance === "likert" ? "spp-scale" : brief ? "spp-choices spp-inline" : "spp-choices";
  const node = h("div", { class: layout, role: "radiogroup" },
    ...choices.map((choice, index) => choiceLabel(form, choice, inputs[index])));
  const show = (value) => {
    inputs.forEach((input, index) => {
      input.checked = input.value === value;
      node.children[index].hidden = choices[index].retired && !input.checked;
    });
    clear.hidden = empty(value);
  };
  return { node, group: node, input: inputs[0], clear, show, holds: offers(choices) };
}

function selectMultipleControl(form, field, give) {
  const choices = form.choices(field);
  const inputs = choices.map((choice) => h("input", { type: "checkbox", value: choice.name, onchange: () =>
    give(inputs.filter((input) => input.checked).map((input) => input.value), true) }));
  const node = h("div", { class: choices.length > FEW ? "spp-choices spp-columns" : "spp-choices", role: "group" },
    ...choices.map((choice, index) => choiceLabel(form, choice, inputs[index])));
  const show = (value) => inputs.forEach((input, index) => {
    input.checked = Array.isArray(value) && value.includes(input.value);
    node.children[index].hidden = choices[index].retired && !input.checked;
  });
  return { node, group: node, input: inputs[0], show, holds: (value) => empty(value) || Array.isArray(value) };
}

function offers(choices) {
  return (value) => empty(value) || choices.some((choice) => choice.name === value);
}

function choiceLabel(form, choice, input) {
  const { words } = form;
  return h("label", { class: "spp-choice" }, input, h("span", {},
    h("span", { class: "spp-choice-label" }, words.text(choice.label)),
    choice.hint ? h("span", { class: "spp-choice-hint" }, words.text(choice.hint)) : null));
}

const CONTROLS = {
  text: textControl,
  integer: numberControl,
  decimal: numberControl,
  date: dateControl,
  acknowledge: acknowledgeControl,
  select_one: selectOneControl,
  select_multiple: selectMultipleControl,
};

// --- One question ---------------------------------------------------------------------------------------------

class FieldView {
  constructor(form, row, field) {
    Object.assign(this, { form, row, field });
    const { words } = form;
    this.control = CONTROLS[field.kind](form, field, (value, now) => this.give(value, now));
    const ids = { label: form.id(), hint: form.id(), error: form.id(), input: form.id() };
    this.control.input.id = ids.input;
    this.mark = h("span", { class: "spp-mark" });
    this.error = h("p", { class: "spp-error", id: ids.error, hidden: true });
    this.translation = h("p", { class: "spp-translation", hidden: true });
    this.conflict = h("div", { class: "spp-conflict", role: "group", hidden: true });
    this.pasted = h("p", { class: "spp-pasted", hidden: true });
    this.stuck = new StuckView(form, row, field);
    const hint = field.hint && h("p", { class: "spp-hint", id: ids.hint }, words.text(field.hint));
    this.node = h("div", { class: "spp-field", "data-field": field.name, "data-kind": field.kind },
      this.title(ids), hint, this.warning(), this.control.node, this.pasted, this.error, this.conflict, this.translation,
      disclosures(form, field, this.stuck, this.control.clear));
    this.describe(ids);
    this.show();
  }

  title(ids) {
    const { form: { words }, field, control } = this;
    const required = field.required ? h("span", { class: "spp-required" }, words.text("required")) : null;
    const named = control.group ? h("span", { id: ids.label }, words.text(field.label))
      : control.label ?? h("label", { for: ids.input }, words.text(field.label));
    return h("div", { class: "spp-label" }, named, required, this.mark);
  }

  warning() {
    const { form: { words }, field } = this;
    return field.personal ? h("p", { class: "spp-personal" }, words.text("personal")) : null;
  }

  describe(ids) {
    const { field, control } = this;
    const target = control.group ?? control.input;
    if (control.group) target.setAttribute("aria-labelledby", ids.label);
    if (field.required && field.kind !== "select_multiple") target.setAttribute("aria-required", "true");
    target.setAttribute("aria-describedby", field.hint ? `${ids.hint} ${ids.error}` : ids.error);
    this.target = target;
  }

  give(value, now = false) {
    const { row, field, form } = this;
    const typed = typeof value === "string" ? value.trim() : value;
    const known = row.get(field.name);
    // Leaving a field saves what waits; it changes nothing by itself.
    if (!same(typed, known) && !(typeof known === "number" && plain(String(typed ?? "")) === String(known))) {
      form.changed(row, field.name, typed, now);
    } else if (now) {
      form.save(row);
    }
    this.show();
  }

  show() {
    const { row, field, control } = this;
    const value = row.get(field.name);
    this.node.hidden = !row.holds(field.relevant);
    control.show(value);
    this.showMark();
    this.showPasted(value);
    this.showError();
    this.showConflict();
    this.showTranslation();
    this.stuck.show();
  }

  showMark() {
    const { row, field: { name }, form } = this;
    const state = row.conflicts.has(name) || row.refused.has(name) ? "held"
      : !row.unsent.has(name) ? (this.waited ? "saved" : "") : row.tries ? "waiting" : "saving";
    this.waited = this.waited || state !== "";
    if (this.mark.dataset.state === state) return;
    this.mark.dataset.state = state;
    clearTimeout(this.slow);
    const { at } = row;
    const say = (key) => this.mark.replaceChildren(key ? form.words.text(() => form.words.say(`mark_${key}`, { time: form.words.time(at) })) : "");
    // While a save is under way, what was said before stays, only paler: nothing flickers at every word.
    if (state === "saving") this.slow = setTimeout(() => say(state), SLOW);
    else say(state);
  }

  /** Pasted, and nothing that this control can show: the text itself, until another answer is given. */
  showPasted(value) {
    const { form: { words }, row, field, control } = this;
    const foreign = control.holds && !control.holds(value) ? String(value) : "";
    if (this.pasted.dataset.said === foreign) return;
    this.pasted.dataset.said = foreign;
    this.pasted.hidden = !foreign;
    const clear = h("button", { type: "button", class: "spp-link", onclick: () => {
      this.form.changed(row, field.name, null);
      this.focus();
    } }, words.text("clear"));
    this.pasted.replaceChildren(...(foreign ? [words.text("pasted_text"), " ", h("bdi", { class: "spp-answer" }, foreign), " ", clear] : []));
  }

  problems() {
    const { row, field: { name } } = this;
    if (row.refused.has(name) || row.unsent.has(name)) return row.refused.get(name) ?? [];
    // That something is still missing is said when somebody wants to submit, not while the form is being filled in.
    return row.problems.filter(({ field, rule }) => field === name && (rule !== "required" || row.pressed));
  }

  showError() {
    const { words } = this.form;
    const problems = this.problems();
    const said = JSON.stringify(problems);
    if (this.error.dataset.said === said) return;
    this.error.dataset.said = said;
    this.error.hidden = !problems.length;
    this.error.replaceChildren(...problems.map((problem) => words.text(problem.text)));
    this.target.setAttribute("aria-invalid", problems.length ? "true" : "false");
  }

  showConflict() {
    const { row, field, form: { words } } = this;
    const open = row.conflicts.has(field.name);
    const said = open ? JSON.stringify([row.get(field.name), row.conflicts.get(field.name)]) : "";
    if (this.conflict.dataset.said === said) return;
    this.conflict.dataset.said = said;
    this.conflict.hidden = !open;
    if (!open) return this.conflict.replaceChildren();
    const button = (key, act) => h("button", { type: "button", class: "spp-button", onclick: act }, words.text(key));
    this.conflict.replaceChildren(
      h("p", {}, words.text("conflict")),
      h("dl", {},
        h("dt", {}, words.text("mine")), h("dd", {}, this.form.valueNode(field, row.get(field.name))),
        h("dt", {}, words.text("theirs")), h("dd", {}, this.form.valueNode(field, row.conflicts.get(field.name)))),
      h("div", { class: "spp-tools" },
        button("keep_mine", () => this.form.keepMine(row, field.name)),
        button("take_theirs", () => this.form.takeTheirs(row, field.name))));
  }

  showTranslation() {
    const { row, field, form: { words } } = this;
    const text = row.unsent.has(field.name) ? null : row.answers[`${field.name}@${words.language}`];
    this.translation.hidden = empty(text);
    if (empty(text)) return this.translation.replaceChildren();
    this.translation.replaceChildren(
      h("span", { class: "spp-translation-label" }, words.text("translation")), h("bdi", { class: "spp-answer" }, text));
  }

  focus() {
    bringToView(this.control.input, "center");
  }
}

function bringToView(node, block = "nearest") {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  node.focus({ preventScroll: true });
  node.scrollIntoView({ block, behavior: calm ? "auto" : "smooth" });
}

/** Example, reason and guidance: there when asked for, so that the form stays short. */
function disclosures(form, field, stuck, clear) {
  const { words } = form;
  const parts = [
    ["example", () => form.example(field)],
    ["why", () => words.pick(field.why)],
    ["guidance", () => words.pick(field.guidance_hint)],
  ].filter(([, say]) => say());
  const panels = parts.map(([key, say]) => h("div", { class: "spp-panel", id: form.id(), hidden: true, "data-part": key },
    h("p", { class: "spp-panel-title" }, words.text(key)),
    h("p", { class: "spp-answer" }, words.text(say)),
    key === "why" && field.source ? h("p", { class: "spp-source" }, words.text("source"), " ", words.text(field.source)) : null));
  const buttons = parts.map(([key], index) => {
    const button = h("button", { type: "button", class: "spp-more", "aria-expanded": "false",
      "aria-controls": panels[index].id }, words.text(key));
    button.addEventListener("click", () => {
      panels[index].hidden = !panels[index].hidden;
      button.setAttribute("aria-expanded", String(!panels[index].hidden));
    });
    return button;
  });
  return h("div", { class: "spp-disclosures" }, h("div", { class: "spp-mores" }, ...buttons, stuck.button, clear),
    ...panels, stuck.told, stuck.panel);
}

/** “I am stuck here”: told to the facilitator with a note, if one likes; taken back when it is solved. */
class StuckView {
  constructor(form, row, field) {
    Object.assign(this, { form, row, field });
    this.button = h("button", { type: "button", class: "spp-more spp-stuck-button", "aria-expanded": "false", hidden: true,
      onclick: () => this.toggle(!this.isOpen) }, form.words.text("stuck"));
    this.told = h("div", { class: "spp-told", tabindex: "-1", hidden: true });
    this.panel = h("div", { class: "spp-panel spp-stuck", id: form.id(), hidden: true });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  /** Drawn when it is first asked for: a form has many questions, and few people are stuck at them. */
  draw() {
    const { form, form: { words } } = this;
    const id = form.id();
    const tool = (key, act, look = "") => h("button", { type: "button", class: `spp-button spp-quiet ${look}`, onclick: act }, words.text(key));
    this.note = h("textarea", { class: "spp-input", id, rows: 2, maxlength: 500, dir: "auto" });
    this.send = tool("stuck_send", () => this.tell(), "spp-primary");
    this.panel.replaceChildren(
      h("p", { class: "spp-stuck-notice" }, words.text("stuck_notice")),
      h("label", { for: id }, words.text("stuck_note")), this.note,
      h("div", { class: "spp-tools" }, this.send, tool("cancel", () => this.toggle(false))));
    this.button.setAttribute("aria-controls", this.panel.id);
  }

  get here() {
    return { row: this.row.id, field: this.field.name };
  }

  show() {
    const { form } = this;
    const known = form.stuckAt(this.row, this.field);
    this.button.hidden = !form.stuck || Boolean(known);
    if (!form.stuck && this.isOpen) this.toggle(false);
    const said = known ? JSON.stringify(known) : "";
    if (this.said === said) return;
    this.said = said;
    this.told.hidden = !known;
    this.told.replaceChildren(...(known ? this.telling(known) : []));
  }

  telling({ at, note }) {
    const { words } = this.form;
    const link = (key, act) => h("button", { type: "button", class: "spp-link", onclick: act }, words.text(key));
    return [
      h("p", { role: "status" }, words.text(() => words.say("stuck_told", { time: words.time(at) })), ...(note ? [" ", h("bdi", { class: "spp-answer" }, note)] : [])),
      h("p", { class: "spp-told-tools" }, link("stuck_back", () => this.takeBack()), " ", link("stuck_again", () => {
        this.toggle(true);
        this.note.value = note;
      })),
    ];
  }

  toggle(open) {
    if (open && !this.note) this.draw();
    this.panel.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    if (open) this.note.focus();
    else if (!this.button.hidden) this.button.focus();
  }

  async tell() {
    if (this.send.disabled) return;
    this.send.disabled = true;
    const reply = await this.form.ask({ do: "stuck", ...this.here, note: this.note.value.trim() });
    this.send.disabled = false;
    if (!reply) return; // what was written stays, and the status line says why
    this.note.value = "";
    this.heard(reply);
    this.toggle(false);
    this.told.focus();
  }

  async takeBack() {
    const reply = await this.form.ask({ do: "unstuck", ...this.here });
    if (!reply) return;
    this.toggle(false);
    this.heard(reply);
    this.button.focus();
  }

  heard(reply) {
    this.form.writes += 1;
    this.form.stuck = reply.stuck;
    this.form.show();
  }
}

// --- The questions of one row ---------------------------------------------------------------------------------

class RowView {
  constructor(form, row) {
    Object.assign(this, { form, row });
    this.fields = new Map();
    this.node = h("div", { class: "spp-fields" });
    for (const field of form.sheet.fields) {
      if (form.sheet.rows_are === field.name) continue; // the row itself says it
      if (field.kind === "note") this.note(field);
      else this.question(field);
    }
    this.history = h("div", { class: "spp-history", tabindex: "-1", hidden: true });
    this.node.append(this.history);
  }

  note(field) {
    const { words } = this.form;
    // With a hint it is the heading of what follows; without, it is something to read.
    const node = field.hint
      ? h("div", { class: "spp-heading" }, h("h4", {}, words.text(field.label)), h("p", { class: "spp-hint" }, words.text(field.hint)))
      : h("p", { class: "spp-note" }, words.text(field.label));
    this.fields.set(field.name, { show: () => { node.hidden = !this.row.holds(field.relevant); } });
    this.node.append(node);
  }

  question(field) {
    const view = new FieldView(this.form, this.row, field);
    this.fields.set(field.name, view);
    this.node.append(view.node);
  }

  show() {
    for (const view of this.fields.values()) view.show();
  }

  focus(name) {
    const first = () => [...this.fields.values()].find((view) => view.focus && !view.node.hidden);
    (this.fields.get(name) ?? first())?.focus?.();
  }

  async toggleHistory() {
    if (!this.history.hidden) return void (this.history.hidden = true);
    const reply = await this.form.ask({ do: "history", row: this.row.id });
    if (!reply) return;
    const { words } = this.form;
    const entries = reply.history.map((entry, index) => this.revision(entry, index === 0));
    this.history.replaceChildren(h("h4", {}, words.text("history")),
      entries.length ? h("ol", {}, ...entries) : h("p", {}, words.text("history_empty")));
    this.history.hidden = false;
    bringToView(this.history);
  }

  revision(entry, latest) {
    const { form, row } = this;
    const { words } = form;
    const restore = h("button", { type: "button", class: "spp-link",
      onclick: () => this.restore(entry.revision) }, words.text("restore"));
    const changed = entry.changed.filter((name) => form.field(name)).flatMap((name) => [
      h("dt", {}, words.text(form.field(name).label)),
      h("dd", {}, form.valueNode(form.field(name), entry.answers[name]))]);
    return h("li", {},
      h("p", { class: "spp-revision" }, h("time", { datetime: entry.at }, words.text(() => words.time(entry.at))), " ",
        h("bdi", {}, words.text(entry.author)), " ", h("span", { class: "spp-chip" }, words.text(`status_${entry.status}`)),
        latest ? null : restore),
      h("dl", {}, ...changed));
  }

  async restore(revision) {
    this.history.hidden = true;
    await this.form.restore(this.row, { do: "restore", revision });
  }
}

// --- A list of rows: cards that open one at a time ---------------------------------------------------------------

class CardView {
  constructor(form, list, row) {
    Object.assign(this, { form, list, row });
    this.number = h("span", { class: "spp-number", "aria-hidden": "true" });
    this.context = h("span", { class: "spp-context" });
    this.title = h("span", { class: "spp-card-title" });
    this.chip = h("span", { class: "spp-chip" });
    const bodyId = form.id();
    this.button = h("button", { type: "button", class: "spp-card-head", "aria-expanded": "false", "aria-controls": bodyId,
      onclick: () => list.toggle(row.id) },
      this.number, h("span", { class: "spp-card-words" }, this.context, this.title), this.chip);
    this.button.addEventListener("keydown", (event) => this.key(event));
    this.up = this.mover("↑", -1);
    this.down = this.mover("↓", 1);
    this.movers = h("div", { class: "spp-movers" }, this.up, this.down);
    this.body = h("div", { class: "spp-card-body", id: bodyId, hidden: true });
    this.node = h("section", { class: "spp-card" },
      h("div", { class: "spp-card-top" }, h("h4", { class: "spp-card-heading" }, this.button), this.movers), this.body);
    this.node.addEventListener("paste", (event) => list.pasted(event, row));
  }

  mover(sign, by) {
    const button = h("button", { type: "button", class: "spp-mover", onclick: () => this.move(by, button) }, h("span", { "aria-hidden": "true" }, sign));
    return button;
  }

  /** Moved with the keyboard too: Alt and an arrow on the row itself. */
  key(event) {
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!by || !event.altKey) return;
    event.preventDefault();
    this.move(by, this.button);
  }

  /** The row stays under the pointer, and what was pressed keeps the cursor. */
  move(by, pressed) {
    const { top } = this.node.getBoundingClientRect();
    if (!this.form.move(this.row, by)) return;
    scrollBy(this.node, this.node.getBoundingClientRect().top - top);
    pressed.focus({ preventScroll: true });
  }

  showMovers() {
    const { form, row } = this;
    const { title } = form.rowTitle(row);
    const name = title || form.words.say("untitled");
    const last = form.rows.size - 1;
    this.movers.hidden = last < 1;
    for (const [button, key, end] of [[this.up, "move_up", 0], [this.down, "move_down", last]]) {
      const says = form.words.say(key);
      button.setAttribute("aria-label", `${says}: ${name}`);
      button.title = says;
      button.setAttribute("aria-disabled", String(this.index === end));
    }
  }

  open() {
    this.view = new RowView(this.form, this.row);
    this.carried = h("div");
    this.body.replaceChildren(this.carried, this.view.node, this.tools());
    this.expand(true);
    this.show();
  }

  close() {
    this.view = null;
    this.body.replaceChildren();
    this.expand(false);
  }

  expand(open) {
    this.body.hidden = !open;
    this.button.setAttribute("aria-expanded", String(open));
    this.node.classList.toggle("spp-open", open);
  }

  tools() {
    const { form, list, row } = this;
    const tool = (key, act) => h("button", { type: "button", class: "spp-button spp-quiet", onclick: act }, form.words.text(key));
    this.withdrawTool = tool("withdraw", () => list.withdraw(row));
    this.historyTool = tool("history", () => this.view.toggleHistory());
    this.code = h("span", { class: "spp-code" });
    return h("div", { class: "spp-tools" },
      form.sheet.rows_from ? tool("add_same", () => list.add(row.source)) : null,
      tool("copy", () => list.copy(row)), this.historyTool, this.withdrawTool, this.code);
  }

  show(index = this.index) {
    this.index = index;
    const { form, row } = this;
    const { title, context, named } = form.rowTitle(row);
    this.named = named;
    this.number.textContent = String(index + 1);
    this.title.replaceChildren(title ? h("bdi", {}, title) : form.words.text("untitled"));
    this.title.classList.toggle("spp-faint", !title);
    this.context.replaceChildren(...(context ? [h("bdi", {}, context)] : []));
    this.showChip();
    this.showMovers();
    if (!this.view) return;
    const carried = this.carriedPanel();
    this.carried.replaceChildren(...carried);
    this.carried.hidden = !carried.length;
    this.withdrawTool.hidden = !form.mayWithdraw(row);
    this.historyTool.hidden = !row.revision;
    // What stands beside this row on a printed worksheet; a row that nobody has stored yet stands on none.
    this.code.replaceChildren(...(row.code ? [form.words.text("row_code"), ` ${row.code}`] : []));
    this.view.show();
  }

  showChip() {
    const { row, form } = this;
    const state = row.conflicts.size || row.refused.size ? "attention"
      : row.unsent.size ? "unsaved" : row.status || "unanswered";
    this.chip.dataset.state = state;
    this.chip.replaceChildren(form.words.text(`status_${state}`));
  }

  carriedPanel() {
    const { form, row } = this;
    const said = form.sheet.carries.filter((field) => !empty(row.carried[field.name]) && field.name !== this.named);
    if (!said.length) return [];
    return [h("div", { class: "spp-carried" }, h("p", { class: "spp-carried-title" }, form.words.text("carried")),
      h("dl", {}, ...said.flatMap((field) => [
        h("dt", {}, form.words.text(field.label)),
        h("dd", {}, form.valueNode(field, form.inLanguage(row.carried, field)))])))];
  }
}

class ListView {
  constructor(form) {
    this.form = form;
    this.cards = new Map();
    this.opened = "";
    this.empty = h("p", { class: "spp-empty" });
    this.list = h("div", { class: "spp-cards" });
    const add = h("button", { type: "button", class: "spp-button spp-add", onclick: () => this.add("") }, form.words.text("add"));
    const paste = h("button", { type: "button", class: "spp-button spp-quiet", onclick: () => new PasteView(form, this).ask() }, form.words.text("paste"));
    this.dialogs = h("div");
    this.node = h("div", {}, this.empty, this.list,
      form.sheet.rows_from ? null : h("div", { class: "spp-adders" }, add, paste), this.dialogs);
  }

  /** Cells pasted into a row become rows, after a look at them; any other text is pasted as ever. */
  pasted(event, row) {
    const cells = copiedCells(event.clipboardData);
    if (!cells || event.target.closest(".spp-stuck, .spp-paste")) return;
    event.preventDefault();
    const field = event.target.closest("[data-field]")?.dataset.field ?? "";
    new PasteView(this.form, this, { row, field }).read(cells);
  }

  show() {
    const { form } = this;
    const rows = [...form.rows.values()];
    for (const [id, card] of this.cards) {
      if (form.rows.get(id) === card.row) continue;
      card.node.remove();
      this.cards.delete(id);
    }
    rows.forEach((row, index) => {
      if (!this.cards.has(row.id)) this.cards.set(row.id, new CardView(form, this, row));
      const card = this.cards.get(row.id);
      // A node that is in its place is not moved: moving would take the cursor out of it.
      if (this.list.children[index] !== card.node) this.list.insertBefore(card.node, this.list.children[index] ?? null);
      card.show(index);
    });
    this.empty.hidden = rows.length > 0;
    const source = form.sheet.rows_from;
    this.empty.replaceChildren(source ? form.words.text(() => form.words.say("empty_source", { title: form.words.pick(source.title) }))
      : form.words.text("empty"));
  }

  showRow(row) {
    this.cards.get(row.id)?.show();
  }

  view(row) {
    return this.cards.get(row.id)?.view;
  }

  toggle(id) {
    const previous = this.cards.get(this.opened);
    const top = this.cards.get(id)?.node.getBoundingClientRect().top;
    previous?.close();
    const opening = this.opened !== id;
    this.opened = opening ? id : "";
    if (!opening) return;
    const card = this.cards.get(id);
    card.open();
    // The card that was clicked stays under the pointer when the one above it closes.
    if (previous) scrollBy(card.node, card.node.getBoundingClientRect().top - top);
  }

  openRow(row, name) {
    if (this.opened !== row.id) this.toggle(row.id);
    this.cards.get(row.id).view.focus(name);
  }

  add(source) {
    const row = this.form.newRow(source);
    this.openRow(row);
    return row;
  }

  copy(row) {
    const copied = this.form.newRow(row.source);
    for (const [name, value] of Object.entries({ ...row.answers, ...Object.fromEntries(row.unsent) })) copied.change(name, value);
    this.form.changed(copied);
    this.openRow(copied);
  }

  addPasted(read, row) {
    // A row that was only just added, to paste into it, is not left behind empty.
    const blank = row && !row.revision && !row.unsent.size && row.id !== row.source;
    if (blank && this.opened === row.id) this.toggle(row.id);
    const first = this.form.addPasted(read, row?.source ?? "", blank ? row : null);
    this.cards.get(first.id)?.button.focus();
  }

  withdraw(row) {
    if (this.opened === row.id) this.toggle(row.id);
    this.form.withdraw(row);
  }
}

// --- Cells copied from a sheet -----------------------------------------------------------------------------------

/** The cells of what was copied, several of them; null when it is a text and no cells. */
function copiedCells(data) {
  const text = data.getData("text/plain");
  const html = data.getData("text/html");
  const table = /<table[\s>]/i.test(html) ? tableCells(html) : null;
  const tabs = text.includes("\t") ? tabbedCells(text) : null;
  // Lines of unequal length: a line break within a cell was not marked as one, and the table knows better.
  const broken = tabs?.some((line) => line.length !== tabs[0].length);
  const cells = tabs && !(broken && table) ? tabs : table;
  return cells?.length && (cells.length > 1 || cells[0].length > 1) ? cells : null;
}

/** Lines and tabs, as Excel copies them: a cell with line breaks stands in quotes, a quote in it is doubled. */
function tabbedCells(text) {
  const lines = [[]];
  const cell = /(?:"((?:[^"]|"")*)"(?=[\t\r\n]|$)|([^\t\r\n]*))(\t|\r\n|\r|\n|$)/y;
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    lines.at(-1).push(match[1]?.replaceAll('""', '"') ?? match[2]);
    if (cell.lastIndex >= text.length) {
      if (match[3] === "\t") lines.at(-1).push("");
      break;
    }
    if (match[3] !== "\t") lines.push([]);
  }
  return lines.filter((line) => line.some((each) => each.trim()));
}

/** The cells of a table; what spans several is written once, and the others are empty. Nothing in it is run. */
function tableCells(html) {
  const table = new DOMParser().parseFromString(html, "text/html").querySelector("table");
  const taken = []; // by column, so many lines that a cell from above still reaches into
  return [...table.rows].map((line) => {
    const cells = [];
    const skip = () => {
      while (taken[cells.length] > 0) {
        taken[cells.length] -= 1;
        cells.push("");
      }
    };
    for (const cell of line.cells) {
      skip();
      for (let index = 0; index < Math.min(cell.colSpan, 100); index++) {
        taken[cells.length] = Math.min(cell.rowSpan, 1000) - 1;
        cells.push(index ? "" : cellText(cell));
      }
    }
    skip();
    return cells;
  }).filter((line) => line.some((each) => each.trim()));
}

function cellText(cell) {
  const said = (node) => node.nodeType === Node.TEXT_NODE ? node.data.replace(/\s+/g, " ")
    : node.nodeName === "BR" ? "\n"
    : [...node.childNodes].map(said).join("") + (/^(P|DIV|LI)$/.test(node.nodeName) ? "\n" : "");
  return [...cell.childNodes].map(said).join("").replace(/ *\n */g, "\n").trim();
}

/** What copied cells would become, before anything is added: columns, values, and what cannot be read. */
class PasteView {
  constructor(form, list, { row = null, field = "" } = {}) {
    Object.assign(this, { form, list, row, field });
    const { words } = form;
    const title = form.id();
    this.opener = form.root.getRootNode().activeElement;
    this.preview = h("div", { class: "spp-preview" });
    this.confirm = h("button", { type: "button", class: "spp-button spp-primary", hidden: true, onclick: () => this.add() });
    this.asked = h("div");
    this.dialog = h("dialog", { class: "spp-paste", "aria-labelledby": title, onclose: () => this.end() },
      h("h4", { id: title }, words.text("paste")), this.asked, this.preview,
      h("div", { class: "spp-tools" }, this.confirm,
        h("button", { type: "button", class: "spp-button", onclick: () => this.dialog.close() }, words.text("cancel"))));
    list.dialogs.append(this.dialog);
  }

  end() {
    this.dialog.remove();
    if (!this.added) this.opener?.focus?.();
  }

  /** Opened by its button: first a place to paste into. */
  ask() {
    const { form, form: { words } } = this;
    const id = form.id();
    const hint = form.id();
    const box = h("textarea", { class: "spp-input", id, rows: 4, "aria-describedby": hint });
    const take = (cells) => cells?.length && this.read(cells);
    box.addEventListener("paste", (event) => {
      const cells = copiedCells(event.clipboardData);
      if (!cells) return; // a single column, or one cell: taken from the box itself
      event.preventDefault();
      box.value = event.clipboardData.getData("text/plain");
      take(cells);
    });
    box.addEventListener("input", (event) => !event.isComposing && take(tabbedCells(box.value)));
    this.asked.replaceChildren(h("label", { for: id }, words.text("cells_label")), h("p", { class: "spp-hint", id: hint }, words.text("cells_help")), box);
    this.dialog.showModal();
    box.focus();
  }

  async read(cells, columns = null) {
    const { form } = this;
    if (!this.dialog.open) this.dialog.showModal();
    this.cells = cells;
    const asked = this.asking = {};
    const reply = await form.carrier.ask({ ...form.where(), do: "read", cells, columns, field: this.field }).catch(() => null);
    if (this.asking !== asked || !this.dialog.open) return;
    this.block = null;
    this.confirm.hidden = true;
    if (!reply || reply.faults?.length) return this.refuse(reply?.faults);
    this.block = reply;
    this.show();
  }

  refuse(faults) {
    const { words } = this.form;
    const said = faults ? faults.map((problem) => words.text(problem.text)) : [words.text("no_reply")];
    this.preview.replaceChildren(h("p", { class: "spp-error", role: "alert" }, ...said));
  }

  show() {
    const { form: { words }, block, cells } = this;
    const problems = block.read.reduce((count, row) => count + Object.keys(row.problems).length, 0);
    const left = block.columns.filter((name, index) => !name && cells.some((line) => line[index]?.trim())).length;
    const count = block.read.length;
    const note = (key, values, look = "") => h("p", { class: look }, words.text(key, values));
    this.preview.replaceChildren(
      note(count ? "paste_title" : "paste_nothing", {}, "spp-paste-title"),
      block.header ? note("paste_header", {}, "spp-hint") : "",
      problems ? note("paste_unread", { count: problems }, "spp-error") : "",
      left ? note("paste_left", { count: left }, "spp-personal") : "",
      note("paste_columns", {}, "spp-hint"),
      h("div", { class: "spp-paste-scroll", tabindex: "0", role: "group", "aria-label": words.say("paste_title") }, this.table()),
      count > SHOWN ? note("paste_more", { count: count - SHOWN }) : "");
    this.confirm.hidden = !count;
    this.confirm.replaceChildren(words.text("paste_add", { count }));
  }

  table() {
    const { block } = this;
    const rows = block.read.slice(0, SHOWN);
    this.told = new Set();
    return h("table", {},
      h("thead", {}, h("tr", {}, ...block.columns.map((name, index) => h("th", { scope: "col" }, this.column(name, index))))),
      h("tbody", {}, ...rows.map((row) => h("tr", {}, ...block.columns.map((name) => this.cell(row, name))))));
  }

  column(name, index) {
    const { form, form: { words } } = this;
    const questions = form.sheet.fields.filter((field) => field.kind !== "note");
    const select = h("select", { class: "spp-input", onchange: () => this.choose(index, select.value) },
      h("option", { value: "" }, words.text("column_none")),
      ...questions.map((field) => h("option", { value: field.name }, words.text(field.label))));
    select.value = name;
    select.setAttribute("aria-label", words.say("column_of", { number: index + 1 }));
    return select;
  }

  /** Another question for a column; no two columns answer the same one. */
  async choose(index, name) {
    const columns = this.block.columns.map((other) => other === name ? "" : other);
    columns[index] = name;
    await this.read(this.cells, columns);
    this.preview.querySelectorAll("select")[index]?.focus();
  }

  cell(row, name) {
    const { form, form: { words } } = this;
    if (!name || !(name in row.typed)) return h("td", {}, "");
    const [problem] = row.problems[name] ?? [];
    if (problem) {
      // The reason is told once in a column, and to a screen reader in each cell.
      const heard = this.told.has(name);
      this.told.add(name);
      return h("td", { class: "spp-unread" }, h("bdi", { class: "spp-answer" }, row.typed[name]),
        h("p", { class: heard ? "spp-hidden" : "" }, words.text(problem.text)));
    }
    return h("td", {}, form.valueNode(form.field(name), row.answers[name]));
  }

  add() {
    const { list, row, block } = this;
    this.added = true;
    this.dialog.close();
    list.addPasted(block.read, row);
  }
}

function scrollBy(node, distance) {
  for (let box = node.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight && /auto|scroll/.test(getComputedStyle(box).overflowY)) {
      box.scrollTop += distance;
      return;
    }
  }
  window.scrollBy(0, distance);
}

/** A row for each company, all of them open: a register is filled in at a glance. */
class RegisterView {
  constructor(form) {
    this.form = form;
    this.views = new Map();
    this.node = h("div", { class: "spp-register" });
  }

  show() {
    const rows = [...this.form.rows.values()];
    if (rows.some((row, index) => [...this.views.keys()][index] !== row)) this.draw(rows);
    for (const view of this.views.values()) view.show();
  }

  draw(rows) {
    this.views = new Map(rows.map((row) => [row, new RowView(this.form, row)]));
    this.node.replaceChildren(...rows.map((row) => {
      const id = this.form.id();
      const title = h("h4", { id }, h("bdi", {}, this.form.words.text(() => this.form.rowTitle(row).title)));
      return h("section", { "aria-labelledby": id }, title, this.views.get(row).node);
    }));
  }

  showRow(row) {
    this.views.get(row)?.show();
  }

  view(row) {
    return this.views.get(row);
  }

  openRow(row, name) {
    this.views.get(row).focus(name);
  }
}

/** A worksheet that is one row: its questions, one below the other. */
class SingleView {
  constructor(form) {
    this.form = form;
    this.rowView = new RowView(form, form.rows.get(form.alone));
    this.node = this.rowView.node;
  }

  show() {
    this.rowView.show();
  }

  showRow() {
    this.rowView.show();
  }

  view() {
    return this.rowView;
  }

  openRow(row, name) {
    this.rowView.focus(name);
  }
}

// --- The form ----------------------------------------------------------------------------------------------------

class Form {
  constructor(model, el) {
    Object.assign(this, { model, el, sheet: model.get("form"), place: model.get("place") });
    this.words = new Words(this.sheet.ui, model.get("language"));
    this.carrier = new Carrier(model, (subject) => subject === this.whom?.subject && this.refresh());
    this.rows = new Map();
    this.timers = new Map();
    this.prefix = `spp-${random(6)}`;
    this.count = 0;
    this.known = -1;
    this.writes = 0;
    this.savedAt = "";
    this.trouble = null;
    this.order = null; // the order into which rows were put, until it is stored
    this.orderTries = 0;
    this.leaving = new Set(); // rows that are being taken back: not shown again meanwhile
    this.stuck = null; // where help was asked for; null where nobody can ask
    this.listeners = new AbortController();
  }

  start() {
    this.draw();
    this.listen();
    const { subjects } = this.place;
    if (subjects.length === 1) this.choose(subjects[0].subject, this.model.get("opened"));
    else this.showChooser();
    this.say(this.words.language);
  }

  stop() {
    this.saveAll();
    if (this.order) this.sendOrder();
    this.ended = true;
    this.timers.forEach(clearTimeout);
    clearTimeout(this.offerTimer);
    this.listeners.abort();
    this.carrier.close();
    this.el.replaceChildren();
  }

  // Drawing

  draw() {
    const { words, sheet } = this;
    this.announcer = h("p", { class: "spp-hidden", role: "status" });
    this.switch = h("button", { type: "button", class: "spp-button spp-quiet spp-language", onclick: () =>
      this.say(words.language === "ja" ? "en" : "ja"), hidden: this.model.get("switch") === false });
    this.whose = h("p", { class: "spp-whose", hidden: true });
    this.summary = h("div", { class: "spp-summary", tabindex: "-1", role: "group", hidden: true });
    this.body = h("div", { class: "spp-body" });
    this.titleId = this.id();
    this.root = h("section", { class: "spp-form", "aria-labelledby": this.titleId, "data-jp-suppress-context-menu": "true" },
      h("header", { class: "spp-head" },
        h("div", { class: "spp-title" }, h("h3", { id: this.titleId }, words.text(sheet.title)), this.switch),
        this.whose,
        h("p", { class: "spp-intro" }, words.text(sheet.intro)),
        h("p", { class: "spp-notice" }, words.text(sheet.notice))),
      this.summary, this.body, this.announcer, this.drawBar());
    this.el.replaceChildren(this.root);
  }

  drawBar() {
    const { words } = this;
    this.state = h("span", { class: "spp-state", role: "status" });
    this.resend = h("button", { type: "button", class: "spp-link", hidden: true, onclick: () => this.saveAll() }, words.text("resend"));
    this.offered = h("span", { class: "spp-offer", role: "status", hidden: true });
    this.historyTool = h("button", { type: "button", class: "spp-button spp-quiet", hidden: true,
      onclick: () => this.view.view().toggleHistory() }, words.text("history"));
    this.submitTool = h("button", { type: "button", class: "spp-button spp-primary", onclick: () => this.submit() }, words.text("submit"));
    this.bar = h("footer", { class: "spp-bar", hidden: true }, this.state, this.resend, this.offered,
      h("span", { class: "spp-bar-tools" }, this.historyTool, this.submitTool));
    return this.bar;
  }

  showChooser() {
    const { words, place } = this;
    const id = this.id();
    const select = h("select", { class: "spp-input", id, onchange: () => select.value && this.choose(select.value) },
      h("option", { value: "" }, words.text("choose")),
      ...place.subjects.map(({ subject, name }) => h("option", { value: subject }, words.text(name))));
    this.close();
    this.body.replaceChildren(place.subjects.length
      ? h("div", { class: "spp-chooser" }, h("label", { for: id }, words.text(`choose_${this.sheet.subject}`)), select)
      : h("p", { class: "spp-empty" }, words.text(this.sheet.subject === "group" ? "no_groups" : "nobody")));
  }

  /** Opens the answers of one company, group or session. */
  async choose(subject, opened) {
    this.whom = this.place.subjects.find((candidate) => candidate.subject === subject);
    this.unsent = new Unsent([this.place.workshop, this.sheet.name, subject].join(":"));
    this.showWhose();
    this.body.replaceChildren(h("p", { class: "spp-empty", role: "status" }, this.words.text("loading")));
    if (opened?.rows) this.opened(opened);
    await this.open();
  }

  close() {
    this.whom = null;
    this.rows.clear();
    this.view = null;
    this.known = -1;
    this.savedAt = "";
    this.order = null;
    this.stuck = null;
    this.summary.hidden = true;
    this.bar.hidden = true;
    this.whose.hidden = true;
  }

  showWhose() {
    const { words, whom, place } = this;
    const change = h("button", { type: "button", class: "spp-link", onclick: () => this.leave() }, words.text("change"));
    this.whose.replaceChildren(h("bdi", {}, words.text(whom.name)), ...(place.subjects.length > 1 ? [" ", change] : []));
    this.whose.hidden = false;
  }

  /** Back to the choice of a company; not before everything is stored. */
  async leave() {
    const waiting = await this.saveEverything();
    if (waiting.length) return this.showSummary(waiting.flatMap((row) => this.unsavedProblems(row)));
    if (this.order && !this.ordering) this.sendOrder();
    this.showChooser();
  }

  // Reading

  async open(attempt = 0) {
    const { whom, writes } = this;
    // What was saved meanwhile may be missing in this answer: it is asked for again.
    const opened = (reply) => whom === this.whom && (writes === this.writes ? this.opened(reply) : this.open());
    try {
      await this.carrier.ask({ ...this.where(), do: "open", known: this.known }, opened);
    } catch {
      // Nothing is lost when somebody else's changes are seen a little later.
      if (whom !== this.whom || this.ended || this.view) return;
      this.timers.set("open", setTimeout(() => this.open(attempt + 1), RETRIES[Math.min(attempt, RETRIES.length - 1)]));
    }
  }

  /** Looks whether anybody changed anything; cheap when nobody did. */
  refresh() {
    if (this.view) this.open();
  }

  opened(reply) {
    clearTimeout(this.timers.get("open"));
    if (reply.faults?.length) return this.view ? this.sayFaults(reply.faults) : this.refuse(reply.faults);
    if (reply.same) return;
    this.known = reply.revision;
    this.stuck = reply.stuck ?? null;
    this.adopt(reply.rows);
    if (!this.view) this.restoreUnsent();
    this.view ??= this.makeView();
    this.savedAt = [this.savedAt, ...reply.rows.map((row) => row.at)].sort().at(-1) ?? "";
    this.show();
  }

  makeView() {
    const { rows_are: register } = this.sheet;
    const view = this.alone !== null ? new SingleView(this) : register ? new RegisterView(this) : new ListView(this);
    this.body.replaceChildren(view.node);
    this.bar.hidden = false;
    return view;
  }

  /** The only row that this form has; null for a list. Of some lists a person has one line and no other. */
  get alone() {
    return this.whom?.row ?? (this.sheet.repeats ? null : "");
  }

  /** Takes over the stored rows in their order; rows that exist only here keep their place after their neighbour. */
  adopt(stored) {
    if (this.alone !== null) {
      const nothing = { row: this.alone, revision: 0, status: "", answers: {}, carried: {}, at: "", source: "", problems: [] };
      stored = [stored.find((data) => data.row === this.alone) ?? nothing];
    }
    const before = [...this.rows.values()];
    const rows = stored.filter((data) => !this.leaving.has(data.row)).map((data) => this.take(data));
    before.forEach((row, index) => {
      if (rows.includes(row) || (row.revision && !row.unsent.size)) return;
      const neighbour = rows.indexOf(before[index - 1]);
      rows.splice(neighbour < 0 ? rows.length : neighbour + 1, 0, row);
    });
    this.arrange(rows);
  }

  arrange(rows) {
    const places = new Map((this.order ?? []).map((id, place) => [id, place]));
    const place = (row) => places.get(row.id) ?? places.size;
    const arranged = this.order ? [...rows].sort((one, other) => place(one) - place(other)) : rows;
    this.rows = new Map(arranged.map((row) => [row.id, row]));
  }

  take(data) {
    const row = this.rows.get(data.row) ?? new Row(data.row);
    const before = row.answers;
    row.adopt(data);
    for (const [name] of row.conflicts) row.conflicts.set(name, row.answers[name] ?? null);
    if (!row.saving) for (const name of row.unsent.keys()) {
      if (!same(before[name], row.answers[name]) && same(row.unsent.get(name), row.answers[name])) row.unsent.delete(name);
    }
    return row;
  }

  restoreUnsent() {
    for (const [id, { source, base, unsent }] of Object.entries(this.unsent.take())) {
      const row = this.rows.get(id) ?? this.newRow(source, id);
      for (const [name, value] of Object.entries(unsent)) row.change(name, value);
      row.base = Math.min(base, row.revision);
    }
    const waiting = [...this.rows.values()].filter((row) => row.unsent.size);
    this.unsent.write(this.rows.values());
    this.order = this.unsent.order;
    if (this.order) {
      this.arrange([...this.rows.values()]);
      this.sendOrder();
    }
    if (waiting.length > 1 && this.alone === null) this.saveNew(waiting);
    else for (const row of waiting) this.schedule(row, 0);
  }

  // Writing

  changed(row, name, value, now = true) {
    if (name) row.change(name, value);
    this.unsent.write(this.rows.values());
    this.schedule(row, now ? 0 : PAUSE);
    this.showRow(row);
  }

  schedule(row, delay) {
    clearTimeout(this.timers.get(row));
    if (delay) this.timers.set(row, setTimeout(() => this.save(row), delay));
    else this.save(row);
  }

  /** Sends what is not stored yet, one message of a row at a time. */
  save(row) {
    clearTimeout(this.timers.get(row));
    const changes = row.changes();
    if (row.saving || !Object.keys(changes).length) return row.saving;
    row.saving = this.send(row, changes).finally(() => {
      row.saving = null;
      if (this.ended) return;
      this.showRow(row);
      if (Object.keys(row.changes()).length) this.schedule(row, row.tries ? RETRIES[Math.min(row.tries, RETRIES.length) - 1] : PAUSE);
    });
    this.showRow(row);
    return row.saving;
  }

  async send(row, changes) {
    row.sending(changes);
    const message = { ...this.where(), do: "save", row: row.id, based_on: row.base, changes };
    try {
      await this.carrier.ask(message, (reply) => this.saved(row, changes, reply));
      row.tries = this.trouble ? row.tries + 1 : 0;
    } catch {
      row.tries += 1;
    }
  }

  saved(row, changes, reply) {
    this.trouble = reply.faults?.length ? reply.faults : null;
    if (!this.trouble) this.stored(row, changes, reply);
    this.unsent.write(this.rows.values());
  }

  stored(row, changes, reply) {
    this.writes += 1;
    row.settle(changes, reply);
    if (this.rows.get(row.id) !== row) return; // taken back meanwhile
    if (row.at > this.savedAt) this.savedAt = row.at;
    this.showRow(row);
  }

  saveAll() {
    if (this.order && !this.ordering) this.sendOrder();
    const waiting = [...this.rows.values()].filter((row) => row.saving || Object.keys(row.changes()).length);
    return waiting.length > TOGETHER ? this.saveNew(waiting) : Promise.all(waiting.map((row) => this.save(row)));
  }

  /** Saves until nothing waits, or nothing can be saved; the rows that still wait. */
  async saveEverything() {
    const waiting = () => [...this.rows.values()].filter((row) => Object.keys(row.changes()).length);
    while (waiting().some((row) => row.saving || !row.tries)) await this.saveAll();
    return [...this.rows.values()].filter((row) => row.unsent.size);
  }

  keepMine(row, name) {
    row.keepMine(name);
    this.changed(row);
    this.view.view(row)?.focus(name);
  }

  takeTheirs(row, name) {
    const mine = row.takeTheirs(name);
    this.changed(row);
    this.offer("took_theirs", {}, () => this.changed(row, name, mine));
  }

  /** Many new rows, a handful in one message; each that is stored already goes its own way. */
  async saveNew(rows) {
    for (const row of rows.filter((each) => each.revision)) this.schedule(row, 0);
    const fresh = rows.filter((row) => !row.revision);
    for (let from = 0; from < fresh.length; from += TOGETHER) await this.saveTogether(fresh.slice(from, from + TOGETHER));
  }

  async saveTogether(rows) {
    const changes = new Map(rows.filter((row) => this.rows.get(row.id) === row && !row.saving).map((row) => [row, row.changes()]));
    for (const [row, given] of changes) if (!Object.keys(given).length) changes.delete(row);
    if (!changes.size || this.ended) return;
    const sent = this.sendTogether(changes).finally(() => { for (const row of changes.keys()) row.saving = null; });
    for (const row of changes.keys()) row.saving = sent;
    this.showState();
    if (await sent) {
      // What was typed meanwhile goes out like any other change.
      for (const row of changes.keys()) if (Object.keys(row.changes()).length) this.schedule(row, PAUSE);
      return;
    }
    const tries = Math.max(...rows.map((row) => row.tries));
    await new Promise((resolve) => { this.timers.set(rows, setTimeout(resolve, RETRIES[Math.min(tries, RETRIES.length) - 1])); });
    await this.saveTogether(rows);
  }

  /** Whether the rows were answered for: stored, or refused for a reason of their own. */
  async sendTogether(changes) {
    const added = {};
    for (const [row, given] of changes) {
      row.sending(given);
      added[row.id] = given;
    }
    const heard = (reply) => {
      this.trouble = reply.faults?.length ? reply.faults : null;
      if (!this.trouble) for (const [row, given] of changes) this.stored(row, given, reply.rows[row.id]);
    };
    await this.carrier.ask({ ...this.where(), do: "add", added }, heard).catch(() => { this.silent = true; });
    const failed = this.silent || this.trouble;
    this.silent = false;
    for (const row of changes.keys()) row.tries = failed ? row.tries + 1 : 0;
    this.unsent.write(this.rows.values());
    this.show();
    return !failed;
  }

  /** Pasted rows, with what could not be read as it stood; all of them can be taken back. Gives the first. */
  addPasted(read, source, instead) {
    if (instead) this.rows.delete(instead.id);
    const rows = read.map(({ typed, answers, problems }) => {
      const row = this.insert(this.makeRow(source));
      for (const [name, value] of Object.entries(answers)) row.change(name, value);
      for (const [name, told] of Object.entries(problems)) {
        row.change(name, typed[name]);
        row.refused.set(name, told);
      }
      return row;
    });
    this.unsent.write(this.rows.values());
    this.show();
    this.saveNew(rows);
    this.announce("pasted", { count: rows.length });
    this.offer("pasted", { count: rows.length }, () => this.takeBack(rows));
    return rows[0];
  }

  async takeBack(rows) {
    for (const row of rows) {
      row.unsent.clear();
      this.rows.delete(row.id);
      this.leaving.add(row.id);
    }
    this.unsent.write(this.rows.values());
    this.show();
    await Promise.all(rows.map((row) => row.saving));
    const stored = rows.filter((row) => row.revision || row.sent.size).map((row) => row.id);
    if (stored.length) await this.ask({ do: "withdraw", rows: stored });
    // Whatever could not be taken back is shown again.
    for (const row of rows) this.leaving.delete(row.id);
    this.refreshNow();
  }

  /** Moves a row up or down; whether it could. The order is stored by itself, and the last one holds. */
  move(row, by) {
    const rows = [...this.rows.values()];
    const place = rows.indexOf(row) + by;
    if (place < 0 || place >= rows.length) return false;
    rows.splice(place - by, 1);
    rows.splice(place, 0, row);
    this.wish(rows.map((each) => each.id));
    this.arrange(rows);
    this.show();
    this.announce("moved", { title: this.rowTitle(row).title || this.words.say("untitled"), place: place + 1, count: rows.length });
    clearTimeout(this.timers.get("order"));
    this.timers.set("order", setTimeout(() => this.sendOrder(), PAUSE));
    return true;
  }

  /** Remembers the order into which the rows were put, through a reload too, until it is stored. */
  wish(order) {
    this.order = order;
    this.unsent.order = order;
  }

  async sendOrder() {
    const { order, unsent } = this;
    clearTimeout(this.timers.get("order"));
    const done = () => {
      if (same(unsent.order, order)) unsent.order = null;
      if (this.order === order) this.order = null;
    };
    this.ordering = true;
    try {
      await this.carrier.ask({ ...this.where(), do: "reorder", rows: order }, (reply) => {
        this.writes += 1;
        this.orderTries = 0;
        if (reply.faults?.length) this.sayFaults(reply.faults);
        else this.savedAt = new Date().toISOString();
        done();
      });
    } catch {
      this.orderTries += 1;
      this.timers.set("order", setTimeout(() => this.order && this.sendOrder(), RETRIES[Math.min(this.orderTries, RETRIES.length) - 1]));
    }
    this.ordering = false;
    if (!this.ended) this.showState();
  }

  /** Where help was asked for at this question, if it was. */
  stuckAt(row, field) {
    return this.stuck?.find((one) => one.field === field.name && (one.row || "") === row.id);
  }

  /** Said to a screen reader. */
  announce(key, values) {
    this.announcer.textContent = "";
    this.announcer.textContent = this.words.say(key, values);
  }

  newRow(source, id = "") {
    const row = this.insert(this.makeRow(source, id));
    this.show();
    return row;
  }

  makeRow(source, id = "") {
    const row = new Row(id || (source ? `${source}.${random(4)}` : `r${random(7)}`), source);
    const sibling = [...this.rows.values()].find((other) => source && other.source === source);
    row.carried = sibling?.carried ?? {};
    return row;
  }

  /** Puts a new row after those that go back to the same earlier row, else at the end. */
  insert(row) {
    const rows = [...this.rows.values()];
    const place = row.source ? rows.findLastIndex((other) => other.source === row.source) : -1;
    rows.splice(place < 0 ? rows.length : place + 1, 0, row);
    this.rows = new Map(rows.map((each) => [each.id, each]));
    return row;
  }

  /** What an earlier step asks for is answered or left empty, not taken away. */
  mayWithdraw(row) {
    const siblings = [...this.rows.values()].filter((other) => other.source === row.source);
    return row.id !== row.source || (row.revision > 0 && siblings.length > 1);
  }

  async withdraw(row) {
    const { title } = this.rowTitle(row);
    const stored = row.revision > 0;
    if (stored && !(await this.ask({ do: "withdraw", row: row.id }))) return;
    const kept = new Map(row.unsent);
    const place = [...this.rows.keys()].indexOf(row.id);
    row.unsent.clear();
    this.rows.delete(row.id);
    this.unsent.write(this.rows.values());
    this.show();
    this.refreshNow();
    this.offer("withdrawn", { title: title || this.words.say("untitled") }, () => this.bringBack(row, stored, kept, place));
  }

  /** Puts a withdrawn row back where it was, before the store has told its order again. */
  async bringBack(row, stored, kept, place) {
    if (stored && !(await this.restore(row, { do: "undo" }))) return;
    const rows = [...this.rows.values()].filter((other) => other.id !== row.id);
    rows.splice(place, 0, row);
    this.rows = new Map(rows.map((one) => [one.id, one]));
    for (const [name, value] of kept) row.change(name, value);
    this.changed(row);
    this.show();
  }

  /** Makes an earlier state of a row the newest again. */
  async restore(row, message) {
    const reply = await this.ask({ ...message, row: row.id });
    if (!reply) return false;
    row.unsent.clear();
    row.conflicts.clear();
    row.refused.clear();
    row.adopt(reply.row);
    this.savedAt = row.at;
    this.unsent.write(this.rows.values());
    this.refreshNow();
    return true;
  }

  refreshNow() {
    this.known = -1;
    this.refresh();
  }

  async submit() {
    const waiting = await this.saveEverything();
    if (waiting.length) return this.showSummary(waiting.flatMap((row) => this.unsavedProblems(row)));
    const reply = await this.ask({ do: "submit", row: this.alone ?? "" });
    if (!reply) return;
    this.known = -1;
    this.adopt(reply.rows);
    for (const row of this.rows.values()) row.pressed = true;
    this.show();
    this.showSummary(reply.problems);
    if (!reply.problems.length) this.offerSentence(this.words.text("submitted"));
  }

  unsavedProblems(row) {
    const words = (key) => ({ ja: this.sheet.ui.ja[key], en: this.sheet.ui.en[key] });
    return [...row.unsent.keys()].flatMap((name) => row.refused.get(name)
      ?? [{ row: row.id, field: name, text: words(row.conflicts.has(name) ? "conflict" : "unsaved_answer") }]);
  }

  // Showing

  show() {
    this.view?.show();
    this.showState();
  }

  showRow(row) {
    if (!this.view) return;
    this.view.showRow(row);
    this.showState();
  }

  showState() {
    const { words } = this;
    const rows = [...this.rows.values()];
    const sum = (count) => rows.reduce((total, row) => total + count(row), 0);
    const answers = sum((row) => Object.keys(row.changes()).length);
    const held = sum((row) => row.unsent.size) - answers;
    const unsent = answers + (this.order ? 1 : 0);
    const stuck = this.trouble || this.orderTries || rows.some((row) => row.tries && row.unsent.size);
    const state = unsent && stuck ? "unsaved" : unsent ? "saving" : held ? "held" : this.savedAt ? "saved" : "fresh";
    const status = this.status(rows);
    const said = JSON.stringify([state, unsent, held, this.savedAt, status, this.trouble, words.language]);
    this.resend.hidden = state !== "unsaved";
    this.historyTool.hidden = this.alone === null || !rows[0]?.revision;
    this.submitTool.hidden = !rows.length;
    // What is submitted asks for nothing more, until something is changed.
    this.submitTool.classList.toggle("spp-primary", status !== "submitted" || unsent + held > 0);
    if (this.said === said) return;
    this.said = said;
    this.state.dataset.state = state;
    const sentence = state === "unsaved" && this.trouble ? `${words.say("state_refused")} ${this.faultsText(this.trouble)}`
      : words.say(`state_${state}`, { count: unsent || held, time: this.savedAt && words.time(this.savedAt) });
    const chip = h("span", { class: "spp-chip", "data-state": status }, words.say(`status_${status}`));
    this.state.replaceChildren(...(status === "unanswered" ? [] : [chip]), h("span", {}, sentence));
  }

  status(rows) {
    const stored = rows.filter((row) => row.revision);
    if (!stored.length) return "unanswered";
    return stored.every((row) => row.status === "submitted") ? "submitted" : "draft";
  }

  /** What is to be mended before submitting, each a link to its question. */
  showSummary(problems) {
    const { words } = this;
    this.summary.hidden = !problems.length;
    if (!problems.length) return this.summary.replaceChildren();
    const said = (problem) => words.text(() => this.problemText(problem));
    const link = (problem) => problem.field
      ? h("button", { type: "button", class: "spp-link", onclick: () => this.goTo(problem) }, said(problem)) : said(problem);
    this.summary.replaceChildren(
      h("p", { class: "spp-summary-title" }, words.text("problems", { count: problems.length })),
      h("ul", {}, ...problems.map((problem) => h("li", {}, link(problem)))));
    bringToView(this.summary);
  }

  problemText(problem) {
    const row = this.alone === null ? this.rows.get(problem.row) : null;
    const number = row ? `${[...this.rows.keys()].indexOf(row.id) + 1}. ` : "";
    const field = this.field(problem.field);
    const named = problem.rule ? "" : field ? `${this.words.pick(field.label)}: ` : "";
    return number + named + this.words.pick(problem.text);
  }

  goTo({ row, field }) {
    const target = this.rows.get(this.alone ?? row);
    if (target) this.view.openRow(target, field);
  }

  /** The whole form cannot be opened; say why. */
  refuse(problems) {
    this.view = null;
    this.bar.hidden = true;
    this.body.replaceChildren(...problems.map((problem) => h("p", { class: "spp-error", role: "alert" }, this.words.text(problem.text))));
  }

  /** Something just done that can be undone for a while. */
  offer(key, values, undo) {
    const { words } = this;
    clearTimeout(this.offerTimer);
    const end = () => { this.offered.hidden = true; };
    const button = h("button", { type: "button", class: "spp-link", onclick: () => { end(); undo(); } }, words.text("undo"));
    this.offered.replaceChildren(words.text(key, values), " ", button);
    this.offered.hidden = false;
    this.offerTimer = setTimeout(end, OFFER);
  }

  // Language and names

  say(language) {
    this.words.speak(this.root, language);
    this.root.lang = language;
    this.switch.textContent = language === "ja" ? "English" : "日本語";
    this.switch.lang = language === "ja" ? "en" : "ja";
    if (this.model.get("language") !== language) {
      this.model.set("language", language);
      this.model.save_changes();
    }
    this.show();
  }

  id() {
    return `${this.prefix}-${++this.count}`;
  }

  where() {
    return { worksheet: this.sheet.name, subject: this.whom.subject };
  }

  field(name) {
    return this.sheet.fields.find((field) => field.name === name);
  }

  choices(field) {
    return this.sheet.choices[field.list];
  }

  example(field) {
    return this.words.pick(field.sector_examples[this.whom?.sector] ?? field.example);
  }

  /** The value in the reader's language, where a translation stands beside it. */
  inLanguage(answers, field) {
    return answers[`${field.name}@${this.words.language}`] ?? answers[field.name];
  }

  /** A value as people read it. */
  valueText(field, value) {
    const { words } = this;
    const label = (code) => words.pick(this.choices(field).find((choice) => choice.name === code)?.label) || String(code);
    if (empty(value)) return words.say("no_answer");
    if (field.kind === "select_one") return label(value);
    if (field.kind === "select_multiple") return [].concat(value).map(label).join(words.language === "ja" ? "、" : ", ");
    if (field.kind === "acknowledge") return words.say(value ? "ticked" : "no_answer");
    return field.kind === "date" ? words.date(value) : String(value);
  }

  valueNode(field, value) {
    return h("bdi", { class: "spp-answer" }, this.words.text(() => this.valueText(field, value)));
  }

  /** What names a row in the list, and what it goes back to. */
  rowTitle(row) {
    const { sheet } = this;
    const carried = sheet.carries.filter((field) => !empty(row.carried[field.name]));
    const said = carried.map((field) => this.valueText(field, this.inLanguage(row.carried, field)));
    const field = this.field(sheet.row_title);
    const own = !field ? null : row.unsent.has(field.name) ? row.unsent.get(field.name) : this.inLanguage(row.answers, field);
    const title = empty(own) ? "" : this.valueText(field, own);
    if (title || !said.length) return { title, context: said.join(" · ") };
    // Not named here yet: called by the last of what is carried forward, which is the most telling.
    return { title: said.at(-1), context: said.slice(0, -1).join(" · "), named: carried.at(-1).name };
  }

  // Listening and asking

  listen() {
    const { signal } = this.listeners;
    this.model.on("change:language", this.heardLanguage = () => this.say(this.model.get("language")));
    signal.addEventListener("abort", () => this.model.off("change:language", this.heardLanguage));
    this.root.addEventListener("keydown", (event) => this.key(event), { signal });
    // JupyterLab looks at the focused element itself: its shortcuts (A adds a cell, DD deletes one, arrows move on)
    // must not hear what is pressed here.
    this.root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; }, { signal });
    addEventListener("focus", () => this.refresh(), { signal });
    addEventListener("online", () => this.saveAll(), { signal });
    addEventListener("beforeunload", (event) => {
      if ([...this.rows.values()].some((row) => row.unsent.size)) event.preventDefault();
    }, { signal });
  }

  /** A key pressed here is not for the notebook around; and who presses Ctrl+S means the answers. */
  key(event) {
    event.stopPropagation();
    if (event.key !== "s" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.saveAll();
  }

  /** A question that a person waits for; null and a sentence when it cannot be answered. */
  async ask(message) {
    try {
      const reply = await this.carrier.ask({ ...this.where(), ...message });
      this.trouble = reply.faults?.length ? reply.faults : null;
      if (!this.trouble) return reply;
      this.sayFaults(this.trouble);
    } catch {
      this.offerSentence(this.words.say("no_reply"));
    }
    return null;
  }

  faultsText(faults) {
    return faults.map((problem) => this.words.pick(problem.text)).join(" ");
  }

  sayFaults(faults) {
    this.offerSentence(this.faultsText(faults));
  }

  offerSentence(sentence) {
    clearTimeout(this.offerTimer);
    this.offered.replaceChildren(sentence);
    this.offered.hidden = false;
    this.offerTimer = setTimeout(() => { this.offered.hidden = true; }, OFFER);
  }
}

function render({ model, el }) {
  const form = new Form(model, el);
  form.start();
  return () => form.stop();
}

export { render };
export default { render };
