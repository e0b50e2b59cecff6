/** What Jest runs before the first browser test, and only where one is to run: no other tier needs a browser. */
import { findBrowser } from './parts/browser.js';

export default async function provideBrowser(): Promise<void> {
  // Jest's workers inherit it.
  process.env.GATEHOUSE_TEST_BROWSER = await findBrowser(process.env);
}
