"use strict";
// Keeps an open Today page true: looks every ten seconds, and waits while somebody is using one of its forms.
(() => {
  const EVERY = 10000;
  const main = document.getElementById("main");

  async function look() {
    if (document.hidden || document.activeElement.matches("select, input, button")) return;
    try {
      const answer = await fetch("/", { credentials: "same-origin" });
      if (answer.redirected || !answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
      if (fresh && fresh.innerHTML !== main.innerHTML) main.replaceChildren(...fresh.childNodes);
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }

  setInterval(look, EVERY);
})();
