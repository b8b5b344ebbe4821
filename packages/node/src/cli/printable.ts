/** What others wrote may hold anything: control characters must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    return `\\u${character.codePointAt(0)!.toString(16).padStart(4, "0")}`;
  });
}
