// The door of the daemon as a library: start one in this process, with its options and errors.

export { Daemon, type DaemonAddresses } from './daemon.ts';
export { DAEMON_ERRORS, type DaemonErrorCode, StartError } from './errors.ts';
export { METRICS, type Metric, PREFIX as METRICS_PREFIX } from './http/metric-table.ts';
export { type Configuration, GROUPS, loadConfiguration, OPTIONS } from './options/index.ts';
