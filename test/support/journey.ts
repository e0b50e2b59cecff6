import { type Product, startProduct } from './product.js';

/**
 * The product of a file of tests: it starts before the first and stops after the last. It is empty until then, so only
 * tests and hooks may look into it.
 */
export function journeyProduct(settings?: Record<string, string>): Product {
  const product = {} as Product;
  beforeAll(async () => {
    Object.assign(product, await startProduct(settings));
  });
  afterAll(() => product.stop?.());
  return product;
}

/** Lets tests stop the API. Whatever they leave, the next one finds it again, at the same address. */
export function apiOutage(product: Product): { stop(): Promise<void>; restart(): Promise<void> } {
  let isAway = false;
  const restart = async () => {
    if (isAway) product.api = await product.startApi({ PORT: new URL(product.api.url).port });
    isAway = false;
  };
  afterEach(restart);
  return {
    stop: async () => {
      isAway = true;
      await product.api.stop();
    },
    restart,
  };
}
