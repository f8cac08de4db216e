// Shows the story as it goes on. Without this script the page loads itself anew from time to time.
"use strict";

const place = document.getElementById("story");

let showing = false;
let again = false;

// One at a time, and once more if there was news meanwhile: an older answer never comes after a newer one.
async function show() {
  again = true;
  if (showing) return;
  showing = true;
  try {
    while (again) {
      again = false;
      await showOnce();
    }
  } finally {
    showing = false;
  }
}

async function showOnce() {
  const answer = await fetch("/watch/story", { headers: { Accept: "text/html" } });
  const open = new Set([...place.querySelectorAll("details[open]")].map((one) => one.id));
  const shut = new Set([...place.querySelectorAll("details:not([open])")].map((one) => one.id));
  const focused = document.activeElement && place.contains(document.activeElement) ? document.activeElement.id : "";
  place.innerHTML = await answer.text(); // made by our own server, every text in it escaped
  for (const one of place.querySelectorAll("details")) {
    if (open.has(one.id)) one.open = true;
    if (shut.has(one.id)) one.open = false;
  }
  if (focused) document.getElementById(focused)?.focus();
}

if ("waiting" in document.body.dataset) {
  setInterval(async () => {
    if ((await fetch("/watch/story")).status !== 202) location.reload(); // it is there, or over
  }, 2000);
}

if (place) {
  let seen = -1;
  const news = new EventSource("/watch/events");
  news.addEventListener("message", (event) => {
    const { version, over } = JSON.parse(event.data);
    if (over) news.close();
    if (version === seen) return;
    seen = version;
    show().catch(() => { seen = -1; });
  });
  // The buttons do their work without leaving the page.
  for (const form of document.querySelectorAll("form[action='/watch/do']")) {
    form.addEventListener("submit", async (event) => {
      if (event.submitter?.name === "invite") return;
      event.preventDefault();
      const sent = new URLSearchParams(new FormData(form, event.submitter));
      event.submitter.disabled = true;
      const answer = await fetch("/watch/do", { method: "POST", body: sent });
      event.submitter.disabled = false;
      if (answer.status === 429) location.assign("/watch");
      else if (matchMedia("(max-width: 59.999rem)").matches) place.scrollIntoView();
    });
  }
}
