/** A real part of the product's surroundings, or one of its own processes, running for us. */
export interface Part {
  name: string;
  url: string;
  pid: number;
  logFile: string;
  /** Resolves when its process is gone, asked for or not, with how it ended in words. Never rejects. */
  ended: Promise<string>;
  /** Graceful; resolves when it is gone. Repeatable. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}
