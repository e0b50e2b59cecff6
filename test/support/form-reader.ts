const REDIRECTS = new Set([301, 302, 303, 307, 308]);
/** More than one page ever sends somebody on. */
const MAX_REDIRECTS = 10;

/**
 * Somebody at a browser without scripts: cookies, links, forms and redirects, also to a program's own server. For journeys
 * about something else; what pages look like is for test/support/browser.
 */
export class FormReader {
  url = '';
  html = '';
  status = 0;

  constructor(readonly cookies = new Map<string, string>()) {}

  /** Another tab of the same browser. */
  tab(): FormReader {
    return new FormReader(this.cookies);
  }

  /** Opens a page, and follows where it leads. */
  async open(url: string): Promise<void> {
    await this.go(new URL(url, this.url || undefined).href, {});
  }

  /** Fills the form that has this button, and presses it. Throws when there is none. */
  async press(button: string, fields: Record<string, string> = {}): Promise<void> {
    const forms = [...this.html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)];
    const found = forms.find(([, , content = '']) => buttonIn(content, button) !== null);
    if (!found)
      throw new Error(`No button ${JSON.stringify(button)} at ${this.url} (${this.status}):\n${this.text}`);
    const [, attributes = '', content = ''] = found;
    const sent = new URLSearchParams();
    for (const [, input = ''] of content.matchAll(/<input\b([^>]*)>/gs)) {
      const name = attribute(input, 'name');
      if (name) sent.set(name, attribute(input, 'value') ?? '');
    }
    const pressed = buttonIn(content, button) ?? '';
    const name = attribute(pressed, 'name');
    if (name) sent.set(name, attribute(pressed, 'value') ?? '');
    for (const [field, value] of Object.entries(fields)) sent.set(field, value);
    const action = new URL(attribute(attributes, 'action') ?? '', this.url).href;
    await this.go(action, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(action).origin },
      body: sent.toString(),
    });
  }

  /** What there is to read. */
  get text(): string {
    const body = this.html.replace(/<(style|script|head)\b.*?<\/\1>/gs, '').replace(/<[^>]+>/g, ' ');
    return unescaped(body).replace(/\s+/g, ' ').trim();
  }

  private async go(url: string, init: RequestInit): Promise<void> {
    let [at, how] = [url, init];
    for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
      const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { ...(how.headers as Record<string, string>), ...(cookie && { cookie }) };
      const answer = await fetch(at, { ...how, headers, redirect: 'manual' });
      for (const line of answer.headers.getSetCookie()) this.keep(line);
      const location = answer.headers.get('location');
      if (!REDIRECTS.has(answer.status) || location === null) {
        [this.url, this.status, this.html] = [at, answer.status, await answer.text()];
        return;
      }
      await answer.body?.cancel();
      [at, how] = [new URL(location, at).href, {}];
    }
    throw new Error(`${url} leads round in circles.`);
  }

  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const isGone = attributes.some((one) => /^max-age=0$/i.test(one));
    if (isGone) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

/** The attributes of the button with this text. */
function buttonIn(form: string, text: string): string | null {
  for (const [, attributes = '', label = ''] of form.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs))
    if (unescaped(label.replace(/<[^>]+>/g, ' ')).trim() === text) return attributes;
  return null;
}

function attribute(tag: string, name: string): string | null {
  const found = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(tag)?.[1];
  return found === undefined ? null : unescaped(found);
}

const unescaped = (text: string) =>
  text
    .replace(/&#(x?)([0-9a-f]+);/gi, (_, hex: string, digits: string) =>
      String.fromCodePoint(Number.parseInt(digits, hex ? 16 : 10)),
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
