/** Isolates text from the sentence around it (Unicode Standard Annex 9, "Explicit Directional Isolates"). */

const FSI = "\u2068";
const PDI = "\u2069";
/** What is written from right to left, and the marks that change the direction. */
const TURNING =
  /[\p{Script=Arab}\p{Script=Hebr}\p{Script=Syrc}\p{Script=Thaa}\p{Script=Nkoo}\p{Script=Adlm}\p{Bidi_Control}]/u;
const ISOLATES = /[\u2066-\u2069]/g;

/**
 * The text between marks, where it could turn the sentence that it is part of; else the text itself. Marks in the text
 * that would end the isolation, or go on behind it, are balanced.
 */
export function isolate(text: string): string {
  return TURNING.test(text) ? FSI + balanced(text) + PDI : text;
}

function balanced(text: string): string {
  let open = 0;
  const inner = text.replace(ISOLATES, (mark) => {
    if (mark !== PDI) open++;
    else if (open === 0) return "";
    else open--;
    return mark;
  });
  return inner + PDI.repeat(open);
}
