// What pages do: draw the plots, zoom them together, show messages. Without it all numbers and tables are there.
"use strict";

(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const coarse = window.matchMedia("(pointer: coarse)");
  const data = document.getElementById("plots");
  const plots = data === null ? null : JSON.parse(data.textContent);

  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const figures = () => Array.from(Bokeh.index).filter((view) => view.model.type === "Figure");
  const models = () => Bokeh.documents.flatMap((one) => Array.from(one.all_models));

  // Plots are made in the colours of light pages; each has a twin.
  function paint(isDark) {
    const other = new Map(Object.entries(plots.twins).map(([light, night]) => isDark ? [light, night] : [night, light]));
    for (const model of models()) {
      for (const property of model) {
        if (property.is_unset) continue;
        const value = property.get_value();
        if (typeof value === "string" && other.has(value)) {
          model.setv({ [property.attr]: other.get(value) });
        } else if (value !== null && typeof value === "object" && other.has(value.value)) {
          model.setv({ [property.attr]: { value: other.get(value.value) } });
        }
      }
    }
  }

  // Paper is narrower than the window and has more dots: it gets drawings of its own, in vectors.
  function toPaper() {
    document.documentElement.classList.add("paper");
    for (const view of figures()) {
      view.after_resize();
      const drawing = view.export("svg", false).canvas;
      drawing.setAttribute("class", "drawing");
      drawing.setAttribute("aria-hidden", "true");
      if (dark.matches) lighten(drawing);
      view.el.parentElement.append(drawing);
    }
  }

  // The drawing has the colours of the screen, as hexadecimal numbers and as rgb(…); paper is light.
  function lighten(drawing) {
    const parts = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).join(",");
    const light = new Map();
    for (const [day, night] of Object.entries(plots.twins)) light.set(night, day).set(`rgb(${parts(night)})`, day);
    for (const element of all("*", drawing)) {
      for (const name of ["fill", "stroke"]) {
        const other = light.get(element.getAttribute(name));
        if (other !== undefined) element.setAttribute(name, other);
      }
    }
  }

  function toScreen() {
    document.documentElement.classList.remove("paper");
    for (const drawing of all(".canvas > .drawing")) drawing.remove();
    for (const view of figures()) view.after_resize();
  }

  const timeRange = () => Bokeh.documents[0].get_model_by_name("time");

  function show(start, end) {
    const range = timeRange();
    const [first, last] = range.bounds;
    const width = Math.min(end - start, last - first);
    const from = Math.min(Math.max(start, first), last - width);
    range.setv({ start: from, end: from + width });
  }

  function zoom(factor) {
    const { start, end } = timeRange();
    const middle = (start + end) / 2;
    const half = (end - start) / 2 * factor;
    show(middle - half, middle + half);
  }

  function move(share) {
    const { start, end } = timeRange();
    show(start + share * (end - start), end + share * (end - start));
  }

  // Says which stretch of time is shown, also to those who don't see it.
  function tell() {
    const { start, end } = timeRange();
    for (const one of all("[data-shown]")) one.textContent = `${start.toFixed(2)} s to ${end.toFixed(2)} s`;
    for (const one of all("button[data-start]")) {
      const same = Math.abs(one.dataset.start - start) < 1e-6 && Math.abs(one.dataset.end - end) < 1e-6;
      one.setAttribute("aria-pressed", String(same));
    }
  }

  async function draw() {
    if (plots === null) return;
    await Bokeh.embed.embed_items(plots.docs, plots.items);
    if (dark.matches) paint(true);
    dark.addEventListener("change", () => paint(dark.matches));
    window.addEventListener("beforeprint", toPaper);
    window.addEventListener("afterprint", toScreen);
    if (coarse.matches) {  // a finger that is on a plot scrolls the page; there are buttons for the rest
      for (const model of models()) if (model.type === "Toolbar") model.setv({ active_drag: null, active_scroll: null });
      for (const model of models()) if (model.type === "PanTool" || model.type === "WheelZoomTool") model.active = false;
    }
    const range = timeRange();
    if (range !== null) {
      range.change.connect(tell);
      for (const button of all("button[data-start]")) {
        button.addEventListener("click", () => show(Number(button.dataset.start), Number(button.dataset.end)));
      }
      for (const button of all("button[data-zoom]")) {
        button.addEventListener("click", () => zoom(Number(button.dataset.zoom)));
      }
      for (const button of all("button[data-move]")) {
        button.addEventListener("click", () => move(Number(button.dataset.move)));
      }
      tell();
    }
    document.documentElement.dataset.drawn = "yes";
  }

  // A message of the chart is a link to its text further down; here it opens in a dialog instead.
  function openMessage(id) {
    const dialog = document.getElementById("message");
    const messages = all("details.message");
    const at = messages.findIndex((one) => one.id === id);
    if (dialog === null || at < 0) return;
    dialog.querySelector("h2").textContent = messages[at].querySelector("summary").textContent.trim();
    dialog.querySelector("pre").textContent = messages[at].querySelector("pre").textContent;
    for (const button of all("button[data-step]", dialog)) {
      const next = messages[at + Number(button.dataset.step)];
      button.disabled = next === undefined;
      button.onclick = () => openMessage(next.id);
    }
    if (!dialog.open) dialog.showModal();
  }

  for (const link of all("a[data-message]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      openMessage(link.dataset.message);
    });
  }

  for (const button of all("button[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }

  draw();
})();
