"use strict";
// How long each one has waited ticks between two looks, and is red from its target on. The page's own clock is the
// server's: what was read with the page, and the time since then.
(() => {
  const EVERY = 5000;
  const frame = document.getElementById("today");
  let read = "", ahead = 0;

  function now() {
    if (frame.dataset.now !== read) {
      read = frame.dataset.now;
      ahead = Date.parse(read) - performance.now();
    }
    return performance.now() + ahead;
  }

  // As the server says it (moments.py).
  function words(waited) {
    const minutes = Math.floor(waited / 60000), hours = Math.floor(minutes / 60);
    if (minutes < 1) return "< 1 min";
    if (minutes < 60) return `${minutes} min`;
    if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
    return `${Math.floor(hours / 24)} ${frame.dataset.day}`;
  }

  function tick() {
    const moment = now();
    for (const clock of frame.querySelectorAll(".clock")) {
      const told = words(Math.max(0, moment - Date.parse(clock.dateTime)));
      if (clock.textContent !== told) clock.textContent = told;
      clock.classList.toggle("late", Date.parse(clock.dataset.due) < moment);
    }
  }

  now();
  setInterval(tick, EVERY);
})();
