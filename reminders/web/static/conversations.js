// The inbox: what is open counts as read once it is looked at, the cost of a text while one types, saved answers, keys.
(() => {
  const byId = (id) => document.getElementById(id);

  // Read by whoever has it before their eyes: a page fetched ahead, or in a tab behind, has been seen by nobody.
  function markWhenSeen() {
    const open = document.querySelector("[data-seen]");
    if (!open) return;
    const mark = async () => {
      if (document.visibilityState !== "visible" || document.prerendering || !open.dataset.seen) return;
      const { seen, upTo, token } = open.dataset;
      delete open.dataset.seen;
      const body = new URLSearchParams({ csrf_token: token, as: "read", up_to: upTo });
      const answer = await fetch(seen, { method: "POST", body, credentials: "same-origin", redirect: "manual" }).catch(() => null);
      if (answer && (answer.ok || answer.type === "opaqueredirect")) shownAsRead();
    };
    document.addEventListener("visibilitychange", mark);
    document.addEventListener("prerenderingchange", mark);
    mark();
  }

  function shownAsRead() {
    document.querySelector(".talk[aria-current]")?.closest("li").classList.remove("unread");
    document.querySelector(".talk[aria-current] .dot")?.remove();
    byId("mark-read").hidden = true;
    byId("mark-unread").hidden = false;
    const number = document.querySelector("[data-unread]");
    if (!number || !/^\d+$/.test(number.dataset.unread)) return;
    const left = Number(number.dataset.unread) - 1;
    number.dataset.unread = left;
    number.querySelector("[data-number]").textContent = left;
    number.hidden = left <= 0;
  }

  const way = () => document.querySelector("[name=channel]:checked") || document.querySelector("input[type=hidden][name=channel]");

  function countWhileTyping() {
    const text = byId("text"), shown = byId("count");
    if (!shown || !text) return;
    let later;
    const say = () => {
      const { value, dataset } = way(), words = shown.dataset;
      const cost = Segments.count(Segments.composed(dataset.before, text.value, dataset.after));
      const number = cost.count === 1 ? words.one : words.other.replace("{number}", cost.count);
      const dear = cost.encoding === "UCS-2" ? ` ${words.dear.replace("{found}", [...new Set(cost.outside)].join("  "))}` : "";
      const said = value === "email" ? words.mail : number + dear;
      shown.hidden = !text.value.trim();
      shown.dataset.count = value === "email" ? 0 : cost.count;
      if (shown.textContent !== said) shown.textContent = said;
    };
    const soon = () => { clearTimeout(later); later = setTimeout(say, 150); };
    text.addEventListener("input", soon);
    for (const one of document.querySelectorAll("[name=channel]")) one.addEventListener("change", say);
    say();
  }

  function insertSaved() {
    const chosen = byId("saved"), text = byId("text"), press = document.querySelector("[value=insert]");
    if (!chosen || !press) return;
    press.addEventListener("click", (event) => {
      event.preventDefault();
      const words = chosen.selectedOptions[0]?.dataset.text;
      if (!words) return;
      text.value = [text.value.trimEnd(), words].filter(Boolean).join("\n");
      chosen.value = "";
      text.dispatchEvent(new Event("input"));
      text.focus();
    });
  }

  // Pressed twice it would be sent once; greyed out, nobody wonders.
  function pressOnce() {
    const form = document.querySelector(".composer");
    form?.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      else if (event.submitter?.value === "send") form.dataset.sent = "yes";
    });
    addEventListener("pageshow", () => form && delete form.dataset.sent);
  }

  // Single keys, which whoever dictates or trembles can switch off (WCAG 2.1.4); never while somebody types.
  const OFF = "inbox-keys-off";
  const kept = {
    isOff() { try { return localStorage.getItem(OFF) === "yes"; } catch { return false; } },
    set(off) { try { off ? localStorage.setItem(OFF, "yes") : localStorage.removeItem(OFF); } catch { /* for this page alone */ } },
  };
  let off = kept.isOff();
  const talks = () => [...document.querySelectorAll(".talk")].filter((one) => one.offsetParent);

  function step(by) {
    const all = talks(), at = all.indexOf(document.activeElement);
    const from = at >= 0 ? at : all.findIndex((one) => one.hasAttribute("aria-current"));
    const next = from < 0 ? (by > 0 ? 0 : all.length - 1) : from + by;
    all[Math.max(0, Math.min(all.length - 1, next))]?.focus();
  }

  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    r: () => byId("text")?.focus(),
    e: () => [byId("mark-read"), byId("mark-unread")].find((one) => one && !one.hidden)?.click(),
    "/": () => byId("q")?.offsetParent && byId("q").focus(),
    "?": () => byId("keys").showModal(),
  };

  function hearKeys() {
    const sheet = byId("keys"), opener = byId("keys-open"), on = byId("keys-on");
    if (!sheet) return;
    opener.hidden = false;
    opener.addEventListener("click", () => sheet.showModal());
    on.checked = !off;
    on.addEventListener("change", () => { off = !on.checked; kept.set(off); });
    document.addEventListener("keydown", (event) => {
      const typing = event.target.closest?.("input:not([type=checkbox], [type=radio]), select, textarea, [contenteditable], dialog");
      if (off || typing || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !KEYS[event.key]) return;
      event.preventDefault();
      KEYS[event.key]();
    });
  }

  markWhenSeen();
  countWhileTyping();
  insertSaved();
  pressOnce();
  hearKeys();
  const list = document.querySelector(".open .talks"), open = list?.querySelector(".talk[aria-current]");
  if (open) list.scrollTop = Math.max(0, open.offsetTop - list.clientHeight / 2);
})();
