// The second tap of an approval that a passkey signs. The hub drew up the answer; the passkey signs the hash of its bytes
// as its challenge; the form then carries answer and signature back. One touch for each question.
"use strict";

const button = document.getElementById("confirm");
const said = document.getElementById("said");

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (mark) => mark.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function signed(draft, credential) {
  const { response } = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(draft.challenge),
      rpId: location.hostname,
      allowCredentials: [{ type: "public-key", id: bytes(credential) }],
      userVerification: "required",
      timeout: 120000,
    },
  });
  const assertion = {
    authenticator_data: text(response.authenticatorData),
    client_data: text(response.clientDataJSON),
    signature: text(response.signature),
  };
  return { ...draft.grant, signature: "", assertion };
}

if (button?.dataset.sign && window.PublicKeyCredential) {
  button.disabled = false;
  button.form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    button.disabled = true;
    said.textContent = "";
    try {
      const answers = [];
      for (const draft of JSON.parse(button.dataset.sign)) answers.push(await signed(draft, button.dataset.credential));
      button.form.elements.signed.value = JSON.stringify(answers);
      button.form.submit();
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? "Not signed: nothing was confirmed, or it took too long. Try again." : `Not signed: ${error.message}`;
      button.disabled = false;
    }
  });
} else if (button?.dataset.sign) {
  said.textContent = "This browser knows no passkeys.";
}
