import { z } from 'zod';
import { idOf } from '#platform';

const userId = idOf('usr').nullable();

const PlacedSeatView = z.object({
  id: z.string(),
  /** A keyed hash, as the audit trail and the list of devices name it. */
  device: z.string(),
  userId,
  since: z.date(),
  expiresAt: z.date(),
  own: z.boolean(),
});

export const PlacedSeatPage = z.object({ data: z.array(PlacedSeatView), nextCursor: z.string().nullable() });

const SeatDayView = z.object({
  day: z.iso.date(),
  /** The most that were held at a time. */
  peak: z.int(),
  acquired: z.int(),
  released: z.int(),
  lapsed: z.int(),
  ended: z.int(),
  refused: z.int(),
  /** How many different ones took a seat. */
  devices: z.int(),
  users: z.int(),
});

export const SeatStatisticsView = z.object({ data: z.array(SeatDayView) });

export const FreedView = z.object({ status: z.literal('freed') });

const DeviceView = z.object({ device: z.string(), userId, boundAt: z.date() });

export const DevicePage = z.object({ data: z.array(DeviceView), nextCursor: z.string().nullable() });

export const UnboundView = z.object({ status: z.literal('unbound') });

/** Answers as the documentation shows them. */
export const PLACED_SEAT_EXAMPLE = {
  id: '9b1d4f6a0c8e2735d1f0a4b6c8e29173',
  device: '5f3c9a1e7b2d48c60a9be4d1f7c35a82',
  user_id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d',
  since: '2026-11-22T09:30:00.000Z',
  expires_at: '2026-11-22T09:36:00.000Z',
  own: true,
};

export const SEAT_DAY_EXAMPLE = {
  day: '2026-11-22',
  ...{ peak: 4, acquired: 9, released: 6, lapsed: 1, ended: 0, refused: 2, devices: 5, users: 3 },
};

export const DEVICE_EXAMPLE = {
  device: PLACED_SEAT_EXAMPLE.device,
  user_id: PLACED_SEAT_EXAMPLE.user_id,
  bound_at: PLACED_SEAT_EXAMPLE.since,
};
