import { diskSentence } from './stop.mjs';

/** Why npm failed, in a sentence where its output tells, else the end of that. */
export function explain(output, code) {
  const disk = diskSentence(output);
  if (disk) return disk;
  if (/EACCES|EPERM/.test(output))
    return `npm may not write in node_modules: it was probably made by another user.\n${output.trim()}`;
  const host = /https?:\/\/[^\s/]+/.exec(output)?.[0];
  if (
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT/.test(
      output,
    )
  ) {
    return `The npm registry${host ? ` (${host})` : ''} cannot be reached: check the network or npm's registry and proxy settings, then run the command again.`;
  }
  if (/EUSAGE/.test(output)) {
    const lines = output.split('\n').filter((line) => /Missing:|Invalid:/.test(line));
    return `package-lock.json does not fit package.json, so npm ci installs nothing:\n${lines.slice(0, 5).join('\n')}`;
  }
  return `npm ci failed (${code}):\n${lastLines(output)}`;
}

function lastLines(output) {
  return output
    .trim()
    .split('\n')
    .filter((line) => !/^npm warn/.test(line))
    .slice(-20)
    .join('\n');
}
