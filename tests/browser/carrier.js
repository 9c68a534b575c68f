import form from "./form.js";

// The least that carries a form over HTTP: the part of anywidget's model that form.js uses.
async function carrier(query) {
  const held = await (await fetch("start" + query)).json();
  const listeners = new Map();
  return {
    get: (name) => held[name],
    set: (name, value) => { held[name] = value; },
    save_changes() {},
    on: (event, listener) => listeners.set(listener, event),
    off: (event, listener) => listeners.delete(listener),
    async send(message) {
      const reply = await fetch("message" + query, { method: "POST", body: JSON.stringify(message) });
      if (!reply.ok) throw new Error(reply.statusText);
      const content = await reply.json();
      for (const [listener, event] of listeners) if (event === "msg:custom") listener(content);
    },
  };
}

const forms = Number(new URLSearchParams(location.search).get("forms") ?? 1);
for (let index = 0; index < forms; index++) {
  const el = document.createElement("div");
  document.querySelector("main").append(el);
  window.end = form.render({ model: await carrier(location.search), el });
}
document.body.dataset.ready = "true";
