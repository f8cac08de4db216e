// The button by which this device is told what waits. The page holds:
//   <form id="push" data-key="VAPID public key, base64url" method="post" action="...">   with the session's token
//     <input type="hidden" name="subscription"> <button disabled>...</button> <p role="status"></p>
// The form then posts `subscription`: {"endpoint", "keys": {"p256dh", "auth"}} as JSON.
"use strict";

const form = document.getElementById("push");

async function subscribe() {
  const key = form.dataset.key.replace(/-/g, "+").replace(/_/g, "/");
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("This browser is told to show no notifications of this site. Its settings can change that.");
  }
  const { pushManager } = await navigator.serviceWorker.ready;
  const known = await pushManager.getSubscription();
  const made = known || (await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: Uint8Array.from(atob(key), (mark) => mark.charCodeAt(0)),
  }));
  form.elements.subscription.value = JSON.stringify(made);
  form.submit();
}

if (form) {
  const button = form.querySelector("button");
  const said = form.querySelector("[role=status]");
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    said.textContent = "This browser takes no push messages. On an iPhone, add this page to the home screen first.";
  } else {
    button.disabled = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      event.stopImmediatePropagation();
      said.textContent = "";
      subscribe().catch((error) => { said.textContent = error.message; });
    });
  }
}
