import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import type { Person } from './browser.js';
import { PASSWORD } from './person.js';
import { type Product, startProduct } from './product.js';

/** The product at an address that it knows, as pages need it: their forms come from there, and from nowhere else. */
export function pagesProduct(settings?: Record<string, string>): Product {
  const product = {} as Product;
  beforeAll(async () => {
    Object.assign(product, await startAtItsAddress(settings));
  });
  afterAll(() => product.stop?.());
  return product;
}

/** The same for who stops it by themselves. */
export async function startAtItsAddress(settings: Record<string, string> = {}): Promise<Product> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  // Only the API listens there: the worker has a port of its own.
  return startProduct({ BASE_URL: `http://127.0.0.1:${port}`, PORT: String(port), ...settings });
}

/** Another tab of the same browser, where an application signs somebody in by the API, in cookies. */
export async function signInElsewhere(person: Person, product: Product, email: string): Promise<void> {
  const tab = await person.context.newPage();
  const application = `${product.api.url}/an-application`;
  // Our own pages' policy lets no script ask anything.
  await tab.route(application, (route) =>
    route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>An application</title>' }),
  );
  await tab.goto(application);
  const status = await tab.evaluate<number>(`fetch('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'gatehouse-session': 'cookie' },
    body: ${JSON.stringify(JSON.stringify({ email, password: PASSWORD }))},
  }).then((answer) => answer.status)`);
  if (status !== 200) throw new Error(`Signing in was answered ${status}.`);
  await tab.close();
}
