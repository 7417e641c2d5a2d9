import { MODES } from '../../harness/cairn-process.js';
import { type PandaClient, type Envelope, refused } from './panda-client.js';
import { usePanda } from './use-panda.js';

type Type =
  'str' | 'int' | 'bool' | 'list' | 'dict' | 'List[int]' | 'List[str]' | 'untyped' | 'str or list' | 'int or str';

/** A function as contract 6 describes it, and nothing of the gateway. */
interface Row {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly production: boolean;
  /** Required ones, in the order of their declaration. */
  readonly parameters: readonly (readonly [name: string, type: Type])[];
  /** Unknown ones are refused. */
  readonly isStrict: boolean;
}

const row = (text: string): Row => {
  const [method = '', path = '', access = '', ...parameters] = text.split(' ');
  return {
    method: method === 'GET' ? 'GET' : 'POST',
    path,
    production: access.startsWith('production'),
    isStrict: !access.endsWith('lenient'),
    parameters: parameters.map((parameter) => {
      const [name = '', type = ''] = parameter.split(':');
      // Written by hand below.
      return [name, type.replaceAll('_', ' ') as Type] as const;
    }),
  };
};

const ROWS: readonly Row[] = [
  'POST creds/set_user_secrets secure',
  'GET creds/get_user_secrets secure',
  'GET creds/get_key_pair secure public_key_name:str private_key_name:str',
  'GET creds/get_proxy secure',
  'GET creds/get_access_token secure client_name:str',
  'GET creds/get_token_key secure client_name:str',
  'GET event/get_available_event_range_count production job_id:int jobset_id:int task_id:int',
  'GET event/get_event_range_statuses secure job_task_ids:str',
  'POST event/acquire_event_ranges production job_id:int jobset_id:int',
  'POST event/update_single_event_range production event_range_id:str event_range_status:str',
  'POST event/update_event_ranges production event_ranges:str_or_list',
  'POST file_server/touch_cache_file secure file_name:str',
  'POST file_server/delete_cache_file secure file_name:str',
  'POST file_server/register_cache_file production user_name:str file_name:str file_size:int checksum:str',
  'POST file_server/validate_cache_file secure file_size:int checksum:int_or_str',
  'POST file_server/delete_hpo_checkpoint secure task_id:str sub_id:str',
  'POST file_server/upload_workflow_request secure data:str',
  'GET file_server/download_jedi_log secure log_name:str',
  'POST harvester/update_workers secure harvester_id:str workers:list',
  'POST harvester/update_service_metrics secure harvester_id:str metrics:list',
  'POST harvester/add_dialogs secure harvester_id:str dialogs:list',
  'POST harvester/heartbeat secure harvester_id:str',
  'GET harvester/get_current_worker_id secure harvester_id:str',
  'GET harvester/get_worker_statistics secure',
  'POST harvester/report_worker_statistics secure harvester_id:str panda_queue:str statistics:str',
  'POST harvester/acquire_commands production harvester_id:str n_commands:int',
  'POST harvester/acknowledge_commands production command_ids:list',
  'POST harvester/add_target_slots production panda_queue:str slots:int',
  'GET job/get_status secure job_ids:List[int]',
  'GET job/get_description secure job_ids:List[int]',
  'POST job/get_description secure job_ids:List[int]',
  'GET job/get_description_incl_archive secure job_ids:List[int]',
  'GET job/generate_offline_execution_script secure job_id:int',
  'GET job/get_metadata_for_analysis_jobs secure task_id:int',
  'POST job/kill secure job_ids:List[int]',
  'POST job/reassign secure job_ids:List[int]',
  'POST job/set_command production job_id:int command:str',
  'POST job/set_debug_mode production job_id:int mode:bool',
  'POST job/submit secure jobs:str',
  'GET metaconfig/get_banned_users secure',
  'GET metaconfig/get_site_specs secure',
  'GET metaconfig/get_resource_types production',
  'POST pilot/acquire_jobs secure-lenient site_name:str',
  'GET pilot/get_job_status secure job_ids:List[int]',
  'POST pilot/update_job production job_id:int job_status:str',
  'POST pilot/update_jobs_bulk production job_list:list',
  'POST pilot/update_worker_status production worker_id:untyped harvester_id:untyped status:untyped',
  'POST pilot/update_worker_node production site:str host_name:str cpu_model:str',
  'POST pilot/update_worker_node_gpu production site:str host_name:str vendor:str model:str count:int',
  'GET statistics/job_stats_by_cloud secure',
  'GET statistics/production_job_stats_by_cloud_and_processing_type secure',
  'GET statistics/active_job_stats_by_site secure',
  'GET statistics/active_job_detailed_stats_by_site secure',
  'GET statistics/job_stats_by_site_and_resource_type secure',
  'GET statistics/job_stats_by_site_share_and_resource_type secure',
  'GET system/get_user_attributes secure',
  'GET system/get_voms_attributes secure',
  'POST task/retry secure task_id:int',
  'POST task/resume production task_id:int',
  'POST task/release production task_id:int',
  'POST task/pause production task_id:int',
  'POST task/avalanche production task_id:int',
  'POST task/reassign secure task_id:int',
  'POST task/kill secure task_id:int',
  'POST task/kill_unfinished_jobs secure task_id:int',
  'POST task/finish secure task_id:int',
  'POST task/reload_input secure task_id:int',
  'POST task/reactivate production task_id:int',
  'POST task/enable_jumbo_jobs production task_id:int jumbo_jobs_total:int',
  'GET task/get_jumbo_job_datasets secure from_offset:int',
  'POST task/enable_job_cloning production jedi_task_id:int',
  'POST task/disable_job_cloning production jedi_task_id:int',
  'POST task/increase_attempts production task_id:int increase:int',
  'GET task/get_status secure task_id:untyped',
  'GET task/get_details secure task_id:int',
  'POST task/change_attribute production task_id:int attribute_name:str value:int',
  'POST task/change_priority production task_id:int priority:int',
  'GET task/get_tasks_modified_since secure since:str',
  'GET task/get_datasets_and_files secure task_id:untyped',
  'GET task/get_job_ids secure task_id:int',
  'POST task/submit secure task_parameters:dict',
  'GET task/get_task_parameters secure task_id:int',
  'GET task/get_tasks_detailed_info_since secure',
  'GET task/get_detailed_info secure task_id:int',
  'GET task/get_parent_detailed_info secure task_id:int',
  'GET task/get_job_descriptions secure task_id:int',
  'POST task/reassign_global_share production task_id_list:List[int] share:str reassign_running_jobs:bool',
  'POST idds/relay_idds_command secure command_name:str',
  'POST workflow/submit_workflow_raw_request secure params:dict',
  'POST workflow/submit_workflow secure workflow_definition:dict',
].map(row);

