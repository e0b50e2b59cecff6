/** `npm run demo`: plays the main job against the Gatehouse that `npm start` runs, for people to watch. */
import { readRunning } from './demo/running.js';
import { Stage } from './demo/stage.js';
import { play } from './demo/story.js';
import { runtimeFile } from './paths.js';
import { runVerb } from './refusal.js';

await runVerb(async () => {
  // Another clone's, or a test's: npm run demo -- ../other/.gatehouse/runtime.json
  const running = readRunning(process.argv[2] ?? runtimeFile);
  const stage = new Stage((line) => void process.stdout.write(`${line}\n`));
  await play(running, stage);
  process.stdout.write(`\n${stage.steps} steps, and every answer was as it should be.\n`);
});
