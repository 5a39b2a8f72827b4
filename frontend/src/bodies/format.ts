/** Lengths and areas in words that fit their size. */

/** Metres as "34.2 cm", large ones as "12.3 m". */
export function lengthText(metres: number): string {
  if (!Number.isFinite(metres)) return "not reachable";
  if (metres >= 10) return `${metres.toFixed(1)} m`;
  return metres < 0.01 ? `${(1000 * metres).toFixed(1)} mm` : `${(100 * metres).toFixed(1)} cm`;
}

/** Square metres as "312 cm²", large ones in m². */
export function areaText(squareMetres: number): string {
  if (squareMetres >= 1) return `${squareMetres.toFixed(2)} m²`;
  const cm = 1e4 * squareMetres;
  return `${cm >= 10 ? Math.round(cm) : cm.toPrecision(2)} cm²`;
}
