/*
 * metrics.js - the text of /metrics as figures.
 *
 * Only what the pages show is read out of it; the names are those that monitors read, so nothing is
 * counted twice. parseMetrics() gives {name, labels, value}; figuresOf() what monitor.js draws.
 */
const LINE = /^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?\s+(\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseMetrics(text) {
  const rows = [];
  for (const line of text.split("\n")) {
    const found = LINE.exec(line);
    if (!found) continue;
    const labels = {};
    for (const [, key, value] of (found[2] ?? "").matchAll(LABEL)) labels[key] = value;
    rows.push({ name: found[1], labels, value: Number(found[3]) });
  }
  return rows;
}

const PREFIX = "larder_http_request";

function routesOf(rows) {
  const routes = new Map();
  const at = ({ method, route }) => {
    const key = `${method} ${route}`;
    if (!routes.has(key)) routes.set(key, { id: key, count: 0, failed: 0, seconds: 0 });
    return routes.get(key);
  };
  for (const { name, labels, value } of rows) {
    if (name === `${PREFIX}s_total`) {
      at(labels).count += value;
      if (labels.status.startsWith("5")) at(labels).failed += value;
    } else if (name === `${PREFIX}_seconds_sum`) at(labels).seconds += value;
  }
  return [...routes.values()].filter((one) => one.count > 0);
}

/* le -> requests not slower, of all routes together. */
function bucketsOf(rows) {
  const buckets = new Map();
  for (const { name, labels, value } of rows) {
    if (name !== `${PREFIX}_seconds_bucket`) continue;
    const le = labels.le === "+Inf" ? Infinity : Number(labels.le);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  return buckets;
}

export function figuresOf(text) {
  const rows = parseMetrics(text);
  const one = (name) => rows.find((row) => row.name === name)?.value ?? 0;
  const routes = routesOf(rows);
  return {
    at: Date.now() / 1000,
    routes,
    buckets: bucketsOf(rows),
    requests: routes.reduce((sum, route) => sum + route.count, 0),
    failed: routes.reduce((sum, route) => sum + route.failed, 0),
    memory: one("process_resident_memory_bytes"),
    files: one("process_open_fds"),
    inFlight: one("larder_http_in_flight"),
    streams: one("larder_event_streams"),
    jobs: one("larder_jobs_queued") + one("larder_jobs_running"),
    commits: one("larder_store_commits_total"),
    startedAt: one("process_start_time_seconds"),
  };
}

/* The time that `part` of the requests between two looks stayed below, in milliseconds; null = none. */
export function quantile(before, after, part) {
  const steps = [...after.buckets].map(([le, n]) => [le, n - (before?.buckets.get(le) ?? 0)]).sort((a, b) => a[0] - b[0]);
  const all = steps.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  const le = steps.find(([, n]) => n >= part * all)[0];
  return (le === Infinity ? (steps.at(-2)?.[0] ?? 0) : le) * 1000;
}
