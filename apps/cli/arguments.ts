import { InvalidArgumentError } from 'commander';

/** A date or an instant of an option; `never` is null. */
export function instant(text: string): Date | null {
  if (text === 'never') return null;
  const when = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}(T|$)/.test(text) && !Number.isNaN(when.getTime())) return when;
  throw new InvalidArgumentError('must be a date like 2027-01-31 or 2027-01-31T12:00:00Z, or never.');
}

/** A whole number of 1 or more. */
export function counting(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('must be a whole number of 1 or more.');
}
