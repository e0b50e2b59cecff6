/** For what must not be done with a stolen token: its owner showed who they are so many seconds ago at most. */
export const STEP_UP = { maxAgeSeconds: 600, orBy: [] };
