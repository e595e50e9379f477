// Starts the page.

import { mount } from 'svelte';
import App from './App.svelte';
import './style/base.css';
import './style/stops.css';
import './style/tables.css';

mount(App, { target: document.querySelector('#app') as HTMLElement });
