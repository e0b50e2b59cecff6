/** What runs where: the shape of .gatehouse/runtime.json, which the demo, the drills and people read. */
export interface Runtime {
  api: RunningPart;
  worker: RunningPart;
  postgres: RunningPart;
  redis: RunningPart;
  firebase_auth: RunningPart;
  mail: RunningPart & { smtp_url: string | null };
  /** Stripe's own API when a key was brought: then there is no `url`. */
  stripe: RunningPart & { webhook_secret: string };
}

/** `pid` is null for a part that was brought by a setting, `url` where such a part has none to show. */
export interface RunningPart {
  url: string | null;
  pid: number | null;
}

export function runtimeOf(parts: Runtime): Runtime {
  const part = ({ url, pid }: RunningPart): RunningPart => ({ url, pid });
  return {
    api: { ...part(parts.api), url: originOf(parts.api.url) },
    worker: part(parts.worker),
    postgres: part(parts.postgres),
    redis: part(parts.redis),
    firebase_auth: { ...part(parts.firebase_auth), url: originOf(parts.firebase_auth.url) },
    mail: { ...part(parts.mail), smtp_url: parts.mail.smtp_url },
    stripe: { ...part(parts.stripe), webhook_secret: parts.stripe.webhook_secret },
  };
}

/** An API that listens on every address is reached at this one. */
function originOf(url: string | null): string | null {
  if (url === null) return null;
  const origin = new URL(url);
  if (['0.0.0.0', '[::]'].includes(origin.hostname)) origin.hostname = '127.0.0.1';
  return origin.origin;
}
