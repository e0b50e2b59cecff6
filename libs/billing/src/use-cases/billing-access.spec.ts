import { Actor, type HttpConfig, newId } from '#platform';
import type { BillingConfig } from '../billing.config.js';
import { BillingAccess } from './billing-access.js';

const http = { baseUrl: 'https://gatehouse.acme.example', allowedOrigins: [] } as unknown as HttpConfig;
const access = new BillingAccess({ isEnabled: true } as BillingConfig, http);
const actor = (more: Partial<ConstructorParameters<typeof Actor>[0]>) =>
  new Actor({
    ...{ type: 'user', id: newId('usr'), tenantId: newId('ten'), scopes: ['billing:read', 'billing:manage'] },
    ...{ emailVerified: true, origin: { traceId: 'trace', address: null } },
    ...more,
  });
const code = (code: string) => expect.objectContaining({ code });

describe('who may see and change what is billed', () => {
  it('is whoever has the scope, and has proved their address', () => {
    expect(() => access.mayManage(actor({}))).not.toThrow();
    expect(() => access.mayRead(actor({ emailVerified: false }))).toThrow(code('EMAIL_NOT_VERIFIED'));
    expect(() => access.mayManage(actor({ emailVerified: false }))).toThrow(code('EMAIL_NOT_VERIFIED'));
    expect(() => access.mayManage(actor({ scopes: ['billing:read'] }))).toThrow(code('MISSING_SCOPE'));
  });

  it('is a program with the scope, which has no address', () => {
    const program = actor({ type: 'service', id: newId('svc'), emailVerified: undefined });
    expect(() => access.mayRead(program)).not.toThrow();
    expect(() => access.mayManage(program)).not.toThrow();
  });
});
