import { defineLegacy, optional, required } from '../protocol/function.js';
import { runListTooLarge } from './file-server.functions.js';
import { RUN_LIST_BYTES_MAX } from './size-limits.js';

const module = 'file_server';

const file = required('file');

/** PanDA contract 12. */
export const fileServerLegacy = {
  putFile: defineLegacy({
    module,
    name: 'putFile',
    methods: ['POST'],
    access: 'secure',
    refusal: 'text',
    parameters: { file },
    summary: 'Upload a sandbox',
    records: ['CacheFileStored', 'CacheFileTouched'],
  }),
  updateLog: defineLegacy({
    module,
    name: 'updateLog',
    methods: ['POST'],
    access: 'secure',
    refusal: 'text',
    parameters: { file },
    summary: 'Make a log longer by content that is compressed with zlib',
    records: ['CacheFileAppended'],
  }),
  putEventPickingRequest: defineLegacy({
    module,
    name: 'putEventPickingRequest',
    methods: ['POST'],
    access: 'secure',
    refusal: 'text',
    bodyLimit: {
      bytes: RUN_LIST_BYTES_MAX,
      message: (contentLength) => `ERROR : ${runListTooLarge(contentLength)}`,
    },
    parameters: {
      runEventList: optional('str', ''),
      eventPickDataType: optional('str', ''),
      eventPickStreamName: optional('str', ''),
      eventPickDS: optional('str', ''),
      eventPickAmiTag: optional('str', ''),
      userDatasetName: optional('str', ''),
      lockedBy: optional('str', ''),
      params: optional('str', ''),
      inputFileList: optional('str', ''),
      eventPickNumSites: optional('str', ''),
      userTaskName: optional('str', ''),
      ei_api: optional('str', ''),
      giveGUID: optional('bool', false),
    },
    summary: 'Ask operators to pick events',
    records: ['OperatorRequestMade'],
  }),
  put_workflow_request: defineLegacy({
    module,
    name: 'put_workflow_request',
    methods: ['POST'],
    access: 'secure',
    refusal: 'tuple',
    parameters: { data: required('str'), check: optional('bool', false), sync: optional('bool', false) },
    summary: 'Ask operators to run a workflow',
    records: ['OperatorRequestMade'],
  }),
  put_file_recovery_request: defineLegacy({
    module,
    name: 'put_file_recovery_request',
    methods: ['POST'],
    access: 'secure',
    refusal: 'tuple',
    owner: 'jediTaskID',
    parameters: { jediTaskID: required('int'), dryRun: optional('bool', null) },
    summary: 'Ask operators to recover lost files',
    records: ['OperatorRequestMade', 'CacheFileStored'],
  }),
  put_checkpoint: defineLegacy({
    module,
    name: 'put_checkpoint',
    methods: ['POST'],
    access: 'secure',
    refusal: 'json',
    parameters: { file },
    summary: 'Upload a checkpoint of hyperparameter optimization',
    records: ['CacheFileStored'],
  }),
  delete_checkpoint: defineLegacy({
    module,
    name: 'delete_checkpoint',
    methods: ['POST'],
    access: 'secure',
    refusal: 'json',
    parameters: { task_id: required('str'), sub_id: required('str') },
    summary: 'Delete a checkpoint of hyperparameter optimization',
    records: ['CacheFileDeleted'],
  }),
};
