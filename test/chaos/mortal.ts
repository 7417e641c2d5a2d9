import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Variables } from '../harness/cairn-process.js';

/** A program that is killed and started again. */
export class Mortal {
  private child: ChildProcess | undefined;
  private text = '';

  constructor(
    private readonly args: readonly string[],
    private readonly variables: Variables = {},
  ) {}

  start(): void {
    const child = spawn(process.execPath, this.args, {
      env: { ...process.env, ...this.variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.text = `${this.text}${chunk.toString()}`.slice(-10_000);
    });
    this.child = child;
  }

  /** What it had to complain about. */
  get complaints(): string {
    return this.text;
  }

  get isRunning(): boolean {
    return this.child !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  async kill(): Promise<void> {
    if (this.child === undefined || !this.isRunning) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
