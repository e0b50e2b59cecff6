/** `npm start`. */
import { runLocally } from './run-locally.js';

await runLocally();
