import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ConfigError, type HealthChecks, METRICS_CONTENT_TYPE, metricsText } from '#platform';
import type { WorkerConfig } from './worker.config.js';

/** What a probe may send is a line and a few headers. */
const LIMITS = {
  maxHeaderSize: 8_192,
  requestTimeout: 5_000,
  headersTimeout: 5_000,
  keepAliveTimeout: 5_000,
};

export interface Probes {
  /** Their origin. */
  url: string;
  close(): Promise<void>;
}

/** Serves /health/live, /health/ready (Postgres alone decides, Redis is shown) and /metrics. */
export async function serveProbes({ host, port }: WorkerConfig, checks: HealthChecks): Promise<Probes> {
  const server = createServer(LIMITS, (request, response) => {
    const path = (request.url ?? '').split('?', 1)[0]!;
    answer(request.method ?? '', path, checks, response).catch(() =>
      send(response, 500, { status: 'failed' }),
    );
  });
  await listen(server, host, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  method: string,
  path: string,
  checks: HealthChecks,
  response: ServerResponse,
): Promise<void> {
  if (method !== 'GET' && method !== 'HEAD') return send(response, 405, { status: 'method not allowed' });
  if (path === '/health/live') return send(response, 200, { status: 'ok' });
  if (path === '/health/ready') {
    const { database, redis } = await checks.findings();
    const ready = database.status === 'up';
    return send(response, ready ? 200 : 503, {
      status: ready ? 'ready' : 'unready',
      checks: { database, redis },
    });
  }
  if (path === '/metrics') {
    response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE }).end(await metricsText());
    return;
  }
  send(response, 404, { status: 'not found' });
}

function send(response: ServerResponse, status: number, body: object): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError([`WORKER_PORT: the probes cannot listen on ${host}:${port} (${code}).`]);
  }
}
