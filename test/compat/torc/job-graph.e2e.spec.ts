import { MODES } from '../../harness/cairn-process.js';
import { ExactAnswers } from '../exact-answers.js';
import { additions } from './job-graph/additions.js';
import { operations } from './job-graph/operations.js';
import { specifications } from './job-graph/specifications.js';
import { statusMachine } from './job-graph/status-machine.js';
import { workedCases } from './job-graph/worked-cases.js';
import { useTorc } from './use-torc.js';

/** What happens to the jobs of Torc's workflows (contract 4, 5). */
describe.each(MODES)('the job graph of Torc ($mode)', (mode) => {
  const { torc } = useTorc(mode);
  const { expectAnswer } = new ExactAnswers();

  workedCases(torc, expectAnswer);
  statusMachine(torc, expectAnswer);
  operations(torc, expectAnswer);
  specifications(torc, expectAnswer);
  additions(torc, expectAnswer);
});
