import type { ExpectAnswer } from '../../exact-answers.js';
import { aRevision, carriedOut, documentIn, idOf, keyOf, list, ok, refused, revisionOf, without } from '../answers.js';
import { SAMPLES } from '../collections.js';
import type { TorcClient } from '../torc-client.js';
import { newWorkflow } from '../workflow.js';

/** Every route of every collection: contract 2, 6.1. */
export const collections = (torc: () => TorcClient, expectAnswer: ExpectAnswer): void => {
  it.each(SAMPLES)('$collection are stored with defaults, read, written and deleted', async (sample) => {
    const { collection, least, defaults, whole } = sample;
    const workflow = await newWorkflow(torc());
    const at = `/${collection}`;
    const one = await workflow.post(at, least);
    expectAnswer(one, ok(workflow.stored(collection, { ...least, ...defaults })));
    const other = await workflow.post(at, whole);
    expectAnswer(other, ok(workflow.stored(collection, whole)));
    const [first, second] = [documentIn(one), documentIn(other)];
    expect(keyOf(second)).not.toBe(keyOf(first));
    expectAnswer(await workflow.get(at), list([first, second]));
    expectAnswer(await workflow.get(`${at}/${keyOf(first)}`), one);
    expectAnswer(await workflow.get(`${at}/${encodeURIComponent(idOf(second))}`), other);

    // PUT: the whole document, an unchanged one too, with a new revision each time.
    const path = `${at}/${keyOf(second)}`;
    const written = await workflow.put(path, second);
    expectAnswer(written, ok({ ...second, _rev: aRevision }));
    expect(revisionOf(documentIn(written))).not.toBe(revisionOf(second));
    expectAnswer(await workflow.get(path), written);
    expectAnswer(await workflow.put(path, second), written, 'a repeat');
    const again = await workflow.put(path, documentIn(written));
    expectAnswer(again, ok({ ...second, _rev: aRevision }));
    const current = documentIn(again);
    expect(new Set([second, documentIn(written), current].map(revisionOf)).size).toBe(3);
    expectAnswer(await workflow.put(path, documentIn(written)), again, 'a repeat');
    expectAnswer(await workflow.put(path, second), refused(409), 'a repeat of what others have written over');
    expectAnswer(await workflow.put(path, without(current, '_rev')), refused(400));
    expectAnswer(await workflow.put(path, without(current, '_key')), refused(400));
    expectAnswer(await workflow.put(path, { ...current, _key: keyOf(first) }), refused(400));
    expectAnswer(await workflow.put(path, { ...current, _id: idOf(first) }), refused(400));
    expectAnswer(await workflow.put(`${at}/nobodys`, { ...without(current, '_id'), _key: 'nobodys' }), refused(404));
    const same = await workflow.put(`${at}/${encodeURIComponent(idOf(second))}`, without(current, '_id'));
    expectAnswer(same, ok({ ...second, _rev: aRevision }), 'the full id in the path, none in the body');

    // DELETE
    expectAnswer(await workflow.delete(`${at}/nobodys`), refused(404));
    expectAnswer(await workflow.delete(path), same);
    expectAnswer(await workflow.get(path), refused(404));
    expectAnswer(await workflow.put(path, documentIn(same)), refused(404));
    expectAnswer(await workflow.get(at), list([first]));
    await workflow.added(collection, whole);
    expectAnswer(await workflow.delete(at, {}), carriedOut);
    expectAnswer(await workflow.get(at), list([]));
    expectAnswer(await workflow.get(`${at}/${keyOf(first)}`), refused(404));
    for (const answer of [
      await workflow.torc.get(`/workflows/nobodys${at}`),
      await workflow.torc.post(`/workflows/nobodys${at}`, least),
      await workflow.torc.delete(`/workflows/nobodys${at}`),
      await workflow.torc.get(`/workflows/nobodys${at}/1`),
      await workflow.torc.put(`/workflows/nobodys${at}/1`, { ...without(second, '_id'), _key: '1' }),
      await workflow.torc.delete(`/workflows/nobodys${at}/1`),
    ]) {
      expectAnswer(answer, refused(404));
    }
  });

  it.each(SAMPLES)(
    '$collection refuse what they cannot hold',
    async ({ collection, least, whole, wrong, required }) => {
      const workflow = await newWorkflow(torc());
      const stored = await workflow.added(collection, whole);
      const path = `/${collection}/${keyOf(stored)}`;
      for (const fields of wrong) {
        const what = JSON.stringify(fields);
        expectAnswer(await workflow.post(`/${collection}`, { ...least, ...fields }), refused(400), `POST ${what}`);
        if ('input_files' in fields) continue;
        expectAnswer(await workflow.put(path, { ...stored, ...fields }), refused(400), `PUT ${what}`);
      }
      for (const name of required) {
        expectAnswer(await workflow.post(`/${collection}`, without(least, name)), refused(400), `without ${name}`);
      }
      for (const body of [...(required.length > 0 ? [''] : []), '[]', '"x"', '1', 'null', '{', '{"a":']) {
        expectAnswer(await workflow.torc.send('POST', workflow.at(`/${collection}`), body), refused(400), body);
      }
      expectAnswer(await workflow.get(`/${collection}`), list([stored]));
    },
  );

  it.each(SAMPLES)('$collection are filtered by their fields', async ({ collection, least, whole, filters }) => {
    const workflow = await newWorkflow(torc());
    const [first, second] = [await workflow.added(collection, least), await workflow.added(collection, whole)];
    for (const [name, value] of Object.entries<unknown>({ ...filters, _key: keyOf(second) })) {
      const query = `${name}=${encodeURIComponent(String(value))}`;
      expectAnswer(await workflow.get(`/${collection}?${query}`), list([second]), query);
      if (name === '_key') continue;
      expectAnswer(await workflow.get(`/${collection}?${query}&_key=${keyOf(first)}`), list([]), `${query}, another`);
    }
    const all = Object.entries(filters).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    expectAnswer(await workflow.get(`/${collection}?${all.join('&')}`), list([second]));
    expectAnswer(await workflow.get(`/${collection}?no_such_filter=1`), list([first, second]));
  });
};
