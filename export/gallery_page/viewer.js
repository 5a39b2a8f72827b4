// The body in two views at once, turned by dragging: WebGL without a library.

const VERTEX = `
attribute vec3 position, normal, colour;
uniform vec4 turn, frame;  // cos and sin of yaw, then of pitch; scale x, scale y, unused, size of a point
uniform float lift;
varying vec3 tint;
varying float light;
vec3 turned(vec3 v) {
  vec3 a = vec3(turn.x * v.x + turn.y * v.z, v.y, turn.x * v.z - turn.y * v.x);
  return vec3(a.x, turn.z * a.y - turn.w * a.z, turn.z * a.z + turn.w * a.y);
}
void main() {
  vec3 at = turned(position + lift * normal), facing = turned(normal);
  gl_Position = vec4(at.xy * frame.xy, -at.z * .25, 1.);
  gl_PointSize = frame.w;
  tint = colour;
  light = .55 + .45 * max(dot(facing, normalize(vec3(.25, .35, .9))), 0.);
}`;
const SURFACE = `
precision mediump float;
varying vec3 tint;
varying float light;
void main() { gl_FragColor = vec4(tint * light, 1.); }`;
const DOT = `
precision mediump float;
varying vec3 tint;
uniform float ring;  // 0 is dark, 1 is white
void main() {
  float far = length(gl_PointCoord - .5) * 2.;
  if (far > 1.) discard;
  vec3 edge = vec3(ring > .5 && far < .88 ? 1. : .04);
  gl_FragColor = vec4(far > .72 - .1 * ring ? edge : tint, 1.);
}`;

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;

/** Positions, normals and colours of the mesh's corners, three floats each. */
function corners(body) {
  const place = new Int16Array(bytes(body.vertices));
  const faces = new (body.wide ? Uint32Array : Uint16Array)(bytes(body.faces));
  const parts = new Uint8Array(bytes(body.faceParts));
  const normal = new Float32Array(place.length);
  for (let f = 0; f < faces.length; f += 3) {
    const [a, b, c] = [faces[f] * 3, faces[f + 1] * 3, faces[f + 2] * 3];
    const e = [0, 1, 2].map((k) => place[b + k] - place[a + k]);
    const g = [0, 1, 2].map((k) => place[c + k] - place[a + k]);
    for (let k = 0; k < 3; k++) {
      const [m, n] = [(k + 1) % 3, (k + 2) % 3];
      const across = e[m] * g[n] - e[n] * g[m];
      for (const vertex of [a, b, c]) normal[vertex + k] += across;
    }
  }
  const out = new Float32Array(faces.length * 9);
  faces.forEach((vertex, corner) => {
    const n = [0, 1, 2].map((k) => normal[vertex * 3 + k]);
    const length = Math.hypot(...n) || 1;
    const colour = body.parts[parts[Math.floor(corner / 3)] - 1][1];
    for (let k = 0; k < 3; k++) {
      out[corner * 9 + k] = place[vertex * 3 + k] / 32767;
      out[corner * 9 + 3 + k] = n[k] / length;
      out[corner * 9 + 6 + k] = (0.3 * colour[k]) / 255 + 0.7 * 0.78;
    }
  });
  return out;
}

function program(gl, fragment) {
  const made = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  ["position", "normal", "colour"].forEach((name, index) => gl.bindAttribLocation(made, index, name));
  gl.linkProgram(made);
  return { made, at: (name) => gl.getUniformLocation(made, name) };
}

/** Where the body is seen from, in words; the person's own left and right. */
function side(yaw) {
  const eighth = ((Math.round(yaw / (Math.PI / 4)) % 8) + 8) % 8;
  return ["front", "front left", "left", "back left", "back", "back right", "right", "front right"][eighth];
}

/** The yaw from which most of the points face the viewer, in steps of 15 degrees; 0 where they face all ways. */
function towards(points) {
  const [x, z] = [0, 2].map((k) => points.reduce((sum, { normal }) => sum + normal[k], 0) / (points.length || 1));
  return Math.hypot(x, z) < 0.15 ? 0 : (Math.round((Math.atan2(x, z) * 12) / Math.PI) * Math.PI) / 12;
}

/** A viewer in an element: `show(points)`, `emphasise(index, part)`, `reset()`; null where there is no WebGL.
 *  A point is {position, normal (in the mesh's own units), colour in 0..1, part}. */
