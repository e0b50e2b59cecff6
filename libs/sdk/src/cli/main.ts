#!/usr/bin/env node
import { variables } from './environment.js';
import { gatehouse } from './program.js';

/** What is still under way after a verb has ended, as a call that nobody answers, is not waited for, ms. */
const LINGER_MS = 500;

// Whoever read our output has seen enough, as `head` does; a command that runs goes on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

process.exitCode = await gatehouse(process.argv.slice(2), variables());
setTimeout(() => process.exit(), LINGER_MS).unref();
