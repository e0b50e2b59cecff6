import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import { Server } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { onEnd } from './on-end.js';

/** A port that is busier than this is closed all the same, in ms. */
const QUEUE_EMPTY_WITHIN_MS = 2_000;
/** A turn of the loop in which hardly anything can have come, in ms. */
const SHORT_TURN_MS = 0.3;

/** Longer than a client takes from connecting, or from an answer, to its next request's first byte, in ms. */
const QUIET_MS = 500;

type End = () => void;

const ends = new WeakMap<FastifyInstance, Set<End>>();
const drained = new WeakSet<FastifyInstance>();

/**
 * For an answer that does not end by itself: `end` is called when the API stops, at once if it is stopping. Gives what takes
 * that back, when the answer is over.
 */
export function endAtDrain(server: FastifyInstance, end: End): () => void {
  if (drained.has(server)) end();
  const known = ends.get(server) ?? new Set();
  ends.set(server, known.add(end));
  return () => void known.delete(end);
}

/**
 * Ends an API without cutting anything. Closing the server at once would reset connections that have been accepted
 * and whose request is on its way. So the port is closed first, every answer from then on asks its client to leave,
 * and what is still connected is closed once nothing has come for a while.
 */
export class Drain {
  private readonly http: HttpServer;
  private readonly server: FastifyInstance;
  private accepted = 0;
  private inFlight = 0;
  private draining = false;
  private timer?: NodeJS.Timeout;
  private becomeQuiet: () => void = () => undefined;

  /** Before the application listens. */
  constructor(app: NestFastifyApplication) {
    this.http = app.getHttpServer() as HttpServer;
    this.http.on('connection', () => (this.accepted += 1));
    const server = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
    this.server = server;
    // What an earlier hook refused never comes to ours, and its end is told all the same.
    const counted = new WeakSet<FastifyRequest>();
    server.addHook('onRequest', (request, _reply, done) => {
      this.inFlight += 1;
      counted.add(request);
      done();
    });
    server.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.draining) void reply.header('connection', 'close');
      done();
    });
    onEnd(server, (request) => {
      if (counted.delete(request)) this.inFlight -= 1;
      if (this.draining) this.waitForQuiet();
    });
  }

  /** Resolves when everything accepted has been answered; the application may be closed then. */
  async run(): Promise<void> {
    this.draining = true;
    drained.add(this.server);
    for (const end of ends.get(this.server) ?? []) end();
    const quiet = new Promise<void>((resolve) => (this.becomeQuiet = resolve));
    await this.queueEmpty();
    const allGone = once(this.http, 'close');
    Server.prototype.close.call(this.http);
    this.waitForQuiet();
    await Promise.race([quiet, allGone]);
    clearTimeout(this.timer);
    // Also who has connected and never asked anything: to Node that is no idle connection, and it would wait 30 s for it.
    this.http.closeAllConnections();
  }

  /**
   * Closing the port resets what waits in the kernel's queue to be accepted, and nobody can ask how many do. Right
   * behind a short turn of the loop that accepted none there are fewest.
   */
  private async queueEmpty(): Promise<void> {
    const began = performance.now();
    let turned = began;
    while (turned - began < QUEUE_EMPTY_WITHIN_MS) {
      const { accepted } = this;
      await nextTurn();
      const now = performance.now();
      if (this.accepted === accepted && now - turned < SHORT_TURN_MS) return;
      turned = now;
    }
  }

  private waitForQuiet(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.inFlight === 0) this.becomeQuiet();
    }, QUIET_MS);
  }
}
