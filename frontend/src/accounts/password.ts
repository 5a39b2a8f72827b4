/** Without 0 O 1 l I, which people mistake for each other when they copy by hand. */
const LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/** A random password of `length` letters in groups of four: "kT7w-mQ2x-Zb9c-hE4r" (16 letters, 92 bits). */
export function suggestPassword(length = 16): string {
  const letters: string[] = [];
  while (letters.length < length) {
    const byte = crypto.getRandomValues(new Uint8Array(1))[0] ?? 255;
    // Bytes beyond the last whole multiple would favour the first letters.
    if (byte < 256 - (256 % LETTERS.length)) letters.push(LETTERS.charAt(byte % LETTERS.length));
  }
  return letters.join("").replace(/(.{4})(?=.)/g, "$1-");
}
