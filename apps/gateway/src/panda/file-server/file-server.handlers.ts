import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { Bus } from '#bus/bus.js';
import type { MessageContext } from '#bus/contract.js';
import {
  AdmitSandbox,
  AppendToCacheFile,
  DeleteCacheFile,
  FindSandbox,
  MakeOperatorRequest,
  RegisterCacheFile,
  StoreCacheFile,
  type StoredFile,
  StoreSandbox,
  TouchCacheFile,
  type UploadRefusal,
} from '#contracts/panda/cache.js';
import type { OperatorRequestKind } from '#contracts/panda/cache-events.js';
import { Environment } from '#platform/environment.js';
import type { BlobContent } from '#storage/blob-store.js';
import { stepOf } from '../../route/message-context.js';
import { principalOf } from '../protocol/caller.js';
import {
  type CallOf,
  type Envelope,
  failure,
  type Handlers,
  type PandaCall,
  success,
  TextAnswer,
  type UploadedFile,
} from '../protocol/function.js';
import { CacheContent, textOf } from './cache-content.js';
import { atMost, compressed, ContentTooLong, decompressed, matchesAny, Tail, zlibProblem } from './content.js';
import { baseName, checkpointName, jediLogPath } from './file-name.js';
import type { fileServerFunctions } from './file-server.functions.js';
import { CHECKPOINT_BYTES_MAX, LOG_BYTES_MAX, sandboxSizeProblem, UPLOAD_BYTES_MAX } from './size-limits.js';

type Functions = typeof fileServerFunctions;
type Uploading = PandaCall<{ file: Functions['upload_cache_file']['parameters']['file'] }>;

const ACCEPTED = 'The request was accepted and will be processed in a few minutes';

const WHY_REFUSED: Readonly<Record<UploadRefusal, string>> = {
  exists: 'ERROR: cannot overwrite file',
  registered: 'ERROR : failed to register sandbox to DB with WARNING: file exist',
};

/** Of sandboxes with this end nothing is registered (contract 7.4). */
const UNREGISTERED = '.out';

const FOREIGN = 'it belongs to another user';
const NO_NAME = 'the file has no usable name';

/** What comes of storing a file. */
type Outcome<Refusal> = Partial<StoredFile> & { readonly refusal?: Refusal };

/** Where the client has reached the server. */
const urlOf = ({ request: { scheme, host } }: PandaCall, path: string): string =>
  `${scheme}://${host}/cache/${path.split('/').map(encodeURIComponent).join('/')}`;

/** Of a server, without its port: panda-client appends its own. */
const nameOf = (host: string): string => host.replace(/:\d+$/u, '');

const limited = ({ content }: UploadedFile): AsyncIterable<Uint8Array> => atMost(content, UPLOAD_BYTES_MAX);

/** What is wrong with content that could not be stored, if it is the content. */
const contentProblem = (error: unknown): string | undefined =>
  error instanceof ContentTooLong ? error.message : zlibProblem(error);

/** Sandboxes, logs, checkpoints, and requests that operators look after (contract 6.3, 7). */
@Injectable()
export class FileServerHandlers implements Handlers<Functions> {
  constructor(
    private readonly bus: Bus,
    private readonly content: CacheContent,
    private readonly environment: Environment,
  ) {}

  async upload_jedi_log(call: Uploading): Promise<Envelope> {
    const { file } = call.parameters;
    if (file.contentLength > LOG_BYTES_MAX) return failure('ERROR: upload failure. Exceeded size limit');
    const name = baseName(file.fileName);
    if (name === undefined) return failure(`failed to write log with ${NO_NAME}`);
    try {
      await this.store(call, jediLogPath(name), limited(file));
    } catch (error) {
      const problem = contentProblem(error);
      if (problem === undefined) throw error;
      return failure(`failed to write log with ${problem}`);
    }
    return success(urlOf(call, jediLogPath(name)));
  }

