"use strict";
// Keeps an open Today page true: looks every ten seconds, and waits while somebody is using one of its forms.
(() => {
  const EVERY = 10000;
  const LIVE = ["main", "sending-state"];

  function renew(part, fresh) {
    const shown = document.getElementById(part), now = fresh.getElementById(part);
    if (shown && now && now.innerHTML !== shown.innerHTML) shown.replaceChildren(...now.childNodes);
  }

  async function look() {
    if (document.hidden || document.activeElement.matches("select, input, button")) return;
    try {
      const answer = await fetch("/", { credentials: "same-origin" });
      if (answer.redirected || !answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of LIVE) renew(part, fresh);
    } catch {
      // The server is away for a moment; the next look may find it.
    }
  }

  setInterval(look, EVERY);
})();
