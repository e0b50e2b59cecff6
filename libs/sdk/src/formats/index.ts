export * from './crc16.js';
export * from './license-key.js';
