import {
  createHttpApp,
  createLog,
  Drain,
  HttpConfig,
  loadConfig,
  readEnvironment,
  run,
  RuntimeConfig,
} from '#platform';
import { API_CONCERNS, ApiModule } from './api.module.js';

run(async () => {
  // Faults of the configuration are told before a module is made, all at once.
  const settings = loadConfig(API_CONCERNS, readEnvironment());
  const http = settings.of(HttpConfig);
  const log = createLog({ process: 'api', level: settings.of(RuntimeConfig).logLevel });

  const app = await createHttpApp(ApiModule.forRoot(log, settings), log, http);
  const drain = new Drain(app);
  await app.listen(http.port, http.host);

  const stop = async (signal: NodeJS.Signals) => {
    log.info({ signal }, 'The API stops: it takes no more connections and answers what it has taken.');
    await drain.run();
    await app.close();
    process.exit(0);
  };
  process.once('SIGTERM', (signal) => run(() => stop(signal)));
  process.once('SIGINT', (signal) => run(() => stop(signal)));

  const url = await app.getUrl();
  log.info({ url }, 'The API listens.');
  process.send?.({ type: 'ready', url });
});
