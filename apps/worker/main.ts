import { NestFactory } from '@nestjs/core';
import {
  countProcess,
  createLog,
  HealthChecks,
  loadConfig,
  NestLog,
  readEnvironment,
  run,
  RuntimeConfig,
} from '#platform';
import { serveProbes } from './probes.js';
import { WorkerConfig } from './worker.config.js';
import { WORKER_CONCERNS, WorkerModule } from './worker.module.js';

run(async () => {
  // Faults of the configuration are told before a module is made, all at once.
  const settings = loadConfig(WORKER_CONCERNS, readEnvironment());
  const log = createLog({ process: 'worker', level: settings.of(RuntimeConfig).logLevel });

  const app = await NestFactory.createApplicationContext(WorkerModule.forRoot(log, settings), {
    logger: new NestLog(log),
    abortOnError: false,
  });
  countProcess();
  const probes = await serveProbes(settings.of(WorkerConfig), app.get(HealthChecks));

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'The worker stops: it takes no more events and ends those it has begun.');
    await app.close();
    await probes.close();
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => run(() => stop(signal)));
  process.once('SIGINT', (signal) => run(() => stop(signal)));

  log.info({ url: probes.url }, 'The worker runs.');
  process.send?.({ type: 'ready', url: probes.url });
});
