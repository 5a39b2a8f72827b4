// The page: a list of persons, the photo of one with its mask and points, the same points on the body.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const persons = data.persons;
const sets = new Set(persons.map((person) => person.set));
const number = (count) => count.toLocaleString("en");
const plural = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;
const state = { which: "all", shown: persons, person: null, near: -1, part: 0, pinned: 0 };

/** An element with properties, attributes (of a hyphen or an svg) and children. */
function make(tag, properties = {}, ...children) {
  const made = ["svg", "circle", "rect"].includes(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key in made && !(made instanceof SVGElement)) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Colour by place on the body, so that the same place has the same colour on the photo and on the body. */
function colourOf(x, y, z) {
  const [a, b] = [y / data.body.half, x / data.body.half];
  const hue = (((a + 1) / 2) * 300 + 20) % 360;
  const light = 0.56 + 0.16 * Math.max(-1, Math.min(1, 2 * b)) + (z < data.body.centre[2] ? -0.06 : 0.02);
  const channel = (n) => {
    const k = (n + hue / 30) % 12;
    return light - 0.85 * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  return [channel(0), channel(8), channel(4)];
}
const css = (colour) => `rgb(${colour.map((value) => Math.round(value * 255)).join(" ")})`;
const partColour = (part) => `rgb(${data.body.parts[part - 1][1].join(" ")})`;

for (const person of persons) {
  const { centre, half } = data.body;
  person.points = person.points.map(([x, y, part, px, py, pz, nx, ny, nz, words]) => {
    const position = [px - centre[0], py - centre[1], pz - centre[2]].map((value) => value / half);
    const colour = colourOf(px - centre[0], py - centre[1], pz);
    return { x, y, part, position, normal: [nx, ny, nz], colour, words };
  });
}

// ---------------------------------------------------------------- one person

const body = viewer($("viewer"), data.body, (index) => emphasise(index));
$("body-name").textContent = data.body.name;
if (!body) {
  $("viewer").append(make("div", { className: "message", textContent: "This browser draws no 3D (WebGL is off)" }));
  $("turn").hidden = true;
}

function open(person) {
  state.person = person;
  [state.near, state.part, state.pinned] = [-1, 0, 0];
  $("name").textContent = person.image || `person ${person.id}`;
  $("name").title = person.image;
  $("frame").replaceChildren(picture(person));
  if (!person.points.length) $("frame").append(make("div", { className: "message", textContent: "No points on this person" }));
  $("legend").replaceChildren(...legend(person));
  $("legend").hidden = $("show-points").disabled = !person.points.length;
  $("mask").disabled = !person.mask;
  body?.show(person.points);
  body?.emphasise(-1, 0);
  fit();
  look();
  tell();
  for (const button of $("list").children) {
    const mine = button.person === person;
    button.setAttribute("aria-current", mine);
    if (mine) button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
  history.replaceState(null, "", `#${person.id}`);
}

function picture(person) {
  const made = make("div", { id: "picture" });
  if (person.photo) made.append(make("img", { src: person.photo, alt: `Photo of person ${person.id}`, draggable: false }));
  else made.append(make("div", { className: "none", textContent: "The photo is not here" }));
  const [x, y, w, h] = person.box;
  if (person.mask) {
    const over = make("img", { src: person.mask, alt: "", className: "over", draggable: false });
    Object.assign(over.style, { left: `${x * 100}%`, top: `${y * 100}%`, width: `${w * 100}%`, height: `${h * 100}%` });
    over.style.inset = `${y * 100}% auto auto ${x * 100}%`;
    made.append(over);
  }
  const svg = make("svg", { "aria-hidden": "true" });
  const percent = (value) => `${value * 100}%`;
  svg.append(make("rect", { class: "box", x: percent(x), y: percent(y), width: percent(w), height: percent(h) }));
  person.points.forEach((point, index) => {
    const circle = make("circle", { cx: percent(point.x), cy: percent(point.y), r: 5, fill: css(point.colour) });
    circle.addEventListener("pointerenter", () => emphasise(index));
    circle.addEventListener("pointerleave", () => emphasise(-1));
    svg.append(circle);
  });
  made.append(svg);
  return made;
}

/** The picture as large as its frame lets it be. */
function fit() {
  const frame = $("frame");
  const made = $("picture");
  if (!made) return;
  const [w, h] = [frame.clientWidth - 24, frame.clientHeight - 24];
  const width = Math.min(w, h * state.person.aspect);
  Object.assign(made.style, { width: `${width}px`, height: `${width / state.person.aspect}px` });
}
new ResizeObserver(fit).observe($("frame"));

function legend(person) {
  const counts = new Map();
  for (const { part } of person.points) counts.set(part, (counts.get(part) ?? 0) + 1);
  return [...counts].sort((a, b) => a[0] - b[0]).map(([part, count]) => {
    const swatch = make("i");
    swatch.style.background = partColour(part);
    const button = make("button", { type: "button" }, swatch, data.body.parts[part - 1][0], make("span", { textContent: count }));
    button.setAttribute("aria-pressed", "false");
    button.addEventListener("pointerenter", () => ofPart(part));
    button.addEventListener("pointerleave", () => ofPart(state.pinned));
    button.addEventListener("click", () => {
      state.pinned = state.pinned === part ? 0 : part;
      for (const other of $("legend").children) other.setAttribute("aria-pressed", other === button && state.pinned === part);
      ofPart(state.pinned);
    });
    return button;
  });
}

function ofPart(part) {
  state.part = part;
  emphasise(state.near);
}

function emphasise(index) {
  state.near = index;
  const circles = $("frame").querySelectorAll("circle");
  state.person?.points.forEach((point, n) => {
    circles[n].classList.toggle("faded", state.part > 0 && point.part !== state.part);
    circles[n].classList.toggle("near", n === index);
    circles[n].setAttribute("r", n === index ? 8 : 5);
  });
  body?.emphasise(index, state.part);
  tell();
}

function tell() {
  const { person, near } = state;
  if (near < 0) {
    $("told").textContent = person.points.length
      ? `${plural(person.points.length, "point")}; point at one to find it on the body`
      : "Nothing is marked on the body";
    return;
  }
  const point = person.points[near];
  const swatch = make("i");
  swatch.style.background = css(point.colour);
  $("told").replaceChildren(swatch, make("b", { textContent: data.body.parts[point.part - 1][0] }), `  ${point.words}`);
}

function look() {
  const over = $("frame").querySelector(".over");
  if (over) over.style.opacity = $("mask").value / 100;
  const svg = $("frame").querySelector("svg");
  if (svg) svg.style.visibility = $("show-points").checked ? "visible" : "hidden";
}
$("mask").addEventListener("input", look);
$("show-points").addEventListener("change", look);
$("turn").addEventListener("click", () => body.reset());

// ---------------------------------------------------------------- the list

function row(person) {
  const picture = person.photo ? make("img", { className: "thumb", src: person.photo, alt: "", decoding: "async" }) : make("span", { className: "thumb" });
  const points = person.points.length ? plural(person.points.length, "point") : "no points";
  const about = sets.size > 1 ? `${points}, ${person.set.replace(/^(densepose-coco|densepose-cse|coco)-/, "")}` : points;
  const words = make("span", {}, make("b", { textContent: `${person.id}` }), make("small", { textContent: person.image, title: person.image }), make("small", { textContent: about }));
  words.style.minWidth = 0;
  const button = make("button", { type: "button" }, picture, words);
  button.person = person;
  button.addEventListener("click", () => open(person));
  return button;
}

function filter() {
  const wanted = $("filter").value.trim().toLowerCase();
  state.shown = persons.filter(
    (person) =>
      (state.which === "all" || (state.which === "annotated") === person.points.length > 0) &&
      (!wanted || `${person.id} ${person.image} ${person.set}`.toLowerCase().includes(wanted)),
  );
  $("list").replaceChildren(...state.shown.map(row));
  const none = !state.shown.length;
  for (const id of ["list", "stage", "side"]) $(id).hidden = none;
  $("nothing").hidden = !none;
  document.querySelector(".keys").hidden = document.querySelector(".filters").hidden = !persons.length;
  $("count").textContent = none && !persons.length ? "" : state.shown.length === persons.length
    ? `${plural(persons.length, "person")}`
    : `${number(state.shown.length)} of ${plural(persons.length, "person")}`;
  if (none) empty();
  else open(state.shown.includes(state.person) ? state.person : state.shown[0]);
}

function empty() {
  if (!persons.length) {
    const words = make("p", {}, "Persons appear here once photos with boxes are in the project: ", make("code", { textContent: "densemark import PROJECT --images DIR --coco FILE" }));
    $("nothing").replaceChildren(make("h2", { textContent: "There is no person in this dataset" }), words);
    return;
  }
  const again = make("button", { type: "button", textContent: "Show all persons" });
  again.addEventListener("click", () => {
    $("filter").value = "";
    choose("all");
  });
  const bare = state.which === "annotated" && !$("filter").value;
  const words = bare ? "A person is annotated when points are marked on it." : "The filter looks at the name of the image, the person's id and the file.";
  $("nothing").replaceChildren(make("h2", { textContent: bare ? "No person here has points" : "No person matches" }), make("p", { textContent: words }), again);
}

function choose(which) {
  state.which = which;
  for (const button of document.querySelectorAll("[data-which]")) button.setAttribute("aria-pressed", button.dataset.which === which);
  filter();
}
for (const button of document.querySelectorAll("[data-which]")) button.addEventListener("click", () => choose(button.dataset.which));
$("filter").addEventListener("input", filter);

function step(by) {
  const at = state.shown.indexOf(state.person) + by;
  if (at >= 0 && at < state.shown.length) open(state.shown[at]);
}
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target === $("filter");
  const ranging = event.target === $("mask");
  if (event.key === "Escape" && typing) $("filter").blur();
  if (typing || (ranging && event.key.startsWith("Arrow"))) return;
  const keys = {
    ArrowRight: () => step(1), ArrowDown: () => step(1), ArrowLeft: () => step(-1), ArrowUp: () => step(-1),
    Home: () => step(-state.shown.indexOf(state.person)), End: () => step(state.shown.length - 1 - state.shown.indexOf(state.person)),
    m: () => $("mask").value = $("mask").value === "0" ? 45 : 0, p: () => $("show-points").click(), "/": () => $("filter").focus(),
  };
  const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
  look();
});

// ---------------------------------------------------------------- light and dark

const MOON = '<svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round"><path d="M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z"/></svg>';
const SUN = '<svg width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round"><circle cx="12" cy="12" r="4"/><path d="M12 2v2m0 16v2M2 12h2m16 0h2M5 5l1.4 1.4m11.2 11.2L19 19m0-14-1.4 1.4M6.4 17.6 5 19"/></svg>';
function scheme(dark) {
  document.documentElement.style.colorScheme = dark ? "dark" : "light";
  $("scheme").innerHTML = dark ? SUN : MOON;
  $("scheme").setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
  $("scheme").onclick = () => scheme(!dark);
}
scheme(matchMedia("(prefers-color-scheme: dark)").matches);

$("note").textContent = data.count > persons.length
  ? `This page holds ${number(persons.length)} of the dataset's ${plural(data.count, "person")}, those with points first; --most takes more.`
  : data.count ? `All ${plural(data.count, "person")} of the dataset; ${number(data.annotated)} with points.` : "";
state.person = persons.find((person) => `#${person.id}` === location.hash) ?? null;
filter();
