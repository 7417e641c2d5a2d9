import { Injectable } from '@nestjs/common';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import { RecordPilotReport } from '#contracts/panda/harvester.js';
import { within } from '../protocol/time-limit.js';

/** What a pilot sends, in the terms of the new API; nothing of it is checked yet. */
export interface SentReport {
  readonly worker_id: unknown;
  readonly harvester_id: unknown;
  readonly status: unknown;
  readonly node_id: unknown;
  readonly timeout: unknown;
}

const STATUSES = ['started', 'finished'] as const;

/** Records what pilots say of their workers, whether or not the workers are known (PanDA contract 6.7, D27). */
@Injectable()
export class PilotReports {
  constructor(private readonly bus: Bus) {}

  async record(
    context: MessageContext,
    sent: SentReport,
  ): Promise<'stored' | 'wrong status' | 'wrong worker' | 'late'> {
    const status = STATUSES.find((known) => known === sent.status);
    if (status === undefined) return 'wrong status';
    const { harvester_id } = sent;
    const worker_id = workerIdIn(sent.worker_id);
    if (worker_id === undefined || typeof harvester_id !== 'string') return 'wrong worker';
    const node_id = typeof sent.node_id === 'string' ? sent.node_id : null;
    const reply = await within(context, sent.timeout, (limited) =>
      this.bus.request(RecordPilotReport, { harvester_id, worker_id, status, node_id }, limited),
    );
    return reply === undefined ? 'late' : 'stored';
  }
}

/** Pilots send texts, harvester numbers (contract 13, trap 24). */
const workerIdIn = (value: unknown): number | undefined => {
  const id = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof id === 'number' && Number.isSafeInteger(id) && id >= 0 ? id : undefined;
};
