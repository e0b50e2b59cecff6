/** Text that is HTML already; only {@link html} makes it. */
class Html {
  constructor(private readonly source: string) {}

  toString(): string {
    return this.source;
  }
}

export type { Html };
type Value = string | number | Html | readonly Html[];

/**
 * Builds HTML for a mail or a page; every value put into it is escaped, except other `html` values. Put attribute values in
 * quotes, and only addresses we made ourselves into `href`: escaping does not make `javascript:` harmless.
 *
 * @throws TypeError for a value in an attribute without quotes, where escaping cannot protect.
 */
export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  let source = parts[0] ?? '';
  values.forEach((value, i) => {
    if (/<[^>]*=\s*$/.test(parts[i] ?? ''))
      throw new TypeError('A value in an attribute needs quotes around it.');
    source += render(value) + (parts[i + 1] ?? '');
  });
  return new Html(source);
}

function render(value: Value): string {
  if (value instanceof Html) return value.toString();
  if (Array.isArray(value)) return value.map(render).join('');
  return String(value).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}
