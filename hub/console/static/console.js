// What makes pages live. Every page works without it.
"use strict";

// A page with <body data-live="/console/events"> fetches its main part anew when something changed. While somebody
// writes, chooses or has opened a part of the page, it is left alone and a line says that there is news.
const source = document.body.dataset.live;

function busy(main) {
  const writes = main.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  return writes || main.querySelector("details[open], [data-busy]");
}

async function refresh() {
  const main = document.getElementById("main");
  const answer = await fetch(location.href, { headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (!answer.ok || answer.redirected) return tell();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("main");
  if (!fresh || shown(fresh) === shown(main)) return;
  if (busy(main)) return tell();
  const known = new Set([...main.querySelectorAll("[data-key]")].map((part) => part.dataset.key));
  const focus = document.activeElement.id;
  main.replaceChildren(...fresh.childNodes);
  for (const part of main.querySelectorAll("[data-key]")) {
    if (!known.has(part.dataset.key)) part.classList.add("fresh");
  }
  document.title = page.title;
  if (focus) document.getElementById(focus)?.focus();
}

// What a page shows, but for what its reader opened and for how long ago things were.
const shown = (main) => [...main.querySelectorAll("[data-key]")].map((part) => `${part.dataset.key} ${part.dataset.state}`).join();

function tell() {
  const line = document.getElementById("news");
  if (line) line.hidden = false;
}

if (source) {
  let waiting = 0;
  const soon = () => { clearTimeout(waiting); waiting = setTimeout(refresh, 150); };
  const stream = new EventSource(source);
  stream.onopen = soon; // what came before the stream was open is not told on it
  stream.onmessage = soon;
  addEventListener("visibilitychange", () => { if (!document.hidden) soon(); });
}

// Where the whole page is told to be read again after a form, a second press does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.busy) return event.preventDefault();
  form.dataset.busy = "1";
  setTimeout(() => { delete form.dataset.busy; }, 8000);
});

// <details> of the menu closes when something else is touched.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(".tabs details[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll(".tabs details[open]")) menu.open = false;
});

if ("serviceWorker" in navigator) navigator.serviceWorker.register("/worker.js").catch(() => {});
