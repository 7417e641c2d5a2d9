const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text that stands in a page as it is. */
export class Html {
  constructor(readonly text: string) {}
}

export type HtmlPart = Html | string | undefined | readonly HtmlPart[];

const textOf = (part: HtmlPart): string => {
  if (part === undefined) return '';
  if (part instanceof Html) return part.text;
  if (typeof part !== 'string') return part.map(textOf).join('');
  return part.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? '');
};

/** A template of HTML: strings are escaped, lists are joined, undefined is nothing. */
export const html = (texts: TemplateStringsArray, ...parts: readonly HtmlPart[]): Html =>
  new Html(texts.map((text, index) => text + textOf(parts[index])).join(''));
