import type { FastifyRequest } from 'fastify';
import { originOf } from '#platform';
import { deviceIdOf, type DeviceOrigin, MAX_USER_AGENT } from '../sessions/device.js';

export const deviceOriginOf = (request: FastifyRequest): DeviceOrigin => ({
  ...originOf(request),
  // Postgres takes no NUL in a text.
  userAgent: request.headers['user-agent']?.slice(0, MAX_USER_AGENT).replaceAll('\0', '') || null,
  deviceId: deviceIdOf(request.headers['x-device-id']),
});
