"use strict";
// The record form without a mouse: finds the patient while one types, and shows what would come of the form as it
// stands. Without this script the buttons Find and Preview do the same.
(() => {
  const FIND_AFTER = 150, LOOK_AFTER = 250, FEWEST = 2, TOO_SOON = 300, AT_MOST = 8000;
  const form = document.getElementById("record"), q = document.getElementById("q"), said = document.getElementById("found-said");
  const hits = document.getElementById("hits"), choices = document.getElementById("choices"), newOne = document.getElementById("patient_id-new");
  const save = document.getElementById("save"), panel = document.getElementById("look");
  const asked = form.elements.namedItem("asked");

  // Asks for a part of a page with the form as it stands; null when a later question has overtaken this one.
  function asker(path) {
    let last = null;
    return async () => {
      if (last) last.abort();
      const mine = (last = new AbortController());
      const late = setTimeout(() => mine.abort(), AT_MOST);
      try {
        const answer = await fetch(path, { method: "POST", credentials: "same-origin", body: new URLSearchParams(new FormData(form)), signal: mine.signal });
        if (answer.redirected) return { trouble: "signedOut" };
        if (!answer.ok) return { trouble: "away" };
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        return last === mine ? { part } : null;
      } catch (trouble) {
        if (!(trouble instanceof TypeError || trouble instanceof DOMException)) throw trouble;
        return last === mine ? { trouble: "away" } : null;
      } finally {
        clearTimeout(late);
      }
    };
  }

  // What would come of it.
  const askLook = asker(form.dataset.look);
  let lookTimer = 0;

  function lookSoon(after = LOOK_AFTER) {
    clearTimeout(lookTimer);
    lookTimer = setTimeout(look, after);
  }

  async function look() {
    const got = await askLook();
    if (!got) return;
    panel.classList.toggle("stale", Boolean(got.trouble) || !got.part.querySelector("[data-part=calendar]"));
    if (got.trouble) return;
    for (const name of ["said", "calendar"]) {
      const fresh = got.part.querySelector(`[data-part=${name}]`), shown = document.getElementById(`look-${name}`);
      if (fresh && shown.innerHTML !== fresh.innerHTML) shown.replaceChildren(...fresh.childNodes);
    }
    panel.hidden = false;
  }

  // Whom the search finds.
  const askFind = asker(form.dataset.find);
  let findTimer = 0, shownFor = null, active = -1, enterWaits = false, choseAt = -TOO_SOON;
  const options = () => [...hits.querySelectorAll("[role=option]")];
  const isOpen = () => !hits.hidden, chosen = () => form.querySelector("[name=patient_id]:checked");

  function close() {
    hits.hidden = true;
    q.setAttribute("aria-expanded", "false");
    mark(-1);
  }

  function mark(number) {
    active = number;
    options().forEach((one, at) => one.setAttribute("aria-selected", String(at === number)));
    const one = options()[number];
    if (!one) return q.removeAttribute("aria-activedescendant");
    q.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
  }

  function findSoon(after = FIND_AFTER) {
    clearTimeout(findTimer);
    findTimer = setTimeout(find, after);
  }

  async function find() {
    const text = q.value.trim();
    if (text.length < FEWEST) return close();
    const got = await askFind();
    if (!got || text !== q.value.trim() || chosen()) return;
    if (got.trouble) {
      enterWaits = false;
      said.textContent = said.dataset[got.trouble];
      return close();
    }
    const list = got.part.querySelector("ul");
    hits.replaceChildren(list);
    shownFor = text;
    said.textContent = list.dataset.said;
    hits.hidden = false;
    q.setAttribute("aria-expanded", "true");
    mark(-1);
    if (enterWaits) take();
  }

  // Enter: the marked one, or the only one. With several it chooses nobody: that is not for a key to guess.
  function take() {
    enterWaits = false;
    const all = options(), found = all.filter((one) => "hit" in one.dataset);
    const one = all[active] || (found.length === 1 ? found[0] : found.length === 0 ? all[0] : null);
    if (one) choose(one);
    else said.textContent = said.dataset.several;
  }

  function choose(one) {
    clearTimeout(findTimer);
    for (const box of form.querySelectorAll("[data-ask] input")) box.checked = false;
    choices.replaceChildren();
    if ("new" in one.dataset) begin(one.dataset);
    else {
      choices.append(one.querySelector("template").content.cloneNode(true));
      q.value = one.dataset.name;
      go((chosen().dataset.agreed ? null : firstAsked()) || save);
    }
    asked.value = q.value;
    said.textContent = "";
    choseAt = performance.now();
    close();
    look();
  }

  function begin(typed) {
    newOne.checked = true;
    for (const name of ["given_name", "family_name", "phone", "email"]) if (typed[name]) document.getElementById(name).value = typed[name];
    const empty = ["given_name", "family_name"].find((name) => !document.getElementById(name).value);
    const reachable = ["phone", "email"].some((name) => document.getElementById(name).value);
    go(document.getElementById(empty || (reachable ? `language-${form.elements.namedItem("language").value}` : "phone")));
  }

  const firstAsked = () => [...document.querySelectorAll("#consents [data-ask] input")].find((box) => box.offsetParent);
  const go = (field) => field && field.focus();

  // Whoever changes the search means somebody else.
  function unchoose() {
    if (!chosen()) return;
    for (const one of form.querySelectorAll("[name=patient_id]")) one.checked = false;
    choices.replaceChildren();
    lookSoon();
  }

  const KEYS = {
    ArrowDown: () => (isOpen() ? mark((active + 1) % options().length) : findSoon(0)),
    ArrowUp: () => isOpen() && mark((active <= 0 ? options().length : active) - 1),
    Escape: () => isOpen() && close(),
    Enter: () => {
      if (chosen() && !isOpen()) return false;
      if (isOpen() && shownFor === q.value.trim()) return take();
      enterWaits = q.value.trim().length >= FEWEST;
      findSoon(0);
    },
  };

  q.addEventListener("keydown", (event) => {
    const act = !event.isComposing && KEYS[event.key];
    if (act && act() !== false) event.preventDefault();
  });
  q.addEventListener("input", () => {
    enterWaits = false;
    mark(-1);
    unchoose();
    findSoon();
  });
  q.addEventListener("blur", () => setTimeout(() => document.activeElement === q || close(), 200));
  hits.addEventListener("mousedown", (event) => event.preventDefault());
  hits.addEventListener("click", (event) => {
    const one = event.target.closest("[role=option]");
    if (one) choose(one);
  });

  for (const name of ["input", "change"]) form.addEventListener(name, (event) => event.target === q || lookSoon());

  // A problem named beside the form leads to its field, also into what is folded away.
  panel.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']"), field = link && document.getElementById(link.hash.slice(1));
    for (let around = field; around; around = around.parentElement) if (around.nodeName === "DETAILS") around.open = true;
    if (field) {
      event.preventDefault();
      (field.matches("input, select") ? field : field.querySelector("input, select") || field).focus();
    }
  });

  // Once, and not by the very press that chose: nobody can have read what it shows.
  let sent = false;
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.repeat || performance.now() - choseAt < TOO_SOON)) event.preventDefault();
  });
  form.addEventListener("submit", (event) => {
    if (sent) return event.preventDefault();
    sent = true;
  });
  addEventListener("pageshow", () => (sent = false));

  form.classList.add("live");
  document.getElementById("go-on").value = "record";
  for (const [name, value] of [["role", "combobox"], ["aria-expanded", "false"], ["aria-controls", "hits"], ["aria-autocomplete", "list"]]) q.setAttribute(name, value);
  look();
})();
