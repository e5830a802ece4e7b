/** A text of that many ASCII characters in which no two lines are the same. */
export function longText(length: number): string {
  let text = '';
  for (let line = 0; text.length < length; line++)
    text += `${line}: she sells sea shells by the sea shore.\n`;
  return text.slice(0, length);
}
