import { eventually } from './eventually.js';
import { journeyProduct } from './journey.js';
import { promised } from './patience.js';
import { call, type ErrorBody, type RegisteredBody, signUp } from './person.js';
import type { Product, ProductProcess } from './product.js';
import { type ApiKeyBody, reads, type ServiceAccountBody, serviceAccountsOf } from './service-accounts.js';

/** As the audience of what is signed; see startProduct. */
export const BASE_URL = 'http://127.0.0.1';

/** What the service accounts of these tests may do unless they say otherwise. */
export const SCOPES = ['licenses:read', 'audit:read'];

/** What is revoked is refused by every process within two seconds (S2-63). */
export const REVOKED_MS = promised(2_000);

/** Two processes of the product, two organisations, and the service accounts of the first. */
export interface ServiceWorld {
  product: Product;
  /** Another API beside `product.api`. */
  other: ProductProcess;
  ada: RegisteredBody;
  mallory: RegisteredBody;
  /** As Ada manages them. */
  accounts: ReturnType<typeof serviceAccountsOf>;
  /** A service account and its key. */
  made(scopes?: string[], key?: object): Promise<[ServiceAccountBody, ApiKeyBody]>;
  /** The origins of both processes. */
  everywhere(): string[];
  /** Every process takes it. */
  isGood(bearer: string): Promise<void>;
  /** Every process comes to refuse it; within so long, in ms, if that is promised. */
  isOver(bearer: string, withinMs?: number): Promise<void>;
  /** Status and code of a call of the first process. */
  refusalOf(path: string, options: Parameters<typeof call>[1]): Promise<[number, string]>;
}

/** Starts with the file of tests that asks for it, as {@link journeyProduct} does. */
export function serviceWorld(
  settings?: Record<string, string>,
  ofOther: () => Record<string, string> = () => ({}),
): ServiceWorld {
  const product = journeyProduct(settings);
  const world = {
    product,
    made: async (scopes = SCOPES, key = {}) => {
      const account = await world.accounts.create(scopes);
      return [account, await world.accounts.createKey(account.id, key)];
    },
    everywhere: () => [product.api.url, world.other.url],
    isGood: async (bearer) => {
      for (const api of world.everywhere()) expect(await reads(api, bearer)).toBe(200);
    },
    isOver: async (bearer, withinMs) => {
      const look = async () => {
        for (const api of world.everywhere()) expect(await reads(api, bearer)).toBe(401);
      };
      await eventually(look, { withinMs });
    },
    refusalOf: async (path, options) => {
      const { status, body } = await call<ErrorBody>(`${product.v1}${path}`, options);
      return [status, body.error.code];
    },
  } as ServiceWorld;
  beforeAll(async () => {
    world.other = await product.startApi(ofOther());
    [world.ada, world.mallory] = await Promise.all([signUp(product.api.url), signUp(product.api.url)]);
    world.accounts = serviceAccountsOf(product.api.url, world.ada.access_token);
  });
  return world;
}
