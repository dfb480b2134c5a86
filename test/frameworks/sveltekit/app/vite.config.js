import { sveltekit } from '@sveltejs/kit/vite'

const config = { plugins: [sveltekit()] }

export { config as default }
