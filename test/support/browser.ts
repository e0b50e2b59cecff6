import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { part } from './environment.js';
import { pageOf, type Picture } from './pictures.js';

/** Where screenshots stay after a run, for people to look at; git does not see it. */
const SCREENSHOTS = join(process.cwd(), '.gatehouse', 'screenshots');
/** For one step of a person, which may wait for a password hash. */
const STEP_MS = 20_000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** An element as a failure names it. */
const NAME = `(one) => one.outerHTML.replace(/\\s+/g, ' ').slice(0, 120)`;
/** All that can be used on a page, in its order; of radio buttons of one name the keyboard comes to one. */
const STOPS = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary')]
  .filter((one) => !one.disabled && one.checkVisibility({ visibilityProperty: true }))
  .filter((one, at, all) => one.type !== 'radio' || one === (all.find((other) => other.name === one.name && other.checked) ?? all.find((other) => other.name === one.name)))
  .map(${NAME})`;
/** What has the focus, if that is to be seen. */
const FOCUSED = `(() => {
  const one = document.activeElement;
  const { outlineStyle, outlineWidth } = getComputedStyle(one);
  const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
  return (isSeen ? '' : 'unseen: ') + (${NAME})(one);
})()`;

/** What a policy lets a page do beyond its own files: pictures in it (a QR code), and forms that end at a program's own port. */
function laxIn(policy: string): string[] {
  const rules = policy.split(';').map((rule) => rule.trim());
  const allowed = [
    /^default-src 'none'$/,
    /^(style-src|script-src|img-src|connect-src|font-src) '(self|none)'$/,
    /^img-src 'self' data:$/,
    /^(base-uri|frame-ancestors) 'none'$/,
    // CSP has no words for an IPv6 address.
    /^form-action 'self' http:$/,
    /^form-action 'self'( http:\/\/(127\.0\.0\.1|\[::1\]):\d+)*$/,
  ];
  const due = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];
  return [
    ...rules.filter((rule) => !allowed.some((one) => one.test(rule))),
    ...due.filter((rule) => !rules.includes(rule)).map((rule) => `not there: ${rule}`),
    ...(rules.some((rule) => rule.startsWith('form-action')) ? [] : ['not there: form-action']),
  ];
}

/** One browser for a file of tests; everybody in it has a context, and so cookies, of their own. */
export function journeyBrowser(): { person(options?: BrowserContextOptions): Promise<Person> } {
  let browser: Browser;
  const people: Person[] = [];
  beforeAll(async () => {
    // As root, as in a container, Chromium starts without its sandbox only; it shows no pages but ours.
    const isRoot = process.getuid?.() === 0;
    // A page from elsewhere would have to ask its person before it asks this machine anything.
    const args = ['--disable-features=LocalNetworkAccessChecks'];
    browser = await chromium.launch({ executablePath: part('BROWSER'), chromiumSandbox: !isRoot, args });
  });
  afterEach(async () => {
    const faults = people.flatMap((one) => one.faults);
    await Promise.all(people.splice(0).map((one) => one.context.close()));
    expect(faults).toEqual([]);
  });
  afterAll(() => browser?.close());
  return {
    person: async (options = {}) => {
      const context = await browser.newContext(options);
      context.setDefaultTimeout(STEP_MS);
      const person = new Person(context, await context.newPage());
      people.push(person);
      return person;
    },
  };
}

/** Somebody at a browser. What a page must not do is in `faults`, and fails the test. */
export class Person {
  readonly faults: string[] = [];
  /** Origins that pages may ask besides their own: the stand-in of a provider, a program's own server. */
  readonly others = new Set<string>();
  /** Of the page that was opened last, with its form sent or not: what the browser is told to let it do. */
  policy = '';

  constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    page.on('console', (message) => {
      // The status of a page that refuses is told here, too, and is what the test is about.
      if (message.type() !== 'error' || /the server responded with a status of/.test(message.text())) return;
      this.faults.push(`console: ${message.text()}`);
    });
    page.on('response', (response) => {
      if (!response.request().isNavigationRequest() || response.frame() !== page.mainFrame()) return;
      this.policy = response.headers()['content-security-policy'] ?? '';
    });
    page.on('request', (request) => {
      const { origin } = new URL(request.url());
      const own = page.url().startsWith('http') ? new URL(page.url()).origin : origin;
      if (request.isNavigationRequest() || origin === own || this.others.has(origin)) return;
      this.faults.push(`asked another origin: ${request.url()}`);
    });
  }

  /** Fills fields by their labels. */
  async fill(fields: Readonly<Record<string, string>>): Promise<void> {
    for (const [label, value] of Object.entries(fields)) await this.page.getByLabel(label).fill(value);
  }

  /** Presses a button, and waits for what comes of it. */
  async press(name: string): Promise<void> {
    await this.page.getByRole('button', { name, exact: true }).click();
    await this.page.waitForLoadState('load');
  }

  async follow(name: string): Promise<void> {
    await this.page.getByRole('link', { name, exact: true }).click();
    await this.page.waitForLoadState('load');
  }

  heading(): Promise<string> {
    return this.page.locator('h1').innerText();
  }

  /** What is said at once to who does not see it. */
  said(): Promise<string> {
    return this.page.locator('[role=alert], [role=status]').first().innerText();
  }

  /** Where they are, without the origin. */
  get path(): string {
    const { pathname, search } = new URL(this.page.url());
    return pathname + search;
  }

  /**
   * Looks at the page as people see it: light, dark, and 320 px wide, where nothing may stick out; lets axe judge it in
   * both colours, and walks through it with the keyboard; and at what the browser is told to forbid. Keeps a picture of each.
   */
  async look(name: Picture): Promise<void> {
    const { page } = this;
    expect([name, new URL(page.url()).pathname]).toEqual([name, pageOf(name)]);
    mkdirSync(SCREENSHOTS, { recursive: true });
    expect([name, laxIn(this.policy)]).toEqual([name, []]);
    const shoot = (kind: string) =>
      page.screenshot({ path: join(SCREENSHOTS, `${name}-${kind}.png`), fullPage: true });
    const grounds = new Set<string>();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      grounds.add(await page.evaluate<string>(`getComputedStyle(document.documentElement).backgroundColor`));
      expect([name, colorScheme, await this.violations()]).toEqual([name, colorScheme, []]);
      await shoot(colorScheme);
    }
    expect([name, grounds.size]).toEqual([name, 2]);
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    const size = page.viewportSize() ?? { width: 1_280, height: 720 };
    await page.setViewportSize({ width: 320, height: 640 });
    const wide = await page.evaluate<number>(`document.documentElement.scrollWidth`);
    expect([name, wide]).toEqual([name, 320]);
    await shoot('320px');
    await page.setViewportSize(size);
    expect([name, await this.walk()]).toEqual([name, await page.evaluate<string[]>(STOPS)]);
  }

  /** What Tab comes to from the top of the page on, one after the other, where its focus can be seen (WCAG 2.1.1, 2.4.7). */
  private async walk(): Promise<string[]> {
    const stops = await this.page.evaluate<string[]>(STOPS);
    await this.page.evaluate(
      `document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')`,
    );
    const walked: string[] = [];
    for (const _ of stops) {
      await this.page.keyboard.press('Tab');
      walked.push(await this.page.evaluate<string>(FOCUSED));
    }
    return walked;
  }

  /** What axe finds by WCAG 2.2 A and AA and its own best practices. */
  private async violations(): Promise<string[]> {
    // By the debugger: the page's own policy lets no script in.
    return this.page.evaluate(
      `(async () => {
        ${axe};
        const { violations } = await globalThis.axe.run(document, {
          resultTypes: ['violations'],
          // WCAG 2.2, 2.5.8; axe leaves it out unless it is asked for.
          rules: { 'target-size': { enabled: true } },
        });
        return violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | '));
      })()`,
    );
  }
}
