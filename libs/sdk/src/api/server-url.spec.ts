import { AuthClient } from '../node/auth-client.js';
import { LicenseClient } from '../node/license-client.js';
import { quotaMiddleware } from '../node/quota-middleware.js';
import { AuthClient as WebAuthClient } from '../web/auth-client.js';
import { LicenseClient as WebLicenseClient } from '../web/license-client.js';
import { GatehouseApi } from './gatehouse-api.js';

interface Where {
  url: string;
  allowHttp?: boolean;
}

describe('an address of bare HTTP', () => {
  it.each<[string, (where: Where) => unknown]>([
    ['an AuthClient', (where) => new AuthClient({ ...where, directory: null })],
    ['an AuthClient of a page', (where) => new WebAuthClient({ ...where, storage: null })],
    ['a LicenseClient', (where) => new LicenseClient(where)],
    ['a LicenseClient of a page', (where) => new WebLicenseClient({ ...where, storage: null })],
    ['a GatehouseApi', (where) => new GatehouseApi(where)],
    ['quotaMiddleware', (where) => quotaMiddleware({ ...where, meter: 'commands' })],
  ])('on another machine is not taken by %s, unless that is allowed', (_, open) => {
    for (const url of ['http://licences.example', 'http://127.0.0.1.example', 'http://10.0.0.1:8080/gate']) {
      expect(() => open({ url })).toThrow(/in the clear/);
      expect(() => open({ url, allowHttp: true })).not.toThrow();
    }
    for (const url of ['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:8080', 'HTTPS://a.example'])
      expect(() => open({ url })).not.toThrow();
  });

  it('is no place for AuthClient.fetch to carry a token to, either', () => {
    const open = (allowHttp: boolean) =>
      new AuthClient({ url: 'https://a.example', origins: ['http://a.example'], allowHttp, directory: null });
    expect(() => open(false)).toThrow(/in the clear/);
    expect(() => open(true)).not.toThrow();
  });
});
