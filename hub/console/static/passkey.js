// Passkeys: forms with the attribute data-passkey ("get" or "create").
//
// Such a form is not sent. Its button asks the hub for an offer (data-offer), hands that to the browser's passkeys, and
// sends what they say, with the form's own fields, to data-finish. The answer says where to go on.

const bytes = (text) =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (mark) => mark.charCodeAt(0)).buffer;

const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

const descriptors = (list) => (list || []).map((entry) => ({ ...entry, id: bytes(entry.id) }));

function prepared(kind, offer) {
  const options = { ...offer, challenge: bytes(offer.challenge) };
  if (kind === "create") {
    options.user = { ...offer.user, id: bytes(offer.user.id) };
    options.excludeCredentials = descriptors(offer.excludeCredentials);
  } else {
    options.allowCredentials = descriptors(offer.allowCredentials);
  }
  return { publicKey: options };
}

function plain(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    const value = credential.response[name];
    if (value) response[name] = text(value);
  }
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response };
}

async function send(path, body, csrf) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (csrf) headers["Safety-CSRF"] = csrf;
  const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body), redirect: "error" });
  const told = await answer.json();
  if (answer.ok) return told;
  const error = told.error || { thing: "The hub", reason: "did not answer" };
  throw new Error(`${error.thing} ${error.reason}.${error.fix ? ` What helps: ${error.fix}.` : ""}`);
}

const WORDS = {
  NotAllowedError: "Nothing was chosen, or it took too long. Try again.",
  InvalidStateError: "This device has a passkey of yours already.",
  SecurityError: "This page is not at the address that passkeys are bound to.",
  NotSupportedError: "This device cannot make such a passkey.",
};

async function ceremony(form) {
  const { csrf, ...fields } = Object.fromEntries(new FormData(form));
  const kind = form.dataset.passkey;
  const offer = await send(form.dataset.offer, {}, csrf);
  const credential = await navigator.credentials[kind](prepared(kind, offer));
  const told = await send(form.dataset.finish, { ...fields, credential: plain(credential) }, csrf);
  location.assign(told.go);
}

// What a page says in case no script runs: one does.
for (const words of document.querySelectorAll("[data-scriptless]")) words.hidden = true;

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const button = form.querySelector("button");
  const alert = form.querySelector("[role=alert]");
  if (!window.PublicKeyCredential) {
    alert.textContent = "This browser knows no passkeys.";
    continue;
  }
  button.disabled = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    alert.textContent = "";
    try {
      await ceremony(form);
    } catch (error) {
      alert.textContent = WORDS[error.name] || error.message;
      button.disabled = false;
    }
  });
}
