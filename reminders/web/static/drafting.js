"use strict";
// On a protocol's draft: says that something is not saved yet, and puts a placeholder where the cursor was.
(() => {
  const form = document.querySelector("form.drafting"), state = form.querySelector("[data-state]");
  let unsaved = false, field = null;

  function changed() {
    unsaved = true;
    if (state) state.textContent = form.dataset.unsaved;
  }

  form.addEventListener("input", changed);
  form.addEventListener("submit", () => (unsaved = false));
  form.addEventListener("focusin", (event) => {
    if (event.target.matches("textarea, input[name^=subject]")) field = event.target;
  });
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());

  for (const one of form.querySelectorAll("[data-insert]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = one.dataset.insert;
    button.addEventListener("click", () => {
      if (!field || field.readOnly) return;
      field.setRangeText(one.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      changed();
    });
    one.replaceWith(button);
  }
})();
