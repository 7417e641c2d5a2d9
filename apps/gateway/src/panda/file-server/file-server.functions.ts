import { defineFunction, optional, required } from '../protocol/function.js';
import { RUN_LIST_BYTES_MAX } from './size-limits.js';

const module = 'file_server';

/** A checksum is a text of digits; clients send it as a number too (contract 1.6). */
const digits = (value: unknown): string | undefined => (Number.isSafeInteger(value) ? String(value) : undefined);

const file = required('file', { description: 'the content' });

export const runListTooLarge = (contentLength: number): string =>
  `Run/event list is too large. Exceeded size limit ${String(contentLength)}>${String(RUN_LIST_BYTES_MAX)}.`;

/** PanDA contract 6.3. */
export const fileServerFunctions = {
  upload_jedi_log: defineFunction({
    module,
    name: 'upload_jedi_log',
    methods: ['POST'],
    access: 'production',
    parameters: { file },
    summary: 'Upload a log, in place of the one before',
    data: { type: ['string', 'null'], description: 'where it can be read' },
    records: ['CacheFileStored'],
  }),
  update_jedi_log: defineFunction({
    module,
    name: 'update_jedi_log',
    methods: ['POST'],
    access: 'production',
    parameters: { file },
    summary: 'Make a log longer by content that is compressed with zlib',
    records: ['CacheFileAppended'],
  }),
  download_jedi_log: defineFunction({
    module,
    name: 'download_jedi_log',
    methods: ['GET', 'POST'],
    access: 'secure',
    relaxed: 'none',
    parameters: { log_name: required('str'), offset: optional('int', 0, { description: 'bytes that are left out' }) },
    summary: 'Read a log from a byte on: raw text behind a blank',
  }),
  upload_cache_file: defineFunction({
    module,
    name: 'upload_cache_file',
    methods: ['POST'],
    access: 'secure',
    parameters: { file },
    summary: 'Upload a sandbox',
    records: ['CacheFileStored', 'CacheFileTouched'],
  }),
  touch_cache_file: defineFunction({
    module,
    name: 'touch_cache_file',
    methods: ['POST'],
    access: 'secure',
    parameters: { file_name: required('str') },
    summary: 'Let a cache file live longer',
    records: ['CacheFileTouched'],
  }),
  delete_cache_file: defineFunction({
    module,
    name: 'delete_cache_file',
    methods: ['POST'],
    access: 'secure',
    parameters: { file_name: required('str') },
    summary: 'Does nothing: cache files expire by themselves',
  }),
  register_cache_file: defineFunction({
    module,
    name: 'register_cache_file',
    methods: ['POST'],
    access: 'production',
    parameters: {
      user_name: required('str'),
      file_name: required('str'),
      file_size: required('int'),
      checksum: required('str', { accepts: digits }),
    },
    summary: 'Register a sandbox for reuse',
    records: ['CacheFileRegistered'],
  }),
  validate_cache_file: defineFunction({
    module,
    name: 'validate_cache_file',
    methods: ['GET', 'POST'],
    access: 'secure',
    parameters: { file_size: required('int'), checksum: required('str', { accepts: digits }) },
    summary: 'Find an own sandbox of the last three days by its content: the message is FOUND:host:file',
  }),
  upload_hpo_checkpoint: defineFunction({
    module,
    name: 'upload_hpo_checkpoint',
    methods: ['POST'],
    access: 'secure',
    otherPaths: ['/file_server/upload_hpo_checkpoint'],
    parameters: { file },
    summary: 'Upload a checkpoint of hyperparameter optimization, in a file named <task>_<sub>',
    data: { type: ['string', 'null'], description: 'its name in the cache' },
    records: ['CacheFileStored'],
  }),
  delete_hpo_checkpoint: defineFunction({
    module,
    name: 'delete_hpo_checkpoint',
    methods: ['POST'],
    access: 'secure',
    otherPaths: ['/file_server/delete_hpo_checkpoint'],
    parameters: { task_id: required('str'), sub_id: required('str') },
    summary: 'Delete a checkpoint of hyperparameter optimization',
    records: ['CacheFileDeleted'],
  }),
  upload_file_recovery_request: defineFunction({
    module,
    name: 'upload_file_recovery_request',
    methods: ['POST'],
    access: 'secure',
    owner: 'task_id',
    parameters: {
      task_id: optional('int', null),
      dry_run: optional('bool', null),
      dataset: optional('str', null),
      files: optional('List[str]', null),
      no_child_retry: optional('bool', true),
      resurrect_datasets: optional('bool', false),
      force: optional('bool', false),
      reproduce_parent: optional('bool', false),
      reproduce_upto_nth_gen: optional('int', 0),
    },
    summary: 'Ask operators to recover lost files',
    data: { type: ['object', 'null'], properties: { logFileURL: { type: 'string' } } },
    records: ['OperatorRequestMade', 'CacheFileStored'],
  }),
  upload_workflow_request: defineFunction({
    module,
    name: 'upload_workflow_request',
    methods: ['POST'],
    access: 'secure',
    parameters: {
      data: required('str', { description: 'JSON text' }),
      dry_run: optional('bool', false),
      sync: optional('bool', false),
    },
    summary: 'Ask operators to run a workflow',
    records: ['OperatorRequestMade'],
  }),
  upload_event_picking_request: defineFunction({
    module,
    name: 'upload_event_picking_request',
    methods: ['POST'],
    access: 'secure',
    bodyLimit: {
      bytes: RUN_LIST_BYTES_MAX,
      message: (contentLength) => `ERROR: ${runListTooLarge(contentLength)}`,
    },
    parameters: {
      run_event_list: optional('str', ''),
      data_type: optional('str', ''),
      stream_name: optional('str', ''),
      dataset_name: optional('str', ''),
      ami_tag: optional('str', ''),
      user_dataset_name: optional('str', ''),
      locked_by: optional('str', ''),
      parameters: optional('str', ''),
      input_file_list: optional('str', ''),
      n_sites: optional('str', ''),
      user_task_name: optional('str', ''),
      ei_api: optional('str', ''),
      include_guids: optional('bool', false),
    },
    summary: 'Ask operators to pick events',
    records: ['OperatorRequestMade'],
  }),
};
