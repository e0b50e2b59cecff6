/** One line of the trail. Written once, never changed. */
export interface AuditEntry {
  /** Made of what it tells of, so that telling it twice writes it once. */
  id: string;
  actor: { type: string; id: string | null; act?: string };
  /** Whose action it was, where a person stands behind it. */
  userId: string | null;
  action: string;
  subject: string | null;
  outcome: 'success' | 'refused';
  metadata: Record<string, unknown>;
  address: string | null;
  traceId: string;
  createdAt: Date;
}
