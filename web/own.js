/*
 * own.js - what somebody has just changed here wins over what was read before the change had ended.
 *
 * A switch acts at once, and lists are read again whenever something happens elsewhere. An answer
 * that was on its way meanwhile still tells of the time before: it must not put the switch back, not
 * even for a moment. changing(id, work) notes that `id` is being changed until `work` has ended;
 * newerThan(moment) names all that an answer to a request of that moment may not know of yet. The
 * moments are those of performance.now(). It holds no values: what is shown, the views know.
 */
const changes = new Map(); // id -> {open: how many are under way, ended: when the last one had}

export async function changing(id, work) {
  const mine = changes.get(id) ?? { open: 0, ended: 0 };
  changes.set(id, mine);
  mine.open++;
  try {
    return await work();
  } finally {
    mine.open--;
    mine.ended = performance.now();
  }
}

export const newerThan = (moment) => new Set([...changes].filter(([, one]) => one.open > 0 || one.ended >= moment).map(([id]) => id));
