/** An ending whose message is the whole explanation. */
export class Stop extends Error {
  name = 'Stop';
}

/** The sentence for a failure of the file system, or undefined. */
export function diskSentence(text) {
  if (/ENOSPC|no space left/i.test(text))
    return 'The disk is full: free some space and run the command again.';
  if (/EDQUOT|quota exceeded/i.test(text))
    return 'The disk quota is used up: free some space and run the command again.';
  if (/EROFS|read-only file system/i.test(text))
    return 'The disk is read-only here: Gatehouse is installed and built inside its clone.';
  return undefined;
}