  async update_jedi_log(call: Uploading): Promise<Envelope> {
    const { file } = call.parameters;
    const cannot = (why: string): Envelope => failure(`ERROR: cannot update file with ${why}`);
    const path = baseName(file.fileName);
    if (path === undefined) return cannot(NO_NAME);
    const { owner, is_production, context } = this.change(call);
    try {
      const text = atMost(decompressed(file.content), UPLOAD_BYTES_MAX);
      const reply = await this.content.store('file', text, context, async (blob, named): Promise<Outcome<'foreign'>> =>
        this.bus.request(AppendToCacheFile, { path, owner, is_production, blob }, named),
      );
      return reply.refusal === undefined ? success() : cannot(FOREIGN);
    } catch (error) {
      const problem = contentProblem(error);
      if (problem === undefined) throw error;
      return cannot(problem);
    }
  }

  async download_jedi_log({
    parameters: { log_name, offset },
    context,
  }: CallOf<Functions['download_jedi_log']>): Promise<TextAnswer> {
    const path = baseName(log_name);
    const found = path === undefined ? undefined : await this.content.read(path, context, Math.max(0, offset));
    return new TextAnswer(found === undefined ? ' ' : behindBlank(textOf(found.content)));
  }

  async upload_cache_file(call: Uploading): Promise<Envelope> {
    const { file } = call.parameters;
    const path = baseName(file.fileName);
    if (path === undefined) return failure('ERROR: cannot write file');
    const problem = sandboxSizeProblem(path, file.contentLength);
    if (problem !== undefined) return failure(problem);
    const { owner, context } = this.change(call);
    const { host } = call.request;
    const admission = await this.bus.request(AdmitSandbox, { path, owner, host }, stepOf(context, 'admit'));
    if (admission.refusal !== undefined) return failure(WHY_REFUSED[admission.refusal]);
    const tail = new Tail();
    const is_registered = !path.endsWith(UNREGISTERED);
    try {
      const content = tail.of(atMost(this.asKept(path, file.content), UPLOAD_BYTES_MAX));
      const reply = await this.content.store(
        'file',
        content,
        context,
        async (blob, named): Promise<Outcome<UploadRefusal>> =>
          this.bus.request(StoreSandbox, { path, owner, host, blob, checksum: tail.checksum, is_registered }, named),
      );
      return reply.refusal === undefined ? success() : failure(WHY_REFUSED[reply.refusal]);
    } catch (error) {
      if (error instanceof ContentTooLong) return failure('ERROR: cannot write file');
      throw error;
    }
  }

  async touch_cache_file({ parameters, context }: CallOf<Functions['touch_cache_file']>): Promise<Envelope> {
    const path = baseName(parameters.file_name);
    const { found } = path === undefined ? { found: false } : await this.bus.request(TouchCacheFile, { path }, context);
    return found ? success() : failure(`Failed to touch file with: No such file: '${parameters.file_name}'`);
  }

  delete_cache_file(): Envelope {
    return success();
  }

  async register_cache_file({
    parameters: { user_name, file_name: name, file_size, checksum },
    context,
    request: { host },
  }: CallOf<Functions['register_cache_file']>): Promise<Envelope> {
    const file_name = baseName(name);
    if (file_name === undefined) return failure('ERROR: DB failure');
    const registration = { host, file_name, user_name, file_size, checksum };
    const { registered } = await this.bus.request(RegisterCacheFile, { registration }, context);
    return registered ? success() : failure('WARNING: file exist');
  }

  async validate_cache_file(call: CallOf<Functions['validate_cache_file']>): Promise<Envelope> {
    const { parameters, context } = call;
    const { found } = await this.bus.request(
      FindSandbox,
      { user_name: principalOf(call).name, ...parameters },
      context,
    );
    return found === undefined ? failure('NOTFOUND') : success(null, `FOUND:${nameOf(found.host)}:${found.file_name}`);
  }

