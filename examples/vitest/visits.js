// What is tested: visits a day, forgotten after a week.

const WEEK_SECONDS = 7 * 24 * 60 * 60;

/** Counts a visit of a page on a day, and answers how many there were. */
export async function visit(redis, page, day) {
  const key = `visits:${page}:${day}`;
  const [visits] = await redis.multi().call("INCR", key).call("EXPIRE", key, WEEK_SECONDS).exec();
  return visits;
}
