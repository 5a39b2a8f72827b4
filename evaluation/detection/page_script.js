const $ = (id) => document.getElementById(id);

// A row's own curve, in the plot beside it.
for (const row of document.querySelectorAll("tr[data-name]")) {
  const plot = row.closest(".pair").querySelector(".plot");
  const curve = [...plot.querySelectorAll(".other")].find((other) => other.dataset.name.toLowerCase() === row.dataset.name.toLowerCase());
  if (!curve) continue;
  const show = (on) => {
    curve.classList.toggle("on", on);
    plot.querySelector(".told").textContent = on ? curve.dataset.name : "";
    if (on) curve.parentNode.insertBefore(curve, plot.querySelector(".told"));
  };
  row.addEventListener("mouseenter", () => show(true));
  row.addEventListener("mouseleave", () => show(false));
}

for (const box of document.querySelectorAll("[data-hides]")) {
  box.addEventListener("change", () => document.body.classList.toggle(`no-${box.dataset.hides}`, !box.checked));
}

// A picture, larger; arrow keys go on to the next.
const large = $("large");
const people = [...document.querySelectorAll(".people article")];
let shown = -1;
function enlarge(index) {
  if (index < 0 || index >= people.length) return;
  shown = index;
  large.replaceChildren(people[index].cloneNode(true));
  const button = large.querySelector("button");
  button.setAttribute("aria-label", "Close");
  button.onclick = () => large.close();
  if (!large.open) large.showModal();
  button.focus({ focusVisible: false });
}
people.forEach((person, index) => person.querySelector("button").addEventListener("click", () => enlarge(index)));
large.addEventListener("click", (event) => event.target === large && large.close());
large.addEventListener("close", () => people[shown]?.querySelector("button").focus());
large.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) enlarge(shown + step);
});

const MOON = '<svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"><path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z"/></svg>';
const SUN = '<svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"><circle cx="12" cy="12" r="4"/><path d="M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19m0-14-1.4 1.4M6.4 17.6 5 19"/></svg>';
function scheme(dark) {
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  $("scheme").innerHTML = dark ? SUN : MOON;
  $("scheme").setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
  $("scheme").onclick = () => scheme(!dark);
}
scheme(matchMedia("(prefers-color-scheme: dark)").matches);
