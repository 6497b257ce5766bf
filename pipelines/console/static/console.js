// Small enhancement only: every action is a plain form and works without this file.
"use strict";

(() => {
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  const move = (step) => {
    const all = rows();
    if (!all.length) return;
    const now = all.findIndex((row) => row.classList.contains("here"));
    const next = Math.min(all.length - 1, Math.max(0, now + step));
    all.forEach((row, place) => row.classList.toggle("here", place === next));
    all[next].scrollIntoView({ block: "nearest" });
    const link = all[next].querySelector("[data-open]");
    if (link) link.focus({ preventScroll: true });
  };

  const press = (what) => {
    const here = document.querySelector("[data-row].here") || document;
    const button = here.querySelector(`[data-${what}]`) || document.querySelector(`main > [data-${what}], main form [data-${what}]`);
    if (button) button.click();
  };

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    a: () => press("accept"),
    r: () => press("reject"),
    x: () => document.querySelector("[data-row].here input[type=checkbox]")?.click(),
    "/": () => document.querySelector("[data-search]")?.focus(),
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const does = keys[event.key];
    if (does) {
      event.preventDefault();
      does();
    }
  });

  // One box that ticks all others of its table.
  document.addEventListener("change", (event) => {
    const all = event.target.closest("[data-all]");
    if (all) {
      all.closest("table").querySelectorAll("tbody input[type=checkbox]").forEach((box) => { box.checked = all.checked; });
    }
    const form = event.target.closest("form");
    const count = form && form.querySelector("[data-count]");
    if (count) count.textContent = form.querySelectorAll("tbody input[type=checkbox]:checked").length;
  });

  // What was revealed goes away by itself; the page's own refresh does the same without this script.
  document.querySelectorAll("[data-seconds]").forEach((element) => {
    let left = Number(element.dataset.seconds);
    const tell = element.querySelector("[data-left]");
    const timer = setInterval(() => {
      left -= 1;
      if (tell) tell.textContent = left;
      if (left <= 0) {
        clearInterval(timer);
        element.remove();
      }
    }, 1000);
  });

  // On a phone the areas scroll sideways; the one that is open is to be seen.
  document.querySelector(".top [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  // A form is sent once; what takes longer than a moment says that it is under way.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }));
})();
