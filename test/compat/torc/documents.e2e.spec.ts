import { MODES } from '../../harness/cairn-process.js';
import { ExactAnswers } from '../exact-answers.js';
import { collections } from './documents/collections.js';
import { edges } from './documents/edges.js';
import { lists } from './documents/lists.js';
import { requests } from './documents/requests.js';
import { values } from './documents/values.js';
import { writing } from './documents/writing.js';
import { useTorc } from './use-torc.js';

/** The documents of Torc's workflows and how they are asked for (contract 1 to 3, 6.1, 6.2). */
describe.each(MODES)('documents of Torc ($mode)', (mode) => {
  const { torc, otherAddress } = useTorc(mode);
  const { expectAnswer } = new ExactAnswers();

  requests(torc, otherAddress, expectAnswer);
  collections(torc, expectAnswer);
  edges(torc, expectAnswer);
  lists(torc, expectAnswer);
  writing(torc, expectAnswer);
  values(torc, expectAnswer);
});
