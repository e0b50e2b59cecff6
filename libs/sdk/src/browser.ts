/** The client for browsers: no files; what is remembered lies in the page's storage. */
export * from './portable.js';
export { webCrypto as platformCrypto } from './crypto/web-crypto.js';
export { AuthClient, type WebAuthClientOptions } from './web/auth-client.js';
export { LicenseClient, type WebLicenseClientOptions } from './web/license-client.js';
export type { PageLocks, PageStorage } from './web/storage.js';
