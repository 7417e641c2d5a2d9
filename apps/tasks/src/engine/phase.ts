/** What a status means to the engine, whatever word a dialect has for it. */
export type Phase = 'held' | 'blocked' | 'ready' | 'claimed' | 'running' | 'succeeded' | 'failed' | 'cancelled';
