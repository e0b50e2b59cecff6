/** A browser as far as an application over the API needs it: cookies, and the origin of its page with every request. */
export class Page {
  readonly cookies = new Map<string, string>();
  /** All that a script of the page could have read: bodies of answers, and headers but `Set-Cookie`. */
  readonly readable: string[] = [];

  constructor(private readonly origin: string) {}

  readonly fetch: typeof fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('origin', this.origin);
    if (init.credentials === 'include' && this.cookies.size > 0)
      headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const answer = await fetch(input, { ...init, headers });
    for (const line of answer.headers.getSetCookie()) this.keep(line);
    const seen = [...answer.headers].filter(([name]) => name !== 'set-cookie');
    this.readable.push(JSON.stringify(seen), await answer.clone().text());
    return answer;
  };

  /** With what the answers of a server said of themselves; a browser shows these to no script. */
  private keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (!attributes.includes('HttpOnly')) this.readable.push(value);
    if (value === '' || attributes.includes('Max-Age=0')) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** A page's localStorage, shared by its tabs. */
export class PageMemory {
  readonly items = new Map<string, string>();
  readonly getItem = (name: string): string | null => this.items.get(name) ?? null;
  readonly setItem = (name: string, text: string): void => void this.items.set(name, text);
  readonly removeItem = (name: string): void => void this.items.delete(name);
}
