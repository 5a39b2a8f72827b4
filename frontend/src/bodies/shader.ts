import { ANCHORS } from "../studies/scale";

/**
 * The body's shader: charts in the colours of a table, lines of equal U and V, triangles and distance rings, all drawn
 * per pixel with an even width on the screen; light that comes with the camera.
 */

export const VERTEX = /* glsl */ `
attribute float shade;    // ambient occlusion, 1 in the open
attribute float squared;  // squared distance from the clicked point
attribute vec3 edges;     // squared length of the edge opposite each corner
attribute float chart;
varying vec2 vUv;
varying vec3 vNormal;
varying vec3 vView;
varying vec3 vWeight;
varying float vShade;
varying float vSquared;
varying float vUp;
flat varying vec3 vEdges;
flat varying float vChart;

void main() {
  int corner = gl_VertexID % 3;
  vWeight = vec3(corner == 0, corner == 1, corner == 2);
  vUv = uv;
  vShade = shade;
  vSquared = squared;
  vEdges = edges;
  vChart = chart;
  vUp = normal.y;
  vNormal = normalMatrix * normal;
  vec4 view = modelViewMatrix * vec4(position, 1.0);
  vView = view.xyz;
  gl_Position = projectionMatrix * view;
}
`;

export const FRAGMENT = /* glsl */ `
uniform sampler2D charts;   // sRGB of each chart; alpha 0 where it is not shown
uniform bool isoLines;
uniform bool wireframe;
uniform bool byDistance;    // colour by distance instead of chart
uniform bool byError;       // colour by what stands in place of squared distances: errors; below 0 there is none
uniform vec3 unknown;       // sRGB where there is none
uniform float ring;         // metres between distance rings; 0: none
uniform float farthest;
uniform float ratio;        // device pixels per CSS pixel
uniform vec3 ink;
varying vec2 vUv;
varying vec3 vNormal;
varying vec3 vView;
varying vec3 vWeight;
varying float vShade;
varying float vSquared;
varying float vUp;
flat varying vec3 vEdges;
flat varying float vChart;

vec3 linear(vec3 c) { return mix(c / 12.92, pow((c + 0.055) / 1.055, vec3(2.4)), step(0.04045, c)); }
vec3 srgb(vec3 c) { return mix(c * 12.92, 1.055 * pow(c, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, c)); }

// Coverage of lines at whole values of x, half CSS pixels wide each way; they fade where they would run together.
float lines(float x, float halfWidth) {
  float w = max(fwidth(x), 1e-6);
  float pixels = abs(fract(x - 0.5) - 0.5) / (w * ratio);
  return (1.0 - smoothstep(halfWidth - 0.5, halfWidth + 0.5, pixels)) * (1.0 - smoothstep(0.12, 0.3, w * ratio));
}

// Coverage of the triangle's own edges.
float edge(float halfWidth) {
  vec3 pixels = vWeight / (max(fwidth(vWeight), vec3(1e-6)) * ratio);
  vec3 cover = 1.0 - smoothstep(vec3(halfWidth - 0.5), vec3(halfWidth + 0.5), pixels);
  return max(cover.x, max(cover.y, cover.z));
}

// Near is warm and light, far is deep blue: even in lightness, so that it reads in grey and with any colour vision.
vec3 ramp(float t) {
  vec3 a = vec3(0.99, 0.93, 0.74), b = vec3(0.93, 0.62, 0.36), c = vec3(0.63, 0.31, 0.44), d = vec3(0.18, 0.16, 0.36);
  t = clamp(t, 0.0, 1.0) * 3.0;
  return t < 1.0 ? mix(a, b, t) : t < 2.0 ? mix(b, c, t - 1.0) : mix(c, d, t - 2.0);
}

// The colours of errors: see studies/scale.ts.
vec3 errorRamp(float t) {
  const vec3 at[${ANCHORS.length}] = vec3[](${ANCHORS.map((c) => `vec3(${c.map((x) => x.toFixed(4)).join(", ")})`).join(", ")});
  float place = clamp(t, 0.0, 1.0) * ${(ANCHORS.length - 1).toFixed(1)};
  int below = min(int(place), ${ANCHORS.length - 2});
  return mix(at[below], at[below + 1], place - float(below));
}

void main() {
  vec4 entry = texture2D(charts, vec2((vChart + 0.5) / 256.0, 0.5));
  if (entry.a < 0.25) discard;

  // Squared distances are interpolated, less the variance of the weights: see distanceAt in mesh.ts.
  vec3 w = vWeight;
  float variance = w.y * w.z * vEdges.x + w.z * w.x * vEdges.y + w.x * w.y * vEdges.z;
  float away = sqrt(max(vSquared - variance, 0.0));

  vec3 albedo = linear(byDistance && ring > 0.0 && vSquared >= 0.0 ? ramp(away / farthest) : entry.rgb);
  if (byError) albedo = linear(vSquared >= 0.0 ? errorRamp(vSquared / farthest) : unknown);
  vec3 dark = linear(ink);
  if (isoLines) {
    albedo = mix(albedo, dark, 0.30 * max(lines(vUv.x * 20.0, 0.25), lines(vUv.y * 20.0, 0.25)) );
    albedo = mix(albedo, dark, 0.55 * max(lines(vUv.x * 10.0, 0.5), lines(vUv.y * 10.0, 0.5)));
  }
  if (wireframe) albedo = mix(albedo, dark, 0.4 * edge(0.35));
  if (ring > 0.0 && vSquared >= 0.0) {
    float strong = lines(away / (2.0 * ring), 0.8);
    vec3 colour = byDistance ? vec3(0.02) : vec3(0.40, 0.02, 0.06);
    albedo = mix(albedo, colour, max(0.6 * lines(away / ring, 0.55), 0.85 * strong));
  }

  vec3 n = normalize(vNormal);
  vec3 eye = normalize(-vView);
  if (!gl_FrontFacing) {
    gl_FragColor = vec4(srgb(albedo * 0.22 * (0.6 + 0.4 * abs(dot(n, eye)))), 1.0);
    return;
  }
  float open = mix(1.0, vShade, 0.85);
  float key = max(dot(n, normalize(vec3(-0.45, 0.62, 0.64))) * 0.9 + 0.1, 0.0);
  float fill = max(dot(n, normalize(vec3(0.8, 0.05, 0.5))) * 0.7 + 0.3, 0.0);
  float facing = clamp(dot(n, eye), 0.0, 1.0);
  float rim = pow(1.0 - facing, 3.0) * smoothstep(-0.4, 0.9, n.y + 0.35 * abs(n.x));
  vec3 sky = mix(vec3(0.19, 0.17, 0.17), vec3(0.33, 0.36, 0.41), 0.5 + 0.5 * vUp);
  vec3 light = sky * open + vec3(0.84, 0.80, 0.74) * key * mix(open, 1.0, 0.5) + vec3(0.16, 0.18, 0.22) * fill * open;
  vec3 half_ = normalize(normalize(vec3(-0.45, 0.62, 0.64)) + eye);
  float gloss = 0.10 * pow(max(dot(n, half_), 0.0), 28.0) * open;
  vec3 colour = albedo * light + gloss + vec3(0.55, 0.60, 0.70) * rim * 0.28 * open;
  gl_FragColor = vec4(srgb(clamp(colour, 0.0, 1.0)), 1.0);
}
`;
