// Keeps the page fresh: asks for the sandbox's version, and when it grew fetches the page and swaps the live part,
// so what is being typed stays. Without this script everything works; the page is then refreshed by hand.
"use strict";

const EVERY_MS = 1000;
const main = document.querySelector("main");
let version = main.dataset.version;

function localTimes(root) {
  const clock = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });
  for (const time of root.querySelectorAll("time")) time.textContent = clock.format(new Date(time.dateTime));
}

function showNewest() {
  const talk = document.querySelector(".talk");
  if (talk) talk.scrollTop = talk.scrollHeight;
}

async function refresh() {
  const newest = String((await (await fetch("/sandbox/version")).json()).version);
  if (newest === version) return;
  const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), "text/html");
  const fresh = page.querySelector("[data-live]");
  if (!fresh) return location.assign("/sandbox/");
  document.querySelector("[data-live]").replaceWith(fresh);
  localTimes(fresh);
  showNewest();
  version = page.querySelector("main").dataset.version;
}

async function keepFresh() {
  try {
    if (!document.hidden) await refresh();
  } catch {
    // The server is starting or gone: ask again.
  }
  setTimeout(keepFresh, EVERY_MS);
}

const box = document.querySelector(".reply textarea");
if (box) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      box.form.requestSubmit();
    }
  });
  box.focus();
}
localTimes(document);
showNewest();
setTimeout(keepFresh, EVERY_MS);
