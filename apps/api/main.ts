import {
  assertEveryRouteIsDeclared,
  createHttpApp,
  createLog,
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
  assertEveryRouteIsDeclared(app);
  app.enableShutdownHooks(['SIGTERM', 'SIGINT']);
  await app.listen(http.port, http.host);

  const url = await app.getUrl();
  log.info({ url }, 'The API listens.');
  process.send?.({ type: 'ready', url });
});
