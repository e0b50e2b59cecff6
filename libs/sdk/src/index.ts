/** The client for Node. */
export * from './portable.js';
export { nodeCrypto as platformCrypto } from './crypto/node-crypto.js';
export { AuthClient, type NodeAuthClientOptions } from './node/auth-client.js';
export type { BrowserSignIn } from './node/browser-sign-in.js';
export { saveExport } from './node/export-file.js';
export { machineHardwareId } from './node/hardware-id.js';
export { LicenseClient, type NodeLicenseClientOptions } from './node/license-client.js';
export { openBrowser } from './node/open-browser.js';
export {
  type Customer,
  type Middleware,
  quotaMiddleware,
  type QuotaMiddlewareOptions,
} from './node/quota-middleware.js';
export { authFile } from './state/auth-file.js';
export { type DirectoryOptions, stateDirectory } from './state/directory.js';
export { type LockOptions, StateLocked } from './state/file-lock.js';
export { offlineFile } from './state/offline-file.js';
export { type Codec, StateFile } from './state/state-file.js';
