/** The client for browsers: no files. Keep an OfflineState with encodeOfflineState where the page keeps its things. */
export * from './portable.js';
export { webCrypto as platformCrypto } from './crypto/web-crypto.js';
