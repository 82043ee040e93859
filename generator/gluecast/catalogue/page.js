
"use strict";
const input = document.getElementById("filter");
const count = document.getElementById("count");
const nothing = document.getElementById("nothing");
const fold = document.getElementById("fold");
const jobs = [...document.querySelectorAll("article")];
const rows = [...document.querySelectorAll(".index li")];
const details = [...document.querySelectorAll("details")];

function show() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const job of jobs) {
    const fits = words.every((word) => job.dataset.words.includes(word));
    job.hidden = !fits;
    shown += fits;
  }
  for (const row of rows) row.hidden = !words.every((word) => row.dataset.words.includes(word));
  count.textContent = `${shown} of ${jobs.length} job${jobs.length === 1 ? "" : "s"}`;
  nothing.hidden = shown > 0;
}

function openTarget() {
  const target = document.querySelector(":target details");
  if (target) target.open = true;
}

input.addEventListener("input", show);
input.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    input.value = "";
    show();
  } else if (event.key === "Enter") {
    jobs.find((job) => !job.hidden)?.querySelector("h2 a").focus();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && document.activeElement !== input) {
    event.preventDefault();
    input.focus();
    input.select();
  }
});
fold.addEventListener("click", () => {
  const open = fold.dataset.open === "no";
  fold.dataset.open = open ? "yes" : "no";
  fold.textContent = open ? "Hide details" : "Show details";
  for (const each of details) each.open = open;
});
window.addEventListener("load", openTarget);
window.addEventListener("hashchange", openTarget);
document.querySelector(".filter").hidden = false;
show();
