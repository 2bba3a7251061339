"use strict";
// Keeps an open Today page true: looks every ten seconds and renews what changed around whatever is in use.
// What somebody has typed or chosen, the focus and open details stay; a page that cannot be renewed says so.
(() => {
  const EVERY = 10000, AT_MOST = 8000;
  const said = document.getElementById("live-said"), frame = document.getElementById("today");

  // What a node is, from one look to the next: a conversation, a ticket, a form of one of its acts.
  const key = (node) => (node.nodeType === Node.ELEMENT_NODE ? node.dataset.key || node.id || node.getAttribute("action") || "" : "");
  const alike = (one, other) => one.nodeName === other.nodeName && key(one) === key(other);
  const inUse = (node) => node.contains(document.activeElement);

  // Whether details are open is for whoever reads them to say.
  const isOwn = (node, name) => name === "open" && node.nodeName === "DETAILS";

  function renewAttributes(shown, fresh) {
    for (const { name, value } of fresh.attributes) if (!isOwn(shown, name) && shown.getAttribute(name) !== value) shown.setAttribute(name, value);
    for (const { name } of [...shown.attributes]) {
      if (!isOwn(shown, name) && !fresh.hasAttribute(name)) shown.removeAttribute(name);
    }
  }

  function renew(shown, fresh) {
    if (shown.isEqualNode(fresh)) return;
    if (shown.nodeType !== Node.ELEMENT_NODE) {
      if (shown.data !== fresh.data) shown.data = fresh.data;
      return;
    }
    renewAttributes(shown, fresh);
    renewChildren(shown, fresh);
  }

  // The node of `parent` from `from` on that is to become `fresh`: the one of its key, or the next without one.
  function match(from, fresh) {
    if (!key(fresh)) return from && alike(from, fresh) ? from : null;
    for (let node = from; node; node = node.nextSibling) if (alike(node, fresh)) return node;
    return null;
  }

  // What holds the focus is never moved, for moving it would lose the focus: the others go around it.
  function bring(parent, node, before) {
    if (node === before) return;
    if (!inUse(node)) return void parent.insertBefore(node, before);
    while (node.previousSibling !== before) parent.append(before.nextSibling);
    parent.append(before);
  }

  function renewChildren(shown, fresh) {
    let next = shown.firstChild;
    for (const wanted of [...fresh.childNodes]) {
      const there = match(next, wanted);
      if (!there) {
        shown.insertBefore(document.importNode(wanted, true), next);
        continue;
      }
      bring(shown, there, next);
      renew(there, wanted);
      next = there.nextSibling;
    }
    while (next) {
      const following = next.nextSibling;
      // A form in use stays until it is left, even when its ticket is done with: the answer to it says so.
      if (!inUse(next)) next.remove();
      next = following;
    }
  }

  const urgent = () => new Map([...frame.querySelectorAll("[data-announce]")].map((one) => [one.id, one.dataset.announce]));

  function tell(name) {
    for (const one of document.querySelectorAll("[data-trouble]")) one.hidden = one.dataset.trouble !== name;
    document.getElementById("as-of").hidden = Boolean(name);
  }

  function show(fresh) {
    const before = urgent(), waited = Number(frame.dataset.count);
    for (const id of ["today", "as-of", "sending-state"]) {
      const shown = document.getElementById(id), now = fresh.getElementById(id);
      if (shown && now) renew(shown, now);
    }
    for (const late of document.querySelectorAll("[data-since]")) late.textContent = frame.dataset.at;
    document.title = fresh.title;
    const come = [...urgent()].filter(([id]) => !before.has(id)).map(([, words]) => words);
    if (come.length) said.textContent = come.join(" ");
    else if (Number(frame.dataset.count) > waited) said.textContent = frame.dataset.countWords;
  }

  async function look() {
    try {
      const answer = await fetch(frame.dataset.look, {
        credentials: "same-origin", headers: { "X-Live": "1" }, signal: AbortSignal.timeout(AT_MOST),
      });
      if (answer.redirected) return tell("signed-out");
      const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!fresh || !fresh.getElementById("today")) return tell("away");
      show(fresh);
      tell("");
    } catch (trouble) {
      tell("away");
      if (!(trouble instanceof TypeError || trouble instanceof DOMException)) throw trouble;
    }
  }

  // One look ends before the next begins, so that an older answer never replaces a newer one.
  let looking = Promise.resolve();
  const again = () => (looking = looking.then(look, look));
  setInterval(again, EVERY);
  document.addEventListener("visibilitychange", () => document.hidden || again());
})();
