import { defineFunction, defineLegacy, optional, required } from '../protocol/function.js';

const module = 'pilot';

const text = optional('str', null);
const number = optional('int', null);

/** Functions of `pilot` about the workers that pilots run in (PanDA contract 6.7). */
export const workerFunctions = {
  update_worker_status: defineFunction({
    module,
    name: 'update_worker_status',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      worker_id: required('untyped'),
      harvester_id: required('untyped'),
      status: required('untyped'),
      timeout: optional('untyped', null),
      node_id: optional('untyped', null),
    },
    records: ['PilotReported'],
    summary: 'Tell that the pilot of a worker has started or finished',
  }),
  update_worker_node: defineFunction({
    module,
    name: 'update_worker_node',
    methods: ['POST'],
    otherPaths: ['/server/panda/api/v1/pilot/update_worker_node'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      site: required('str'),
      host_name: required('str'),
      cpu_model: required('str'),
      panda_queue: text,
      n_logical_cpus: number,
      n_sockets: number,
      cores_per_socket: number,
      threads_per_core: number,
      cpu_architecture: text,
      cpu_architecture_level: text,
      clock_speed: optional('float', null, { description: 'MHz' }),
      total_memory: optional('int', null, { description: 'MB' }),
      total_local_disk: optional('int', null, { description: 'GB' }),
      timeout: optional('int', 60),
    },
    records: ['WorkerNodeSeen'],
    summary: 'Tell of the node that a pilot runs on',
  }),
  update_worker_node_gpu: defineFunction({
    module,
    name: 'update_worker_node_gpu',
    methods: ['POST'],
    otherPaths: ['/server/panda/api/v1/pilot/update_worker_node_gpu'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      site: required('str'),
      host_name: required('str'),
      vendor: required('str'),
      model: required('str'),
      count: required('int'),
      vram: number,
      architecture: text,
      framework: text,
      framework_version: text,
      driver_version: text,
      timeout: optional('int', 60),
    },
    records: ['WorkerNodeGpuSeen'],
    summary: 'Tell of a GPU of the node that a pilot runs on',
  }),
};

/** PanDA contract 12. */
export const workerLegacy = {
  updateWorkerPilotStatus: defineLegacy({
    module,
    name: 'updateWorkerPilotStatus',
    methods: ['POST'],
    access: 'production',
    acceptsPilots: true,
    parameters: {
      site: optional('str', null),
      workerID: required('str'),
      harvesterID: required('str'),
      status: required('str'),
      timeout: optional('int', 60),
      node_id: text,
    },
    records: ['PilotReported'],
    summary: 'Tell that the pilot of a worker has started or finished',
  }),
};