function viewer(element, body, onPoint) {
  const canvas = element.appendChild(document.createElement("canvas"));
  const gl = canvas.getContext("webgl", { antialias: true, alpha: true, premultipliedAlpha: false });
  if (!gl) {
    canvas.remove();
    return null;
  }
  const labels = [0, 1].map(() => {
    const label = element.appendChild(document.createElement("span"));
    label.className = "side";
    return label;
  });
  const surface = program(gl, SURFACE);
  const dot = program(gl, DOT);
  const mesh = corners(body);
  const [meshBuffer, pointBuffer] = [gl.createBuffer(), gl.createBuffer()];
  gl.bindBuffer(gl.ARRAY_BUFFER, meshBuffer);
  gl.bufferData(gl.ARRAY_BUFFER, mesh, gl.STATIC_DRAW);
  let extent = [0, 0, 0];
  for (let at = 0; at < mesh.length; at += 9) extent = extent.map((most, k) => Math.max(most, Math.abs(mesh[at + k])));
  let [yaw, pitch, points, near, part, planned] = [0, 0, [], -1, 0, false];

  /** Both views: left, bottom, width, height in pixels of the page, and yaw; side by side or stacked, whichever is larger. */
  function views() {
    const [w, h] = [element.clientWidth, element.clientHeight];
    const wide = Math.max(extent[0], extent[2]);
    const fits = (a, b) => Math.min(a / wide, b / extent[1]);
    return fits(w / 2, h) >= fits(w, h / 2)
      ? [[0, 0, w / 2, h, yaw], [w / 2, 0, w / 2, h, yaw + Math.PI]]
      : [[0, h / 2, w, h / 2, yaw], [0, 0, w, h / 2, yaw + Math.PI]];
  }
  const scale = ([, , w, h]) => 0.9 * Math.min(w / (2 * Math.max(extent[0], extent[2])), h / (2 * extent[1]));

  function bind(buffer) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    for (let k = 0; k < 3; k++) {
      gl.enableVertexAttribArray(k);
      gl.vertexAttribPointer(k, 3, gl.FLOAT, false, 36, k * 12);
    }
  }
  function use({ made, at }, view, size) {
    gl.useProgram(made);
    gl.uniform4f(at("turn"), Math.cos(view[4]), -Math.sin(view[4]), Math.cos(pitch), Math.sin(pitch));
    gl.uniform4f(at("frame"), (2 * scale(view)) / view[2], (2 * scale(view)) / view[3], 0, size * devicePixelRatio);
  }
  function dots(view, chosen, size, ring) {
    use(dot, view, size);
    gl.uniform1f(dot.at("ring"), ring);
    gl.uniform1f(dot.at("lift"), 0.012);
    for (const index of chosen) gl.drawArrays(gl.POINTS, index, 1);
  }
  function draw() {
    planned = false;
    const [w, h] = [element.clientWidth, element.clientHeight].map((n) => Math.round(n * devicePixelRatio));
    if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
    gl.enable(gl.DEPTH_TEST);
    gl.enable(gl.BLEND);
    gl.blendFuncSeparate(gl.SRC_ALPHA, gl.ONE_MINUS_SRC_ALPHA, gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    const all = points.map((_, index) => index);
    views().forEach((view, number) => {
      gl.viewport(...view.slice(0, 4).map((n) => n * devicePixelRatio));
      bind(meshBuffer);
      use(surface, view, 1);
      gl.uniform1f(surface.at("lift"), 0);
      gl.drawArrays(gl.TRIANGLES, 0, mesh.length / 9);
      if (points.length) {
        bind(pointBuffer);
        const size = Math.max(5.5, Math.min(10, 0.054 * scale(view)));
        dots(view, part ? all.filter((n) => points[n].part === part) : all, size, 0);
        if (near >= 0) dots(view, [near], size + 6, 1);
      }
      labels[number].style.left = `${view[0] + 12}px`;
      labels[number].style.top = `${element.clientHeight - view[1] - view[3] + 9}px`;
      labels[number].textContent = side(view[4]);
    });
  }
  function plan() {
    if (!planned) requestAnimationFrame(draw);
    planned = true;
  }

  /** The point under a place in the element that faces the viewer, or -1. */
  function pick(x, y) {
    let [best, closest] = [-1, 12];
    for (const view of views()) {
      const [c, s] = [Math.cos(view[4]), Math.sin(view[4])];
      points.forEach(({ position: p, normal: n }, index) => {
        const turned = (v) => {
          const a = [c * v[0] - s * v[2], v[1], c * v[2] + s * v[0]];
          return [a[0], Math.cos(pitch) * a[1] - Math.sin(pitch) * a[2], Math.cos(pitch) * a[2] + Math.sin(pitch) * a[1]];
        };
        const at = turned(p);
        if (turned(n)[2] <= 0 || (part && points[index].part !== part)) return;
        const left = view[0] + view[2] / 2 + at[0] * scale(view);
        const top = element.clientHeight - (view[1] + view[3] / 2 + at[1] * scale(view));
        const away = Math.hypot(left - x, top - y);
        if (away < closest) [best, closest] = [index, away];
      });
    }
    return best;
  }

  let held = null;
  element.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointerup", () => (held = null));
  element.addEventListener("pointercancel", () => (held = null));
  element.addEventListener("pointermove", (event) => {
    if (held) {
      yaw += (event.clientX - held[0]) * 0.01;
      pitch = Math.max(-1.4, Math.min(1.4, pitch + (event.clientY - held[1]) * 0.01));
      held = [event.clientX, event.clientY];
      plan();
      return;
    }
    const area = element.getBoundingClientRect();
    onPoint(pick(event.clientX - area.left, event.clientY - area.top));
  });
  element.addEventListener("pointerleave", () => onPoint(-1));
  new ResizeObserver(plan).observe(element);

  return {
    show(shown) {
      points = shown;
      [near, yaw, pitch] = [-1, towards(points), 0];
      const flat = points.flatMap(({ position, normal, colour }) => [...position, ...normal, ...colour]);
      gl.bindBuffer(gl.ARRAY_BUFFER, pointBuffer);
      gl.bufferData(gl.ARRAY_BUFFER, new Float32Array(flat), gl.DYNAMIC_DRAW);
      plan();
    },
    emphasise(index, ofPart) {
      [near, part] = [index, ofPart];
      plan();
    },
    reset() {
      [yaw, pitch] = [0, 0];
      plan();
    },
  };
}