/** A value of each type, in JSON and in a query. */
const GOOD: Readonly<Record<Type, readonly [json: unknown, text: string]>> = {
  str: ['x', 'x'],
  int: [1, '1'],
  bool: [true, 'true'],
  list: [[], 'x'],
  dict: [{ a: 1 }, '{"a":1}'],
  'List[int]': [[1], '1'],
  'List[str]': [['x'], 'x'],
  untyped: ['x', 'x'],
  'str or list': ['[]', '[]'],
  'int or str': [1, '1'],
};

/** A value that the type does not take, and what is said about it. */
const BAD: Partial<Readonly<Record<Type, readonly [json: unknown, said: string]>>> = {
  str: [1, 'must be of type str, got int.'],
  int: ['1', 'must be of type int, got str.'],
  bool: ['true', 'must be of type bool, got str.'],
  list: [{}, 'must be of type list, got dict.'],
  'List[int]': ['1', 'must be of type list, got str.'],
};

const send = (
  { method, path }: Row,
  client: PandaClient,
  values: Readonly<Record<string, unknown>>,
): Promise<Envelope> =>
  method === 'POST'
    ? client.post(path, values)
    : client.get(path, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)])));

/** Contract 1.2 and 1.6: the guards of every function, in their order, in exactly their words. */
describe.each(MODES)('guards ($mode)', (mode) => {
  const { user, production, anonymous } = usePanda(mode);

  it.each(ROWS.map((each) => [`${each.method} ${each.path}`, each] as const))('of %s', async (_name, each) => {
    const { method, path, parameters, isStrict } = each;
    const good = (count = parameters.length): Record<string, unknown> =>
      Object.fromEntries(
        parameters.slice(0, count).map(([name, type]) => [name, GOOD[type][method === 'POST' ? 0 : 1]]),
      );
    expect(await send(each, anonymous(), good())).toEqual(refused('SSL secure connection is required'));
    if (each.production) {
      expect(await send(each, user(), {})).toEqual(refused('production or pilot role required'));
    }
    const wrong = await production().send('DELETE', `/api/v1/${path}`, '{}');
    expect([wrong.status, JSON.parse(wrong.text)]).toEqual([
      200,
      refused(
        expect.stringMatching(new RegExp(`^expecting (?:GET\\|)?${method}(?:\\|POST)?, received DELETE$`)) as string,
      ),
    ]);
    for (const [index, [name]] of parameters.entries()) {
      const values = { ...good(index), zzz: 'x' };
      expect(await send(each, production(), values)).toEqual(
        refused(`Argument error: missing a required argument: '${name}'`),
      );
    }
    if (isStrict) {
      expect(await send(each, production(), { ...good(), zzz: 'x' })).toEqual(
        refused("Argument error: got an unexpected keyword argument 'zzz'"),
      );
    }
    for (const [name, type] of parameters) {
      const bad = BAD[type];
      if (method === 'POST' && bad !== undefined && path !== 'pilot/acquire_jobs') {
        expect(await send(each, production(), { ...good(), [name]: bad[0] })).toEqual(
          refused(`Type error: '${name}' ${bad[1]}`),
        );
      }
      if (method === 'GET' && type === 'int') {
        expect(await send(each, production(), { ...good(), [name]: 'x' })).toEqual(
          refused(`Type error: '${name}' with value 'x' could not be casted to type int from str.`),
        );
      }
    }
  });

  it('let nobody pass whose body is no JSON', async () => {
    for (const body of ['{', '[1]', '"x"', 'x']) {
      const { status, text, headers } = await production().send('POST', '/api/v1/task/kill', body, {
        'content-type': 'application/json',
      });
      expect([status, headers['content-type'], text]).toEqual([
        500,
        'text/plain; charset=utf-8',
        expect.stringMatching(/^ERROR : received invalid JSON : /),
      ]);
    }
  });

  it('are answered at every base, and PUT counts as POST', async () => {
    for (const base of ['/api/v1', '/api/latest', '/server/panda/api/v1']) {
      for (const method of ['POST', 'PUT']) {
        const { status, text } = await production().send(method, `${base}/task/kill`, '{"task_id":99}', {
          'content-type': 'application/json; charset=utf-8',
        });
        expect([status, text]).toEqual([200, '{"success":false,"message":"jediTaskID=99 not found","data":2}']);
      }
    }
    for (const path of ['/api/v1/task/kill/', '/api/v1/task/kill/1', '/api/v2/task/kill', '/api/v1/TASK/kill']) {
      const { status, text } = await production().send('POST', path, '{"task_id":99}');
      expect([status, text]).toEqual([403, 'ERROR : method kill is forbidden']);
    }
  });
});
