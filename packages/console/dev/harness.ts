import { mount } from 'svelte';
import '../src/style/tokens.css';
import Harness from './Harness.svelte';
mount(Harness, { target: document.getElementById('app') as HTMLElement });
