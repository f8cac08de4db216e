// Shows what the hub pushes, and a page of its own where there is no network. It keeps no page and no answer.
"use strict";

const OFFLINE = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>No network</title><h1>No network</h1><p>The hub cannot be reached. What waits for you waits there; nothing is lost.</p><p><a href="">Try again</a></p></html>`;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([self.registration.navigationPreload?.enable(), self.clients.claim()]));
});

// The browser itself asks for pages (navigation preload), with all it says about who asks: a request that a worker makes
// anew would look to the hub as if a script had made it. Forms are none of the worker's business.
self.addEventListener("fetch", (event) => {
  const { mode, method } = event.request;
  if (mode !== "navigate" || method !== "GET" || !self.registration.navigationPreload) return;
  event.respondWith(answered(event));
});

async function answered(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "default-src 'none'" };
    return new Response(OFFLINE, { status: 503, headers });
  }
}

// An address of ours, and of nobody else, whatever was pushed.
function ours(address) {
  try {
    const url = new URL(address, self.location.origin);
    return url.origin === self.location.origin ? url.href : self.location.origin + "/";
  } catch {
    return self.location.origin + "/";
  }
}

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data.json();
  } catch {
    // Something has to be shown for every push.
  }
  const actions = (told.actions || []).slice(0, 2);
  const links = Object.fromEntries(actions.map(({ action, url }) => [action, ours(url || told.url)]));
  event.waitUntil(
    self.registration.showNotification(String(told.title || "Something waits for you"), {
      body: String(told.body || ""),
      tag: String(told.tag || "safety"),
      renotify: true,
      icon: "/static/icons/shield-192.png",
      badge: "/static/icons/badge-96.png",
      data: { url: ours(told.url || "/"), links },
      actions: actions.map(({ action, title }) => ({ action: String(action), title: String(title) })),
    }),
  );
});

// Nothing is approved here: each action opens a page of the hub, on which a press confirms it.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const { url, links } = event.notification.data;
  const target = links[event.action] || url;
  event.waitUntil(
    (async () => {
      for (const open of await self.clients.matchAll({ type: "window", includeUncontrolled: true })) {
        if (open.url === target) return open.focus();
      }
      return self.clients.openWindow(target);
    })(),
  );
});
