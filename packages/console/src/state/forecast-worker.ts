// The worker in which losses are simulated, so that the page goes on meanwhile.

import { forecast } from './forecast.ts';
import type { ForecastQuestion } from './forecaster.ts';

onmessage = ({ data }: MessageEvent<ForecastQuestion>) => postMessage(forecast(data, () => performance.now()));
