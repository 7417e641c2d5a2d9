export type Sender = 'admin' | 'system' | 'pilot' | 'user' | 'visitor' | 'nobody' | 'anonymous' | 'forger';

/** Existing objects by the name of the parameter or member that takes their ids. */
export type Targets = Readonly<Record<string, readonly string[]>>;

/** What makes a request valid where the schema is not enough. */
export interface Example {
  /** Targets of path parameters that take those of another name. */
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: (targets: Targets) => string;
  /** The sender, where roles do not decide. */
  readonly sender?: Sender;
}
