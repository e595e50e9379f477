// Sizes in bytes and durations in milliseconds, by their usual names.

export const KiB = 1 << 10;
export const MiB = 1 << 20;
export const GiB = 1 << 30;
export const second = 1000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const day = 24 * hour;