  async upload_hpo_checkpoint(call: Uploading): Promise<Envelope> {
    const { file } = call.parameters;
    const [, task, point] = /^([^_]+)_([^_]+)$/.exec(baseName(file.fileName) ?? '') ?? [];
    if (task === undefined || point === undefined) return failure('Failed to extract task and sub IDs');
    const { contentLength } = file;
    if (contentLength <= 0) return failure('Cannot get content-length');
    if (contentLength > CHECKPOINT_BYTES_MAX) {
      return failure(`Exceeded size limit ${String(contentLength)}>${String(CHECKPOINT_BYTES_MAX)}`);
    }
    const name = checkpointName(task, point);
    if (baseName(name) === undefined) return failure('Failed to extract task and sub IDs');
    const { refusal } = await this.store(call, name, limited(file));
    return refusal === undefined
      ? success(name, `Successfully placed at ${name}`)
      : failure(`Failed to place ${name} because ${FOREIGN}`);
  }

  async delete_hpo_checkpoint(call: CallOf<Functions['delete_hpo_checkpoint']>): Promise<Envelope> {
    const { task_id, sub_id } = call.parameters;
    const path = checkpointName(task_id, sub_id);
    const { owner, is_production, context } = this.change(call);
    const { refusal } = await this.bus.request(DeleteCacheFile, { path, owner, is_production }, context);
    if (refusal === undefined) return success();
    return failure(`Failed to delete file due to ${refusal === 'absent' ? `No such file: '${path}'` : FOREIGN}`);
  }

  async upload_file_recovery_request(call: CallOf<Functions['upload_file_recovery_request']>): Promise<Envelope> {
    const { parameters } = call;
    if (parameters.task_id === null && parameters.dataset === null) {
      return failure('Either task_id or dataset must be provided');
    }
    const request_id = await this.askOperators(call, 'file_recovery', parameters, parameters.task_id);
    const path = jediLogPath(`lost_file_recovery.${request_id}.log`);
    await this.store(
      { ...call, context: stepOf(call.context, 'log') },
      path,
      `Request ${request_id} waits for the operators: no data management is configured.\n`,
    );
    return success({ logFileURL: urlOf(call, path) }, ACCEPTED);
  }

  async upload_workflow_request(call: CallOf<Functions['upload_workflow_request']>): Promise<Envelope> {
    const { data, dry_run, sync } = call.parameters;
    const cannot = (why: string): Envelope => failure(`Cannot upload the workflow request: ${why}`);
    let workflow: unknown;
    try {
      workflow = JSON.parse(data);
    } catch (error) {
      return cannot(error instanceof Error ? error.message : String(error));
    }
    if (dry_run || sync) return cannot('workflow engine is not configured');
    await this.askOperators(call, 'workflow', { data: workflow });
    return success(null, ACCEPTED);
  }

  async upload_event_picking_request(call: CallOf<Functions['upload_event_picking_request']>): Promise<Envelope> {
    await this.askOperators(call, 'event_picking', call.parameters);
    return success();
  }

  /** Content in the form in which names like this are kept (contract 7.3). */
  private asKept(name: string, content: Readable): Readable {
    return matchesAny(name, this.environment.PANDA_CACHE_GZIP) ? compressed(content) : content;
  }

  private change(call: PandaCall): { owner: string; is_production: boolean; context: MessageContext } {
    const { name, isProduction } = principalOf(call);
    return { owner: name, is_production: isProduction, context: call.context };
  }

  /** Stores a log or checkpoint. */
  private store(call: PandaCall, path: string, content: BlobContent): Promise<Outcome<'foreign'>> {
    const { owner, is_production, context } = this.change(call);
    return this.content.store('file', content, context, async (blob, named): Promise<Outcome<'foreign'>> =>
      this.bus.request(StoreCacheFile, { path, owner, is_production, blob }, named),
    );
  }

  /** @returns the id of the request */
  private async askOperators(
    call: PandaCall,
    kind: OperatorRequestKind,
    document: object,
    taskId: number | null = null,
  ): Promise<string> {
    const { request_id } = await this.content.store('request', JSON.stringify(document), call.context, (blob, named) =>
      this.bus.request(
        MakeOperatorRequest,
        { kind, user_name: principalOf(call).name, ...(taskId !== null && { task_id: taskId }), blob },
        named,
      ),
    );
    return request_id;
  }
}

async function* behindBlank(text: AsyncIterable<string>): AsyncGenerator<string, void, void> {
  yield ' ';
  yield* text;
}
