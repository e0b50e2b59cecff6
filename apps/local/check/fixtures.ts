import { program } from '../paths.js';
import { execute, failed, passed, type Step } from './step.js';

const FOLDER = 'test/fixtures/stripe';

/** Recorded webhooks are what Stripe sends, and nobody's: the linter that operators have, over our own. */
export const fixtures: Step = {
  name: 'fixtures',
  async run() {
    const { code, stdout, output } = await execute(process.execPath, [
      ...[program('apps/cli/main.js'), 'stripe', 'lint', FOLDER],
    ]);
    return code === 0 ? passed(stdout.trim()) : failed(output);
  },
};
