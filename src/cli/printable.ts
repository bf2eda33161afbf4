/** Text for a terminal: what others may have written cannot move the cursor or change colours; lines and tabulators stay. */
export const printable = (text: string): string =>
  text.replace(
    /(?![\n\t])\p{Cc}/gu,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
